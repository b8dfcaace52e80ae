"""What every camera of the registry keeps to."""

import numpy as np
import pytest

from agent.errors import CameraError
from agent.cameras.camera import Camera
from agent.cameras.registry import CAMERAS


@pytest.fixture(params=CAMERAS)
def camera(request: pytest.FixtureRequest) -> Camera:
    return CAMERAS[request.param]()


def test_frames_are_pictures_in_colour_with_their_time(camera):
    camera.open()
    frames = [camera.capture(timeout_s=5) for _ in range(2)]
    camera.close()
    for frame in frames:
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.ndim == 3
        assert frame.pixels.shape[2] == 3
    assert 0 < frames[0].time_unix_ns <= frames[1].time_unix_ns


def test_a_capture_needs_an_open_camera(camera):
    with pytest.raises(CameraError):
        camera.capture(timeout_s=1)
    camera.open()
    camera.close()
    with pytest.raises(CameraError):
        camera.capture(timeout_s=1)


def test_it_can_be_closed_at_any_time_and_twice(camera):
    camera.close()
    camera.open()
    camera.close()
    camera.close()
