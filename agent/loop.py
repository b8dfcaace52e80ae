"""The schedule: runs each job at its instants, and is the only place that waits."""

import heapq
import logging
import math
import queue
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from agent.clock import Clock
from agent.rarely import Rarely

log = logging.getLogger(__name__)

GRID_S = 0.05
"""Jobs are spread over their interval in steps of this: not all at once, yet many of them in one wake."""

Task = Callable[[], None]
Pace = Callable[[float, float], tuple[float, int]]
"""From the instant that was due and the present one to the next, and how many between them were missed."""


@dataclass(order=True)
class Job:
    """Something to do again and again.

    Attributes:
        due_s: Its next instant on the monotonic clock; infinity: never.
        pace: Tells the one after that.
        name: For messages.
    """

    due_s: float
    pace: Pace = field(compare=False)
    tick: Task = field(compare=False)
    name: str = field(compare=False, default="job")


def every(interval_s: float) -> Pace:
    """Instants at a fixed interval. Those that passed meanwhile are skipped: there is no catching up."""

    def pace(due_s: float, now_s: float) -> tuple[float, int]:
        missed = max(0, int((now_s - due_s) // interval_s))
        return due_s + (missed + 1) * interval_s, missed

    return pace


def spread(place: int, count: int, interval_s: float) -> float:
    """Seconds until the first instant of the job in `place` of `count` jobs that share an interval."""
    return math.floor(place / count * interval_s / GRID_S) * GRID_S


class Loop:
    """Runs jobs on the thread that calls `run`. Other threads and signal handlers only `post`.

    Args:
        clock: What to schedule by.
        get: Takes the next posted task, waiting for so many seconds, or raises queue.Empty.

    Attributes:
        after: Called whenever jobs or posted tasks were done.
        missed: Instants that passed while the loop was busy or the machine slept; they are skipped.
        failed: Jobs that failed and were dropped.
    """

    def __init__(self, clock: Clock, get: Callable[[float | None], Task] | None = None) -> None:
        self._clock = clock
        self.after: Task = _nothing
        self._posted: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._get = get or (lambda timeout_s: self._posted.get(timeout=timeout_s))
        self._jobs: list[Job] = []
        self._rarely = Rarely(clock)
        self.missed = self.failed = 0

    def post(self, task: Task) -> None:
        """Have `task` done soon on the loop's thread. Safe in any thread and in a signal handler."""
        self._posted.put(task)

    def wake(self) -> None:
        """Have `after` called soon."""
        self._posted.put(_nothing)

    def replace(self, jobs: Iterable[Job]) -> None:
        """Do these jobs from now on, and no others."""
        self._jobs, self.failed = list(jobs), 0
        heapq.heapify(self._jobs)

    def run(self, until: Callable[[], bool], timeout_s: float = math.inf, look_s: float = math.inf) -> None:
        """Do jobs and posted tasks until `until` says so, for `timeout_s` seconds at most.

        Args:
            until: Asked at least every `look_s` seconds.
            timeout_s: Seconds after which to give up.
            look_s: See `until`.
        """
        end_s = self._clock.monotonic_s() + timeout_s
        while not until() and self._clock.monotonic_s() < end_s:
            wait_s = min(self._next_s(), end_s, self._clock.monotonic_s() + look_s) - self._clock.monotonic_s()
            self._take(wait_s)
            self._run_due()
            self.after()

    def _next_s(self) -> float:
        return self._jobs[0].due_s if self._jobs else math.inf

    def _take(self, wait_s: float) -> None:
        """Wait for a posted task, and do all there are."""
        try:
            # A wait of hours is cut: some systems count long waits in too small a number.
            self._get(None if wait_s == math.inf else min(max(wait_s, 0.0), 3600.0))()
            while not self._posted.empty():
                self._posted.get_nowait()()
        except queue.Empty:
            pass

    def _run_due(self) -> None:
        now_s = self._clock.monotonic_s()
        while self._jobs and self._jobs[0].due_s <= now_s:
            job = self._jobs[0]
            self._tick(job)
            if self._jobs and self._jobs[0] is job:  # unless the jobs were replaced, or this one failed
                self._advance(job)
                heapq.heapreplace(self._jobs, job)

    def _tick(self, job: Job) -> None:
        """A job that fails is dropped; the others go on."""
        try:
            job.tick()
        except Exception:
            log.exception("%s failed and stops; the others go on", job.name)
            self.failed += 1
            self._jobs = [other for other in self._jobs if other is not job]
            heapq.heapify(self._jobs)

    def _advance(self, job: Job) -> None:
        job.due_s, missed = job.pace(job.due_s, self._clock.monotonic_s())
        if missed > 0:
            self.missed += missed
            if self._rarely.due():
                log.warning("%s: %d instants were missed and are skipped (%d in all)", job.name, missed, self.missed)


def _nothing() -> None:
    """Only wakes the loop."""
