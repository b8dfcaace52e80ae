import numpy as np
import pytest
from PIL import Image

from agent.cameras.steady import color, gradient, still
from agent.clock import FakeClock
from agent.errors import CameraError
from agent.settings.camera import CameraTable

RNG = np.random.default_rng(0)


@pytest.fixture
def path(tmp_path):
    Image.new("RGB", (32, 16), (1, 2, 3)).save(tmp_path / "a.png")
    return tmp_path / "a.png"


@pytest.mark.parametrize("make", [still, color, gradient])
def test_every_frame_is_the_same_array_with_a_time_of_its_own(path, make):
    clock = FakeClock()
    camera = make(CameraTable(kind=make.__name__, path=path if make is still else None), clock, RNG)
    camera.open()
    first = camera.capture(1)
    clock.advance(5)
    second = camera.capture(1)
    assert first.pixels is second.pixels
    assert second.time_unix_ns - first.time_unix_ns == 5 * 10**9


def test_a_still_is_as_it_is_in_the_file_or_fills_a_size(path):
    for size, shape in ((None, (16, 32, 3)), ("100x100", (100, 100, 3))):
        camera = still(CameraTable(kind="still", path=path, size=size), FakeClock(), RNG)
        camera.open()
        pixels = camera.capture(1).pixels
        assert pixels.shape == shape
        assert (pixels == (1, 2, 3)).all()


def test_a_still_that_changed_is_read_when_it_is_opened_again(path):
    camera = still(CameraTable(kind="still", path=path), FakeClock(), RNG)
    camera.open()
    Image.new("RGB", (32, 16), (9, 9, 9)).save(path)
    assert camera.capture(1).pixels[0, 0].tolist() == [1, 2, 3]
    camera.close()
    camera.open()
    assert camera.capture(1).pixels[0, 0].tolist() == [9, 9, 9]


def test_a_still_that_is_missing_is_told_when_it_is_opened(tmp_path):
    with pytest.raises(CameraError, match=r"none\.png: cannot be read"):
        still(CameraTable(kind="still", path=tmp_path / "none.png"), FakeClock(), RNG).open()


def test_a_plain_card_has_one_colour():
    camera = color(CameraTable(kind="color", color="#7f01fe"), FakeClock(), RNG)
    camera.open()
    pixels = camera.capture(1).pixels
    assert pixels.shape == (720, 1280, 3)
    assert (pixels == (0x7F, 0x01, 0xFE)).all()


@pytest.mark.parametrize("size", [None, "16x16", "64x480"])
def test_a_gradient_has_a_blue_sky_a_bright_horizon_and_a_dark_ground(size):
    camera = gradient(CameraTable(kind="gradient", size=size), FakeClock(), RNG)
    camera.open()
    pixels = camera.capture(1).pixels.astype(int)
    width, height = map(int, (size or "1280x720").split("x"))
    assert pixels.shape == (height, width, 3)
    rows = pixels[:, 0]
    assert (pixels == rows[:, np.newaxis]).all()
    top, bottom, light = rows[0], rows[-1], rows.sum(axis=1)
    assert top[2] > top[1] > top[0]
    assert bottom[1] > bottom[2]
    assert light[-1] < light[0] < light.max()
    assert 0.45 < light.argmax() / height < 0.65
    assert height < 100 or np.abs(np.diff(light[: height // 2])).max() <= 6
