import math
import queue
import threading

import pytest

from agent.clock import FakeClock, SystemClock
from agent.loop import GRID_S, Job, Loop, every, spread


class Waits:
    """Stands in for waiting: moves the clock, and notes for how long."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.waits: list[float | None] = []

    def __call__(self, wait_s: float | None):
        self.waits.append(wait_s)
        assert wait_s is not None, "nothing would ever end this wait"
        self.clock.advance(wait_s)
        raise queue.Empty


@pytest.fixture
def clock():
    return FakeClock()


def test_jobs_run_at_their_instants(clock):
    loop, ran = Loop(clock, get=Waits(clock)), []
    loop.replace(
        [
            Job(0.0, every(1.0), lambda: ran.append(("a", clock.now_s))),
            Job(0.5, every(2.0), lambda: ran.append(("b", clock.now_s))),
        ]
    )
    loop.run(until=lambda: len(ran) >= 5)
    assert ran == [("a", 0.0), ("b", 0.5), ("a", 1.0), ("a", 2.0), ("b", 2.5)]


def test_missed_instants_are_counted_and_skipped_without_a_storm(clock):
    ran = []

    def slow() -> None:
        ran.append(clock.now_s)
        clock.advance(3.5 if len(ran) == 1 else 0)

    loop = Loop(clock, get=Waits(clock))
    loop.replace([Job(0.0, every(1.0), slow)])
    loop.run(until=lambda: len(ran) >= 3)
    assert ran == [0.0, 4.0, 5.0]
    assert loop.missed == 3


def test_a_job_that_fails_is_dropped_and_told_once_while_the_others_go_on(clock, caplog):
    ran = []
    loop = Loop(clock, get=Waits(clock))
    loop.replace([Job(0.0, every(1.0), lambda: 1 / 0, "broken"), Job(0.0, every(1.0), lambda: ran.append(1), "sound")])
    loop.run(until=lambda: len(ran) >= 3)
    assert loop.failed == 1
    assert [record.message for record in caplog.records] == ["broken failed and stops; the others go on"]


def test_a_job_may_replace_all_jobs(clock):
    ran = []
    loop = Loop(clock, get=Waits(clock))
    loop.replace([Job(0.0, every(1.0), lambda: loop.replace([Job(5.0, every(1.0), lambda: ran.append(clock.now_s))]))])
    loop.run(until=lambda: len(ran) >= 2)
    assert ran == [5.0, 6.0]


def test_what_is_posted_from_another_thread_is_done_on_the_loops_thread():
    loop, seen = Loop(SystemClock()), []
    threading.Timer(0.05, lambda: loop.post(lambda: seen.append(threading.current_thread()))).start()
    loop.run(until=lambda: bool(seen), timeout_s=10)
    assert seen == [threading.current_thread()]


def test_after_is_called_for_a_wake():
    loop, calls = Loop(SystemClock()), []
    loop.after = lambda: calls.append(1)
    loop.wake()
    loop.run(until=lambda: bool(calls), timeout_s=10)
    assert calls


def test_a_run_gives_up_after_its_time_and_looks_meanwhile(clock):
    waits = Waits(clock)
    Loop(clock, get=waits).run(until=lambda: False, timeout_s=1.0, look_s=0.4)
    assert waits.waits == pytest.approx([0.4, 0.4, 0.2])


def test_many_jobs_share_few_instants_and_one_job_starts_at_once():
    assert spread(0, 1, 10.0) == 0.0
    instants = {spread(place, 1000, 1.0) for place in range(1000)}
    assert len(instants) == round(1.0 / GRID_S)
    assert max(instants) < 1.0


def test_a_job_without_a_next_instant_is_never_done_again(clock):
    ran = []
    loop = Loop(clock, get=Waits(clock))
    loop.replace([Job(1.0, lambda *_: (math.inf, 0), lambda: ran.append(clock.now_s))])
    loop.run(until=lambda: False, timeout_s=100.0)
    assert ran == [1.0]
