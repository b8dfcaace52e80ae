"""The one place that reads clocks, so that tests can set them."""

import time
from dataclasses import dataclass
from typing import Protocol

NS_PER_S = 1_000_000_000
LAST_NS = 9_214_646_400 * NS_PER_S  # the year 2262, where nanoseconds since 1970 leave 64 bits


class Clock(Protocol):
    """Two clocks: one to schedule by, one to stamp with.

    `monotonic_s` never jumps and has no epoch: schedule with it. `unix_ns` is the wall clock in
    nanoseconds since 1970 (UTC) and may jump: only stamp with it. Both may be called from any thread.
    """

    def monotonic_s(self) -> float: ...

    def unix_ns(self) -> int: ...


class SystemClock:
    """The clocks of this machine."""

    def monotonic_s(self) -> float:
        return time.monotonic()

    def unix_ns(self) -> int:
        return time.time_ns()


class Jumps:
    """Tells how far the wall clock was set since the last look: what it moved beyond the time that passed.

    Time in which the machine slept passes on the wall clock alone, and so is a jump, too.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_ns, self._last_s = clock.unix_ns(), clock.monotonic_s()

    def look(self) -> tuple[int, int]:
        """The wall clock, and its jump, in nanoseconds."""
        now_ns, now_s = self._clock.unix_ns(), self._clock.monotonic_s()
        jump_ns = now_ns - self._last_ns - round((now_s - self._last_s) * NS_PER_S)
        self._last_ns, self._last_s = now_ns, now_s
        return now_ns, jump_ns


@dataclass
class FakeClock:
    """A clock that a test moves by hand."""

    now_s: float = 0.0
    epoch_ns: int = 1_700_000_000 * NS_PER_S

    def monotonic_s(self) -> float:
        return self.now_s

    def unix_ns(self) -> int:
        return self.epoch_ns + round(self.now_s * NS_PER_S)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass on both clocks."""
        self.now_s += seconds
