import numpy as np
import pytest

from agent.clock import FakeClock
from agent.errors import CameraError
from agent.cameras.fake import FakeCamera


def picture(value: int):
    return np.full((2, 2, 3), value, np.uint8)


def test_it_gives_its_shots_in_turn_and_the_last_for_ever():
    camera = FakeCamera([picture(1), CameraError("lens cap"), picture(3)])
    camera.open()
    assert camera.capture(1).pixels[0, 0, 0] == 1
    with pytest.raises(CameraError, match="lens cap"):
        camera.capture(1)
    assert [camera.capture(1).pixels[0, 0, 0] for _ in range(2)] == [3, 3]


def test_a_slow_frame_comes_late_or_not_at_all():
    clock = FakeClock()
    camera = FakeCamera(delay_s=2, clock=clock, sleep=clock.advance)
    camera.open()
    assert camera.capture(3).time_unix_ns == clock.epoch_ns + 2 * 10**9
    with pytest.raises(CameraError, match="no frame within 1 s"):
        camera.capture(1)
    assert clock.now_s == 3


def test_it_can_be_told_not_to_open():
    with pytest.raises(CameraError, match="busy"):
        FakeCamera(fails_to_open=CameraError("busy")).open()
