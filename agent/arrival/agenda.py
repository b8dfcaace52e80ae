"""The agenda: every instant at which a sensor speaks, slice after slice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from agent.arrival.beats import Quantiles
from agent.arrival.calendar import HOUR_NS, Rates, Slice
from agent.arrival.rhythm import Instants, Rhythm
from agent.clock import NS_PER_S

FAR_NS = 400 * 24 * HOUR_NS  # beyond which nobody waits for a next instant
LONG_AGO_NS = -(2**62)
BUSY, BUSIEST = 1440, 50_000  # ticks a day: so many are not drawn for days, or hours, in order to go on in the middle
COUNTS, INSTANTS, BEGINNING, ROWS, PHASE = range(5)
"""What a sensor's randomness is for."""

Randomness = Callable[..., np.random.Generator]
"""Gives, for whole numbers, a generator that depends on them (and on the sensor) alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Instants of one slice that fell due.

    Attributes:
        start_ns: Start of the slice.
        count: How many instants the slice has.
        place: How many of them come before these.
        event_ns: The instants, rising, shape (instants,); at least one.
    """

    start_ns: int
    count: int
    place: int
    event_ns: NDArray[np.int64]


class Agenda:
    """The instants of one sensor, period after period.

    Each slice's instants are drawn from the sensor's seed and the slice's start, as they come, in chains of slices:
    of a day, or of a period where there are few, or of one slice where there are many. So memory does not grow with
    the period, and an agent that starts again in the middle of one goes on with the same instants.

    Args:
        rates: How many ticks are expected when.
        rhythm: How they lie.
        rng: The sensor's randomness.
        now_ns: Instants up to this one are over.
        totals: Ticks of a whole period, its mean being 1.
        until_ns: There are none after this one.

    Attributes:
        reached_ns: Instants up to this one are over.
    """

    def __init__(
        self,
        rates: Rates,
        rhythm: Rhythm,
        rng: Randomness,
        *,
        now_ns: int,
        totals: Quantiles | None = None,
        until_ns: int | None = None,
    ) -> None:
        self._rates, self._rhythm, self._rng, self._totals, self._until_ns = rates, rhythm, rng, totals, until_ns
        self.enter(now_ns)

    @property
    def most_an_hour(self) -> float:
        """Messages that are expected in its busiest hour."""
        return self._rates.most * self._rhythm.mean_size

    def enter(self, now_ns: int) -> None:
        """Go on from `now_ns`, wherever that is."""
        self.reached_ns = now_ns
        self._slices = self._from(now_ns - HOUR_NS - self._rhythm.longest_ns)  # some come after their slice
        self._last_ns = LONG_AGO_NS
        self._advance()
        while self._end_ns <= now_ns and not (len(self._times) and self._times[-1] > now_ns):
            self._advance()
        self._next = int(np.searchsorted(self._times, now_ns, side="right"))

    def due(self, until_ns: int) -> list[Stretch]:
        """What fell due since the last call, up to and with `until_ns`."""
        self.reached_ns = max(self.reached_ns, until_ns)
        until_ns = until_ns if self._until_ns is None else min(until_ns, self._until_ns)
        stretches: list[Stretch] = []
        while True:
            stop = int(np.searchsorted(self._times, until_ns, side="right"))
            if stop > self._next:
                times = self._times[self._next : stop]
                stretches.append(Stretch(self._start_ns, len(self._times), self._next, times))
                self._next = stop
            if stop < len(self._times) or until_ns < self._end_ns:
                return stretches
            self._advance()

    def next_ns(self) -> int | None:
        """The next instant that is not due yet; None: there is none, or none for a long time."""
        far_ns = self._end_ns + FAR_NS
        while self._next >= len(self._times):
            if self._end_ns > (far_ns if self._until_ns is None else min(far_ns, self._until_ns)):
                return None
            self._advance()
        time_ns = int(self._times[self._next])
        return None if self._until_ns is not None and time_ns > self._until_ns else time_ns

    def _advance(self) -> None:
        """On to the next slice; its messages come after those of the one before."""
        slice_, times = next(self._slices)
        times = np.maximum(times, self._last_ns + 1 + np.arange(len(times)))
        self._times: Instants = times
        self._start_ns, self._end_ns, self._next = slice_.start_ns, slice_.stop_ns, 0
        self._last_ns = int(times[-1]) if len(times) else self._last_ns

    def _from(self, time_ns: int) -> Iterator[tuple[Slice, Instants]]:
        """Slices and their instants, from the one that holds `time_ns`."""
        start_ns, stop_ns = self._rates.bounds(time_ns)
        while True:
            factor = self._factor(start_ns)
            left = 0.0
            for begins, slice_ in self._chained(self._rates.slices(start_ns, stop_ns), time_ns):
                if begins:
                    left = self._rhythm.beat.begin(self._rng(_at(slice_.start_ns), BEGINNING))
                played = replace(slice_, ticks=slice_.ticks * factor)
                times, left = self._rhythm.instants(played, left, self._rng(_at(slice_.start_ns), INSTANTS))
                if slice_.stop_ns > time_ns:
                    yield slice_, times
            start_ns, stop_ns = self._rates.bounds(stop_ns)

    def _chained(self, slices: list[Slice], time_ns: int) -> list[tuple[bool, Slice]]:
        """Slices, and whether a chain begins with each; from the chain on that holds `time_ns`."""
        hours = sum(slice_.length_ns for slice_ in slices) / HOUR_NS
        a_day = 24 * sum(slice_.ticks for slice_ in slices) / hours
        begins = [
            place == 0 or a_day > BUSIEST or (a_day > BUSY and slice_.begins_a_day)
            for place, slice_ in enumerate(slices)
        ]
        passed = [place for place, slice_ in enumerate(slices) if begins[place] and slice_.start_ns <= time_ns]
        return list(zip(begins, slices, strict=True))[passed[-1] if passed else 0 :]

    def _factor(self, start_ns: int) -> float:
        """How many ticks this period has, the mean of all being 1."""
        return 1.0 if self._totals is None else float(self._totals.draw(1, self._rng(_at(start_ns), COUNTS))[0])


def _at(time_ns: int) -> int:
    """An instant as a seed."""
    return max(time_ns, 0) // NS_PER_S
