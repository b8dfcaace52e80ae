"""Terms without chance: they follow the clock, the calendar or another column."""

import math
from dataclasses import dataclass

import numpy as np

from agent.series.moments import Floats, Moments

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Level:
    """The same at every reading."""

    value: float

    def values(self, at: Moments) -> Floats:
        return np.full(len(at.seq), self.value)


@dataclass(frozen=True, slots=True)
class Season:
    """A cosine of the sensor's local time, whose first period began on 1970-01-01 at 00:00.

    Attributes:
        amplitude: From the middle to the highest value.
        period_s: From one highest value to the next.
        phase: Share of the period after which it is highest.
    """

    amplitude: float
    period_s: float
    phase: float

    def values(self, at: Moments) -> Floats:
        turns = np.mod(at.local_s, self.period_s) / self.period_s - self.phase  # of the remainder, which is exact
        return self.amplitude * np.cos(turns * (2 * math.pi))


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line in time, 0 at `start_s` (seconds since 1970)."""

    per_day: float
    start_s: float

    def values(self, at: Moments) -> Floats:
        return self.per_day * ((at.unix_s - self.start_s) / DAY_S)


@dataclass(frozen=True, slots=True)
class Follower:
    """A straight line in another column of the row, 0 where that is `origin`."""

    column: str
    slope: float
    origin: float

    def values(self, at: Moments) -> Floats:
        return self.slope * (at.column(self.column) - self.origin)
