import numpy as np
import pytest

from agent.cameras.fake import FakeCamera, Slow, fake
from agent.clock import FakeClock
from agent.errors import CameraError
from agent.settings.camera import CameraTable


def picture(value: int):
    return np.full((2, 2, 3), value, np.uint8)


def scripted(*script: str):
    """An open camera with this script, and the clock that its waiting moves."""
    clock = FakeClock()
    camera = fake(CameraTable(kind="fake", script=script), clock, np.random.default_rng(0), clock.advance)
    camera.open()
    return camera, clock


def grey(frame) -> int:
    return int(frame.pixels[0, 0, 0])


def test_it_gives_its_shots_in_turn_and_the_last_for_ever():
    camera = FakeCamera([picture(1), CameraError("lens cap"), picture(3)])
    camera.open()
    assert grey(camera.capture(1)) == 1
    with pytest.raises(CameraError, match="lens cap"):
        camera.capture(1)
    assert [grey(camera.capture(1)) for _ in range(2)] == [3, 3]


def test_a_slow_frame_comes_late_or_not_at_all():
    clock = FakeClock()
    camera = FakeCamera(delay_s=2, clock=clock, sleep=clock.advance)
    camera.open()
    assert camera.capture(2).time_unix_ns == clock.epoch_ns + 2 * 10**9
    with pytest.raises(CameraError, match="no frame within 1 s"):
        camera.capture(1)
    assert clock.now_s == 3


def test_one_shot_may_be_slow():
    clock = FakeClock()
    camera = FakeCamera([picture(1), Slow(picture(2), 1.5), picture(3)], clock=clock, sleep=clock.advance)
    camera.open()
    taken = [(grey(camera.capture(2)), clock.now_s) for _ in range(3)]
    assert taken == [(1, 0), (2, 1.5), (3, 1.5)]


def test_it_can_be_told_not_to_open():
    with pytest.raises(CameraError, match="busy"):
        FakeCamera(fails_to_open=CameraError("busy")).open()


def test_a_script_is_played_a_line_a_capture_and_its_greys_tell_the_lines_apart():
    camera, clock = scripted("frame", "error: lens cap", "delay 2.5", "error", "frame")
    first = camera.capture(5)
    with pytest.raises(CameraError, match="lens cap"):
        camera.capture(5)
    slow = camera.capture(5)
    assert (slow.time_unix_ns - first.time_unix_ns, clock.now_s) == (2_500_000_000, 2.5)
    with pytest.raises(CameraError, match="its script says error"):
        camera.capture(5)
    last = [camera.capture(5) for _ in range(3)]
    assert [grey(frame) for frame in (first, slow, *last)] == [128, 144, 160, 160, 160]


def test_a_line_that_took_too_long_is_over():
    camera, clock = scripted("delay 9", "frame")
    with pytest.raises(CameraError, match="no frame within 2 s"):
        camera.capture(2)
    assert clock.now_s == 2
    assert grey(camera.capture(2)) == 136


def test_an_error_at_the_end_stays():
    camera, _ = scripted("frame", "error: gone")
    camera.capture(1)
    for _ in range(3):
        with pytest.raises(CameraError, match="gone"):
            camera.capture(1)


def test_a_script_may_keep_it_closed():
    with pytest.raises(CameraError, match="fake camera: busy"):
        scripted("closed: busy")


def test_a_long_script_of_large_frames_holds_one_of_them():
    camera = fake(
        CameraTable(kind="fake", size="4096x4096", script=["frame"] * 1000), FakeClock(), np.random.default_rng(0)
    )
    camera.open()
    assert [grey(camera.capture(1)) for _ in range(3)] == [128, 136, 144]
