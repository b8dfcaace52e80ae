import logging
import threading

import numpy as np
import pytest
from PIL import Image

from agent.cameras.camera import Frame
from agent.cameras.fake import FakeCamera
from agent.clock import FakeClock
from agent.errors import CameraError
from agent.viewfinder import LAST_RETRY_S, Viewfinder
from tests.e2e.broker import wait_until

FALLBACK = Image.new("RGB", (8, 8), (1, 1, 1))


def grey(level: int):
    return np.full((8, 8, 3), level, np.uint8)


def viewfinder(camera, clock=None, shown=lambda image: image, timeout_s=5.0):
    return Viewfinder(camera, lambda: FALLBACK, shown, timeout_s=timeout_s, clock=clock or FakeClock())


def seen(finder: Viewfinder) -> tuple[int, str]:
    view = finder.look()
    return view.image.getpixel((0, 0))[0], view.source


class StuckCamera(FakeCamera):
    """Never answers until it is let go, whatever its time limit."""

    def __init__(self) -> None:
        super().__init__([grey(9)])
        self.stuck, self.asked = threading.Event(), 0

    def capture(self, timeout_s: float) -> Frame:
        self.asked += 1
        self.stuck.wait(30)
        return super().capture(timeout_s)


def test_each_look_is_a_new_frame():
    finder = viewfinder(FakeCamera([grey(10), grey(20)]))
    finder.open()
    assert [seen(finder), seen(finder)] == [(10, "camera"), (20, "camera")]


def test_the_camera_is_opened_by_the_first_look_where_nobody_did():
    assert seen(viewfinder(FakeCamera([grey(10)]))) == (10, "camera")


def test_before_the_first_frame_the_fallback_is_seen_and_later_the_last_frame(caplog):
    clock = FakeClock()
    finder = viewfinder(FakeCamera([CameraError("lens cap"), grey(10), CameraError("busy")]), clock)
    assert seen(finder) == (1, "fallback")
    clock.advance(1)
    assert seen(finder) == (10, "camera")
    assert seen(finder) == (10, "last")
    assert "lens cap" in caplog.text
    assert "the fallback is shown" in caplog.text
    assert "busy" in caplog.text
    assert "the last good frame is shown" in caplog.text


def test_trouble_is_logged_once_and_told_as_long_as_it_lasts(caplog):
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    finder = viewfinder(FakeCamera([CameraError("busy")] * 5 + [grey(10)]), clock)
    for _ in range(5):
        seen(finder)
        assert finder.trouble == "busy"
        clock.advance(LAST_RETRY_S)
    assert caplog.text.count("busy") == 1
    assert seen(finder) == (10, "camera")
    assert finder.trouble == ""
    assert caplog.text.count("pictures again") == 1


def test_it_tries_again_after_ever_longer_waits_up_to_a_minute():
    clock, failed_at = FakeClock(), []

    class Broken(FakeCamera):
        def capture(self, timeout_s: float) -> Frame:
            failed_at.append(clock.monotonic_s())
            raise CameraError("broken")

    finder = viewfinder(Broken(), clock)
    for _ in range(4000):
        finder.look()
        clock.advance(0.1)
    waits = np.diff(failed_at)
    np.testing.assert_allclose(waits[:6], [1, 2, 4, 8, 16, 32], atol=0.11)
    np.testing.assert_allclose(waits[6:], LAST_RETRY_S, atol=0.11)


def test_a_camera_that_failed_is_closed_and_opened_anew():
    opened = []

    class Counting(FakeCamera):
        def open(self) -> None:
            opened.append(1)
            super().open()

    clock = FakeClock()
    finder = viewfinder(Counting([grey(1), CameraError("unplugged"), grey(2)]), clock)
    finder.open()
    seen(finder), seen(finder)
    clock.advance(1)
    assert seen(finder) == (2, "camera")
    assert len(opened) == 2


