"""The calendar: periods of local time, and the slices in which they are played."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from agent.clock import NS_PER_S
from agent.message.times import DAY_NS, EPOCH_DAY, MINUTE_NS, QUARTER_NS, utc_offset_s
from agent.models.manifest import PeriodName

HOUR_NS = 3600 * NS_PER_S
DAYS: dict[PeriodName, int] = {"day": 1, "week": 7, "month": 31}
MOST_TICKS = 20_000  # messages in a slice, for the memory that their instants take
PARTS = (60, 30, 20, 15, 10, 5, 2, 1)  # minutes


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of time, an hour at most, of one rate.

    Attributes:
        start_ns: Its beginning, in nanoseconds since 1970 (UTC).
        stop_ns: Its end.
        local_ns: Its beginning on the local clock, in nanoseconds since 1970.
        ticks: Expected number of ticks in it.
    """

    start_ns: int
    stop_ns: int
    local_ns: int
    ticks: float

    @property
    def length_ns(self) -> int:
        return self.stop_ns - self.start_ns

    @property
    def begins_a_day(self) -> bool:
        return self.local_ns % DAY_NS == 0


class Rates:
    """How many ticks are expected at each local time of a period.

    A reading keeps its local time of day, weekday or day of the month. So an hour that a change to summer time
    leaves out is not played, one that comes twice is played twice, and so are days that a month does not have
    left out. Slices follow each other without gaps in UTC, whatever the local clock does.

    Args:
        period: What repeats.
        minutes: Where each rate begins: minutes since the period's local start, rising from 0, shape (rates,).
        per_hour: Ticks per hour from there on, shape (rates,).
        zone: Where it is local.
        first_day: What a period begins with: weekday 0 to 6 of a week (0: Monday), 0 to 27 of a month (0: the first).
        size: Messages with a tick: slices are short where there are many.

    Attributes:
        most: The highest rate, in ticks per hour.
    """

    def __init__(
        self,
        period: PeriodName,
        minutes: NDArray[np.int64],
        per_hour: NDArray[np.float64],
        zone: tzinfo,
        *,
        first_day: int = 0,
        size: float = 1.0,
    ) -> None:
        self.period, self.zone, self._first_day = period, zone, first_day
        self.most = float(per_hour.max())
        part = next((m for m in PARTS if self.most * size * m / 60 <= MOST_TICKS), 1)
        edges = np.union1d(np.arange(0, DAYS[period] * 1440, part), minutes)
        self._rate = per_hour[np.searchsorted(minutes, edges, side="right") - 1].tolist()
        self._edges_ns = (np.append(edges, DAYS[period] * 1440) * MINUTE_NS).tolist()
        self._starts_ns = np.array(self._edges_ns[:-1])

    @classmethod
    def hourly(
        cls, period: PeriodName, ticks: NDArray[np.float64], zone: tzinfo, first_day: int = 0, size: float = 1.0
    ) -> "Rates":
        """From the mean number of ticks in each hour of the period."""
        return cls(period, np.arange(len(ticks)) * 60, ticks, zone, first_day=first_day, size=size)

    @classmethod
    def steady(cls, per_hour: float, zone: tzinfo) -> "Rates":
        """The same at all times."""
        return cls("day", np.array([0]), np.array([per_hour]), zone)

    def bounds(self, time_ns: int) -> tuple[int, int]:
        """Start of the period that holds `time_ns`, and of the next: local midnights."""
        start = datetime.fromtimestamp(time_ns // NS_PER_S, self.zone)
        start = start.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
        if self.period == "week":
            start -= timedelta(days=(start.weekday() - self._first_day) % 7)
        if self.period != "month":
            return self._unix_ns(start), self._unix_ns(start + timedelta(days=DAYS[self.period]))
        if start.day <= self._first_day:
            start = start.replace(day=1) - timedelta(days=1)
        start = start.replace(day=self._first_day + 1)
        return self._unix_ns(start), self._unix_ns((start.replace(day=28) + timedelta(days=4)).replace(day=start.day))

    def slices(self, start_ns: int, stop_ns: int) -> list[Slice]:
        """What lies between two instants."""
        found = []
        while start_ns < stop_ns:
            offset_s = utc_offset_s(self.zone, start_ns // QUARTER_NS)
            local_ns = start_ns + offset_s * NS_PER_S
            position = self._position(local_ns)
            place = int(np.searchsorted(self._starts_ns, position, side="right")) - 1
            end_ns = min(start_ns + self._edges_ns[place + 1] - position, stop_ns)
            end_ns = self._change(start_ns, end_ns, offset_s)
            found.append(Slice(start_ns, end_ns, local_ns, self._rate[place] * (end_ns - start_ns) / HOUR_NS))
            start_ns = end_ns
        return found

    def _position(self, local_ns: int) -> int:
        """Nanoseconds since the first day of a period: Monday, or the first of the month."""
        day, rest = divmod(local_ns, DAY_NS)
        if self.period == "day":
            return rest
        index = (day + 3) % 7 if self.period == "week" else date.fromordinal(day + EPOCH_DAY).day - 1
        return index * DAY_NS + rest

    def _change(self, start_ns: int, end_ns: int, offset_s: int) -> int:
        """Where the offset from UTC changes, which it does at quarters of an hour; the end where it does not."""
        for quarter in range(start_ns // QUARTER_NS + 1, -(-end_ns // QUARTER_NS)):
            if utc_offset_s(self.zone, quarter) != offset_s:
                return quarter * QUARTER_NS
        return end_ns

    def _unix_ns(self, local: datetime) -> int:
        return round(local.replace(tzinfo=self.zone).timestamp()) * NS_PER_S
