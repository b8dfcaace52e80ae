"""Beats: how ticks follow each other. A clock keeps its instants; otherwise each tick comes a gap after the last."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agent.arrival.calendar import Slice
from agent.clock import NS_PER_S

Floats = NDArray[np.float64]
SLACK = 0.03  # by so much may expected numbers be off before a clock or timer is taken to be silent, or faster
_DRAWS = 256


@dataclass(frozen=True)
class Quantiles:
    """A distribution: values at rising probabilities, straight lines between them; shape (points,) each."""

    probability: Floats
    value: Floats

    @property
    def mean(self) -> float:
        return float(np.sum(np.diff(self.probability) * (self.value[1:] + self.value[:-1]) / 2))

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """Values, shape (count,)."""
        return np.interp(rng.random(count), self.probability, self.value)


NOTHING = Quantiles(np.array([0.0, 1.0]), np.array([0.0, 0.0]))
EVEN = Quantiles(np.array([0.0, 1.0]), np.array([1.0, 1.0]))
_RARER = np.concatenate([np.linspace(1, 0.01, 200), np.geomspace(0.01, 1e-6, 200)[1:]])
EXPONENTIAL = Quantiles(np.append(1 - _RARER, 1.0), np.append(-np.log(_RARER), -np.log(1e-6)))


class Beat(Protocol):
    """Ticks of slices that follow each other."""

    @property
    def latest_s(self) -> float:
        """How far beyond its slice a tick may come."""
        ...

    def begin(self, rng: np.random.Generator) -> float:
        """Where a chain of slices begins: how much of a gap is left until its first tick."""
        ...

    def ticks(self, within: Slice, left: float, rng: np.random.Generator) -> tuple[Floats, float]:
        """Nanoseconds from a slice's start to each of its ticks, rising; and what is left for the next slice."""
        ...


@dataclass(frozen=True)
class Clock:
    """Ticks at instants that are kept.

    Attributes:
        interval_s: Between them; None: as the slice's rate says.
        phase: Where they lie, as a share of the interval.
        late: How late a tick is, the interval being 1.
        missed: Share of the ticks that do not come.
        local: They are counted from local midnight, whatever summer time does to an interval; else they are not.
    """

    interval_s: float | None
    phase: float
    late: Quantiles = NOTHING
    missed: float = 0.0
    local: bool = False

    @property
    def latest_s(self) -> float:
        return float(self.late.value[-1]) * (self.interval_s or 0.0)

    def begin(self, rng: np.random.Generator) -> float:
        return 0.0

    def ticks(self, within: Slice, left: float, rng: np.random.Generator) -> tuple[Floats, float]:
        interval_s, silent = _natural(within, self.interval_s, self.missed)
        if interval_s is None:
            return np.empty(0), left
        interval_ns = max(1, round(interval_s * NS_PER_S))
        since_ns = within.local_ns if self.local else within.start_ns
        first_ns = (round(self.phase * interval_ns) - since_ns) % interval_ns
        ticks = np.arange(first_ns, within.length_ns, interval_ns, dtype=np.float64)
        ticks += self.late.draw(len(ticks), rng) * interval_ns
        return _thinned(ticks, self.missed, silent, rng), left


@dataclass(frozen=True)
class Renewal:
    """Each tick a gap after the last: of a timer, whose deviations add up, or of events that come at random.

    Attributes:
        interval_s: Of a timer, whatever the slice's rate says; None: as that says.
        gaps: Between ticks, their mean being 1.
        excess: By how much an hour's number of ticks varies beyond what gaps explain, as a share of its mean.
    """

    interval_s: float | None
    gaps: Quantiles
    excess: float = 0.0

    @property
    def latest_s(self) -> float:
        return 0.0

    def begin(self, rng: np.random.Generator) -> float:
        """Whoever looks at some moment finds a long gap more often than a short one, and is anywhere in it."""
        gaps = self.gaps.draw(_DRAWS, rng)
        return float(rng.choice(gaps, p=gaps / gaps.sum()) * rng.random()) if gaps.sum() > 0 else 0.0

    def ticks(self, within: Slice, left: float, rng: np.random.Generator) -> tuple[Floats, float]:
        interval_s, silent = _natural(within, self.interval_s, 0.0)
        if interval_s is None:
            return np.empty(0), left
        length = within.length_ns / NS_PER_S / interval_s
        if self.excess > 0:
            length = max(rng.gamma(length / self.excess) * self.excess, 1e-9)
        reached = [np.array([left])]
        while reached[-1][-1] < length:
            count = int(1.1 * (length - reached[-1][-1]) + 16)
            reached.append(reached[-1][-1] + np.cumsum(np.maximum(self.gaps.draw(count, rng), 1e-9)))
        ticks = np.concatenate(reached)
        inside = int(np.searchsorted(ticks, length))
        ticks, left = ticks[:inside] * (within.length_ns / length), float(ticks[inside] - length)
        return _thinned(ticks, 0.0, silent, rng), left


def _natural(within: Slice, interval_s: float | None, missed: float) -> tuple[float | None, float]:
    """The interval in a slice (None: there are no ticks), and the share of the slice that is silent."""
    if within.ticks <= 0:
        return None, 1.0
    asked_s = within.length_ns / NS_PER_S / within.ticks * (1 - missed)
    if interval_s is None or asked_s < interval_s * (1 - SLACK):
        return asked_s, 0.0
    silent = 1 - interval_s / asked_s
    return interval_s, silent if silent > SLACK else 0.0


def _thinned(ticks: Floats, missed: float, silent: float, rng: np.random.Generator) -> Floats:
    """Without those that are missed, here and there, or as the sensor is silent for a while."""
    if missed > 0:
        ticks = ticks[rng.random(len(ticks)) >= missed]
    if silent > 0:
        gone = int(silent * len(ticks) + rng.random())
        first = int(rng.integers(len(ticks) - gone + 1))
        ticks = np.delete(ticks, slice(first, first + gone))
    return ticks