@pytest.mark.parametrize("raised", [ZeroDivisionError, TimeoutError, SystemExit])
def test_a_driver_may_raise_anything_and_is_asked_again(raised):
    class Odd(FakeCamera):
        works = False

        def capture(self, timeout_s: float) -> Frame:
            if not self.works:
                raise raised
            return super().capture(timeout_s)

    camera, clock = Odd([grey(7)]), FakeClock()
    finder = viewfinder(camera, clock)
    assert seen(finder) == (1, "fallback")
    assert finder.trouble == raised.__name__
    camera.works = True
    clock.advance(1)
    assert seen(finder) == (7, "camera")


@pytest.mark.parametrize("raised", [ZeroDivisionError, TimeoutError])
def test_opening_may_raise_anything_and_is_told_at_once(raised):
    class Odd(FakeCamera):
        def open(self) -> None:
            raise raised

    with pytest.raises(CameraError, match=f"cannot be opened: {raised.__name__}"):
        viewfinder(Odd()).open()


def test_a_stuck_camera_is_waited_for_once_and_used_again_when_it_answers():
    camera, clock = StuckCamera(), FakeClock()
    finder = viewfinder(camera, clock, timeout_s=0.05)
    assert seen(finder) == (1, "fallback")
    assert finder.trouble == "it does not answer"
    for _ in range(50):
        assert seen(finder) == (1, "fallback")
    assert camera.asked == 1
    camera.stuck.set()
    answered = threading.Event()
    finder._ask(answered.set).result(5)
    assert seen(finder) == (9, "camera")


def test_who_has_no_patience_gets_what_was_seen_last_and_the_frame_is_the_next_ones():
    camera = StuckCamera()
    finder = viewfinder(camera)
    assert finder.look(0.05).source == "fallback"
    assert finder.trouble == ""
    camera.stuck.set()
    assert seen(finder) == (9, "camera")
    assert camera.asked == 1


def test_what_stands_in_for_a_camera_says_so():
    finder = Viewfinder(
        FakeCamera(), lambda: FALLBACK, lambda image: image, timeout_s=1, clock=FakeClock(), absent="none"
    )
    assert finder.look().source == "fallback"
    assert finder.trouble == "none"


def test_opening_tells_why_it_fails():
    with pytest.raises(CameraError, match="no camera"):
        viewfinder(FakeCamera(fails_to_open=CameraError("no camera"))).open()


def test_a_camera_that_does_not_open_in_time_is_an_error(mocker):
    class Sleepy(FakeCamera):
        def open(self) -> None:
            threading.Event().wait(1)

    mocker.patch("agent.viewfinder.OPEN_S", 0.1)
    with pytest.raises(CameraError, match=r"did not open within 0\.1 s"):
        viewfinder(Sleepy()).open()


def test_what_nobody_shall_see_never_leaves_it():
    finder = viewfinder(FakeCamera([grey(100), CameraError("busy")]), shown=lambda image: image.point(lambda _: 7))
    assert [seen(finder), seen(finder)] == [(7, "camera"), (7, "last")]


def test_a_still_is_made_into_a_picture_only_once():
    made, still = [], grey(5)
    finder = viewfinder(FakeCamera([still]), shown=lambda image: made.append(1) or image)
    assert finder.look().image is finder.look().image
    assert len(made) == 1


def test_released_it_lets_go_of_the_camera_and_a_look_takes_it_again():
    camera = FakeCamera([grey(3)])
    finder = viewfinder(camera)
    finder.open()
    finder.release()
    finder._ask(lambda: None).result(5)
    with pytest.raises(CameraError):
        camera.capture(1)
    assert seen(finder) == (3, "camera")


def test_closed_its_thread_ends_and_the_camera_is_free():
    camera, before = FakeCamera([grey(3)]), set(threading.enumerate())
    finder = viewfinder(camera)
    finder.open()
    assert {thread.name for thread in set(threading.enumerate()) - before} == {"camera"}
    finder.close()
    wait_until(lambda: not set(threading.enumerate()) - before)
    with pytest.raises(CameraError):
        camera.capture(1)
