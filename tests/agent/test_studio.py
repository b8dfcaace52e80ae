import queue
import threading

import pytest
from PIL import Image

from agent.cameras.fake import FakeCamera
from agent.clock import FakeClock
from agent.imaging.labels import Labelled
from agent.imaging.pictures import Picture
from agent.rarely import Rarely
from agent.studio import Studio
from agent.viewfinder import Viewfinder
from tests.e2e.broker import wait_until

MOST = 4


class Hand:
    """A studio whose finished orders are taken in by hand, as the loop does."""

    def __init__(self, room=lambda: True) -> None:
        self.posted: queue.Queue = queue.Queue()
        card = Image.new("RGB", (4, 4))
        viewfinder = Viewfinder(FakeCamera(), lambda: card, lambda image: image, timeout_s=5, clock=FakeClock())
        self.studio = Studio(viewfinder, self.posted.put, room, Rarely(FakeClock()), MOST)
        self.done: list[tuple[int, bytes | None]] = []

    def order(self, number: int, make=None) -> None:
        def made(_view):
            return Picture(b"%d" % number, None, Labelled(number, "", 4, 4, []))

        self.studio.order(make or made, lambda picture, _view: self.done.append((number, picture and picture.data)))

    def take(self, count: int) -> list[tuple[int, bytes | None]]:
        for _ in range(count):
            self.posted.get(timeout=5)()
        return self.done


def test_orders_are_done_one_after_the_other_on_the_loops_thread():
    hand = Hand()
    for number in range(3):
        hand.order(number)
    assert hand.studio.waiting == 3
    assert hand.take(3) == [(0, b"0"), (1, b"1"), (2, b"2")]
    assert hand.studio.waiting == 0


def test_of_too_many_the_oldest_get_no_picture_and_are_counted():
    start, begun = threading.Event(), threading.Event()

    def slow(_view):
        begun.set()
        start.wait(5)

    hand = Hand()
    hand.order(0, slow)
    assert begun.wait(5)
    for number in range(1, 11):
        hand.order(number)
    assert hand.studio.waiting == 11
    start.set()
    done = hand.take(11)
    without = [number for number, data in done[1:] if data is None]
    assert without == [1, 2, 3, 4, 5]
    assert [number for number, _ in done] == list(range(11))
    assert hand.studio.dropped == 5
    assert hand.studio.waiting == 0


def test_a_picture_waits_for_room():
    room = threading.Event()
    hand = Hand(room.is_set)
    hand.order(1)
    with pytest.raises(queue.Empty):
        hand.posted.get(timeout=0.2)
    room.set()
    assert hand.take(1) == [(1, b"1")]


def test_one_that_fails_is_counted_and_logged_once_and_the_others_are_made(caplog):
    def broken(_view):
        raise RuntimeError("out of paint")

    hand = Hand()
    for number in range(3):
        hand.order(number, broken)
    hand.order(3)
    assert hand.take(4) == [(0, None), (1, None), (2, None), (3, b"3")]
    assert hand.studio.dropped == 3
    assert caplog.text.count("a picture is left out") == 1


def test_closed_it_answers_what_was_ordered_without_making_it():
    hand = Hand(lambda: False)
    hand.order(1)
    hand.order(2)
    hand.studio.close()
    assert hand.done == [(1, None), (2, None)]
    assert hand.studio.dropped == 2


def test_what_is_being_made_when_it_is_closed_is_answered_once():
    begun, go_on = threading.Event(), threading.Event()

    def slow(_view):
        begun.set()
        go_on.wait(5)
        return Picture(b"late", None, Labelled(1, "", 4, 4, []))

    hand = Hand()
    hand.order(1, slow)
    assert begun.wait(5)
    hand.studio.close()
    assert hand.done == [(1, None)]
    go_on.set()
    assert hand.take(1) == [(1, None)]


def test_health_tells_counts_and_the_camera():
    hand = Hand()
    assert hand.studio.health() == {
        "pictures": 0,
        "placeholders": 0,
        "skipped_boxes": 0,
        "lower_quality": 0,
        "too_large": 0,
        "pictures_waiting": 0,
        "pictures_dropped": 0,
        "camera": "ok",
    }


def test_closed_its_threads_end():
    before = set(threading.enumerate())
    hand = Hand()
    hand.order(1)
    hand.take(1)
    assert {thread.name for thread in set(threading.enumerate()) - before} == {"camera", "studio"}
    hand.studio.close()
    wait_until(lambda: not set(threading.enumerate()) - before)
