"""What every camera of the registry keeps to."""

import builtins
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from agent.cameras.camera import Camera
from agent.cameras.registry import CAMERAS
from agent.clock import SystemClock
from agent.errors import CameraError
from agent.settings.camera import CameraTable, Kind
from tests.agent.cameras.pi import Pi


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Camera]:
    """Makes a camera of a kind; it has a picture, or a folder with two of them, where it needs one."""

    def make(kind: Kind, **keys: Any) -> Camera:
        paths = {"folder": tmp_path / "pictures", "still": tmp_path / "pictures" / "a.jpg"}
        table = CameraTable.model_validate({"kind": kind, "path": paths.get(kind)} | keys)
        return CAMERAS[kind](table, SystemClock(), np.random.default_rng(0))

    return make


@pytest.fixture
def pictures(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for name, size in (("a.jpg", (50, 30)), ("b.png", (30, 50))):
        Image.new("RGB", size, (200, 100, 50)).save(tmp_path / "pictures" / name)


@pytest.fixture(params=CAMERAS)
def camera(request, make, pictures, mocker) -> Camera:
    Pi().install(mocker)
    return make(request.param)


def test_the_registry_has_every_kind_that_can_be_set():
    assert set(CAMERAS) == set(get_args(Kind))


def test_a_card_is_plain_or_a_gradient(make):
    colors = {}
    for kind in ("color", "gradient"):
        camera = make(kind)
        camera.open()
        colors[kind] = len(np.unique(camera.capture(timeout_s=5).pixels.reshape(-1, 3), axis=0))
    assert colors["color"] == 1
    assert colors["gradient"] > 100


def test_frames_are_pictures_in_colour_with_their_time(camera):
    camera.open()
    frames = [camera.capture(timeout_s=5) for _ in range(3)]
    camera.close()
    for frame in frames:
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.ndim == 3
        assert frame.pixels.shape[2] == 3
        assert frame.pixels.flags.c_contiguous
    times = [frame.time_unix_ns for frame in frames]
    assert times == sorted(times)
    assert times[0] > 1_700_000_000 * 10**9


def test_a_frame_stays_as_it_was_when_the_next_one_comes(camera):
    camera.open()
    first = camera.capture(timeout_s=5)
    kept = first.pixels.copy()
    camera.capture(timeout_s=5)
    camera.close()
    assert (first.pixels == kept).all()


def test_a_capture_needs_an_open_camera(camera):
    with pytest.raises(CameraError, match="call open first"):
        camera.capture(timeout_s=1)
    camera.open()
    camera.close()
    with pytest.raises(CameraError, match="call open first"):
        camera.capture(timeout_s=1)


def test_it_can_be_closed_at_any_time_and_twice(camera):
    camera.close()
    camera.open()
    camera.close()
    camera.close()


def test_it_can_be_opened_again_after_it_was_closed(camera):
    for _ in range(3):
        camera.open()
        assert camera.capture(timeout_s=5).pixels.size
        camera.close()


@pytest.mark.parametrize("size", [(64, 48), (48, 64), (1280, 720)])
@pytest.mark.parametrize("kind", CAMERAS)
def test_frames_have_the_size_that_is_set(kind, size, make, pictures, mocker):
    Pi().install(mocker)
    camera = make(kind, size=f"{size[0]}x{size[1]}")
    camera.open()
    for _ in range(2):
        assert camera.capture(timeout_s=5).pixels.shape == (size[1], size[0], 3)
    camera.close()


@pytest.mark.parametrize("kind", CAMERAS)
def test_making_one_touches_no_file_and_no_hardware(kind, make, mocker):
    mocker.patch.dict(sys.modules, {"picamera2": None})
    touched = [
        mocker.spy(builtins, "open"),
        *(mocker.spy(os, name) for name in ("open", "stat", "listdir", "scandir")),
    ]
    make(kind).close()
    assert sum(spy.call_count for spy in touched) == 0


def test_that_what_a_camera_needs_is_missing_is_told_when_it_is_opened(make, mocker):
    mocker.patch.dict(sys.modules, {"picamera2": None})
    for kind in ("picamera2", "folder", "still"):
        camera = make(kind)
        with pytest.raises(CameraError, match="cannot be"):
            camera.open()
        camera.close()
