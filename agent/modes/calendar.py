"""A learned day, week or month laid onto the calendar of today."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from agent.clock import NS_PER_S
from agent.models.manifest import PeriodName

Floats = NDArray[np.float64]


class Calendar:
    """The event times of one sensor, period after period.

    Each period is drawn as a whole from (seed, sensor, start of the period): the same agent, started
    again within a period, finds the same times.

    Args:
        period: The unit that repeats.
        means: Mean count of readings in each bin of the period, shape (BINS[period],).
        zone: The sensor's local time: a day begins at its midnight.
        entropy: Seed and sensor.
    """

    def __init__(self, period: PeriodName, means: Floats, zone: tzinfo, entropy: Sequence[int]) -> None:
        self._period, self._means, self._zone, self._entropy = period, means, zone, tuple(entropy)
        self._drawn: tuple[datetime, NDArray[np.int64]] | None = None

    def due(self, after_ns: int, until_ns: int) -> list[int]:
        """The event times after `after_ns` and up to `until_ns`, rising; both in ns since 1970 (UTC)."""
        times: list[int] = []
        for start in self._starts(after_ns, until_ns):
            drawn = self._times(start)
            times += drawn[(drawn > after_ns) & (drawn <= until_ns)].tolist()
        return times

    def _starts(self, after_ns: int, until_ns: int) -> Iterator[datetime]:
        """The beginnings, in local time, of the periods that the span touches."""
        start = beginning(self._period, datetime.fromtimestamp(after_ns / NS_PER_S, UTC).astimezone(self._zone))
        while _unix_ns(start) <= until_ns:
            yield start
            start = following(self._period, start)

    def _times(self, start: datetime) -> NDArray[np.int64]:
        if self._drawn is None or self._drawn[0] != start:
            self._drawn = (start, self._draw(start))
        return self._drawn[1]

    def _draw(self, start: datetime) -> NDArray[np.int64]:
        """All times of a period, spread evenly within each bin and a little unsteadily."""
        rng = np.random.default_rng([*self._entropy, _unix_ns(start) // NS_PER_S])
        counts = np.floor(self._means) + (rng.random(len(self._means)) < self._means % 1)
        end_ns, width_s = _unix_ns(following(self._period, start)), bin_width_s(self._period)
        times = []
        for place in np.flatnonzero(counts):
            # Wall-clock time, so that a bin keeps its hour of the day across a change of summer time.
            begin_ns = _unix_ns(start + timedelta(seconds=int(place) * width_s))
            count = int(counts[place])
            steps = (np.arange(count) + rng.random(count)) / count * width_s * NS_PER_S
            times.append(begin_ns + steps.astype(np.int64))
        drawn = np.sort(np.concatenate(times)) if times else np.empty(0, np.int64)
        return drawn[drawn < end_ns]


def bin_width_s(period: PeriodName) -> int:
    """Length of a bin: ten minutes of a day, an hour of a week or a month."""
    return 600 if period == "day" else 3600


def beginning(period: PeriodName, moment: datetime) -> datetime:
    """Local midnight of the day, of Monday, or of the first of the month in which `moment` lies."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period == "week":
        return midnight - timedelta(days=midnight.weekday())
    return midnight.replace(day=1) if period == "month" else midnight


def following(period: PeriodName, start: datetime) -> datetime:
    """The beginning of the period after the one that begins at `start`."""
    if period == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=7 if period == "week" else 1)


def _unix_ns(moment: datetime) -> int:
    return round(moment.timestamp()) * NS_PER_S
