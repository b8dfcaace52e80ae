"""Which instants of a period (day, week, month) a sensor speaks at, and which of them are due."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from agent.clock import NS_PER_S
from agent.models.bundle import Bundle
from agent.models.manifest import BINS, PeriodName
from agent.models.sampler import BLOCK
from agent.player import Played, Player

BIN_S: dict[PeriodName, int] = {"day": 600, "week": 3600, "month": 3600}
LONGEST_FIRST: tuple[PeriodName, ...] = ("month", "week", "day")
MAX_READINGS = 5_000_000  # in one period
_COUNTS, _INSTANTS, _ROWS = range(3)  # what randomness is for


def coverage_problem(bundle: Bundle, period: PeriodName | None) -> str | None:
    """Why `bundle` cannot be played by the calendar, and what to do; None: it can."""
    covered = [name for name in LONGEST_FIRST if name in bundle.manifest.period.covered]
    if period in covered or (period is None and covered):
        return None
    span = timedelta(seconds=round(bundle.manifest.period.span_s))
    names = ", ".join(covered) or "no period"
    remedy = f"set period to {' or '.join(covered)}" if covered else 'use mode = "sensor"'
    wanted = f", not a {period}" if period else ""
    return f"its recording spans {span} and covers {names}{wanted}; {remedy}, or record longer and fit again"


def choose_period(bundle: Bundle, period: PeriodName | None) -> PeriodName:
    """The period that is set, else the longest that the bundle covers."""
    if period is not None:
        return period
    longest: PeriodName = next(name for name in LONGEST_FIRST if name in bundle.manifest.period.covered)
    return longest


def mean_counts(bundle: Bundle, period: PeriodName) -> NDArray[np.float64]:
    """Mean count of readings in each bin of the period.

    Raises:
        BundleError: The array is missing, misshapen, negative, or asks for too many readings.
    """
    name = f"period/{period}"
    means = bundle.array(name, "<f8", (BINS[period],))
    if bool(np.any(means < 0)) or not 0 < float(means.sum()) <= MAX_READINGS:
        raise bundle.error(name, f"must be at or above 0, and sum to more than 0 and at most {MAX_READINGS}")
    return means


def period_bounds(period: PeriodName, time_ns: int, zone: tzinfo) -> tuple[int, int]:
    """Start of the period that holds `time_ns`, and of the next: local midnights, in nanoseconds since 1970."""
    local = datetime.fromtimestamp(time_ns // NS_PER_S, zone)
    start = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
    if period == "week":
        start -= timedelta(days=start.weekday())
    elif period == "month":
        start = start.replace(day=1)
    days = {"day": 1, "week": 7, "month": 32}[period]
    stop = start + timedelta(days=days)
    if period == "month":
        stop = stop.replace(day=1)
    return _unix_ns(start, zone), _unix_ns(stop, zone)


def draw_counts(means: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """A count for each bin: its mean, rounded up or down at random so that the mean is kept."""
    whole = np.floor(means)
    return np.asarray(whole + (rng.random(len(means)) < means - whole), np.int64)


def draw_times(count: int, length_ns: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rising instants within a bin, from its start: they share it evenly, each somewhere in its own part."""
    parts = (np.arange(count) + rng.random(count)) / max(count, 1)
    return np.asarray(parts * length_ns, np.int64)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Instants of one bin that fell due.

    Attributes:
        start_ns: Start of the bin.
        count: How many instants the bin has.
        place: How many of them come before these.
        event_ns: The instants, rising; at least one.
    """

    start_ns: int
    count: int
    place: int
    event_ns: list[int]


class Agenda:
    """The instants of one sensor, period after period, and its messages at them.

    The counts of a period are drawn from the player's seed and the period's start alone, each bin's instants
    and rows from the seed and the bin's start, as they come. So memory does not grow with the period, and an
    agent that starts again in the middle of one goes on with the same instants and rows.

    Args:
        player: The sensor; its rows begin anew with each bin.
        period: What repeats.
        now_ns: Instants up to this one are over.
    """

    def __init__(self, player: Player, period: PeriodName, now_ns: int) -> None:
        self.player, self._period, self._zone = player, period, player.local
        self._means = mean_counts(player.bundle, period)
        self._bin_ns = BIN_S[period] * NS_PER_S
        self._playing = (-1, -1)
        self.enter(now_ns)

    def enter(self, now_ns: int) -> None:
        """Go on from `now_ns`, wherever that is."""
        self._start_ns, self._stop_ns = period_bounds(self._period, now_ns, self._zone)
        self._counts = draw_counts(self._means, self.player.rng(max(self._start_ns, 0), _COUNTS))
        self._enter_bin((now_ns - self._start_ns) // self._bin_ns)
        self._next = int(np.searchsorted(self._times, now_ns, side="right"))

    def due(self, until_ns: int) -> list[Stretch]:
        """What fell due since the last call, up to and with `until_ns`."""
        stretches: list[Stretch] = []
        while True:
            self._take(until_ns, stretches)
            if until_ns < self._end_ns:
                return stretches
            if self._end_ns < self._stop_ns:
                self._enter_bin(self._bin + 1)
            else:
                self.enter(self._stop_ns)
            self._next = 0

    def _enter_bin(self, bin_: int) -> None:
        """The last bin ends with the period, which may be longer or shorter than all bins together."""
        self._bin = bin_
        start_ns, exists = self._start_ns + bin_ * self._bin_ns, bin_ < len(self._counts)
        self._bin_start_ns = start_ns
        self._end_ns = min(start_ns + self._bin_ns, self._stop_ns) if exists else self._stop_ns
        rng = self.player.rng(max(start_ns, 0), _INSTANTS)
        times = start_ns + draw_times(int(self._counts[bin_]) if exists else 0, self._bin_ns, rng)
        self._times: NDArray[np.int64] = times[times < self._stop_ns]

    def _take(self, until_ns: int, stretches: list[Stretch]) -> None:
        """Add what is due of the present bin."""
        stop = int(np.searchsorted(self._times, until_ns, side="right"))
        if stop <= self._next:
            return
        times = self._times[self._next : stop].tolist()
        stretches.append(Stretch(self._bin_start_ns, len(self._times), self._next, times))
        self._next = stop

    def play(self, stretch: Stretch, last_ns: int) -> Played:
        """The messages at these instants; `last_ns` as in `Player.play`."""
        if self._playing != (stretch.start_ns, stretch.place):
            block = min(stretch.count, BLOCK)
            self.player.restart(max(stretch.start_ns, 0), _ROWS, block=block, skip=stretch.place)
        self._playing = (stretch.start_ns, stretch.place + len(stretch.event_ns))
        return self.player.play(stretch.event_ns, last_ns)


def _unix_ns(local: datetime, zone: tzinfo) -> int:
    return round(local.replace(tzinfo=zone).timestamp()) * NS_PER_S
