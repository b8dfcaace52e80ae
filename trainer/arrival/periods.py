"""The periods that a recording covers: ticks in each hour of a day, a week, a month, and in all of one."""

import numpy as np

from agent.clock import NS_PER_S
from agent.models.manifest import BINS, PeriodName
from trainer.arrival.ticks import Floats, Instants, quantiles

PERIOD_S: dict[PeriodName, int] = {"day": 86_400, "week": 7 * 86_400, "month": 28 * 86_400}
BEYOND = 2.0  # times the variance that gaps explain, for totals to differ of themselves
HOUR_NS = 3600 * NS_PER_S

Arrays = dict[str, Floats]


def hours_of(local_ns: Instants, name: PeriodName, gap_s: float) -> tuple[Floats, Floats]:
    """Ticks in each hour of a period, and how often the recording passed it."""
    first, last = int(local_ns[0]), int(local_ns[-1]) + round(gap_s * NS_PER_S)
    hours = np.arange(first // HOUR_NS, last // HOUR_NS + 1)
    overlap = np.minimum(hours * HOUR_NS + HOUR_NS, last) - np.maximum(hours * HOUR_NS, first)
    size = BINS[name]
    seen = np.bincount(_place(hours, name), np.maximum(overlap, 0) / HOUR_NS, size)
    counts = np.bincount(_place(local_ns // HOUR_NS, name), minlength=size)
    return counts.astype(np.float64), seen.astype(np.float64)


def means_of(counts: Floats, seen: Floats, spread: float) -> Floats:
    """Mean ticks in each hour, as far as they differ by more than chance from those of that hour on all days."""
    by_day, passed = counts.reshape(-1, 24), seen.reshape(-1, 24)
    parent = by_day.sum(axis=0) / np.maximum(passed.sum(axis=0), 1e-12)
    if len(by_day) == 1:
        parent = np.full(24, counts.sum() / seen.sum())
    own = by_day / np.maximum(passed, 1e-12)
    chance = spread * parent / np.maximum(passed, 1e-12)
    weights = (passed > 0) / np.maximum((passed > 0).sum(), 1)
    excess = max(0.0, float(np.sum(weights * ((own - parent) ** 2 - chance))))
    share = excess / np.maximum(excess + chance, 1e-12) if spread > 0 else 1.0
    return np.asarray(np.where(passed > 0, parent + share * (own - parent), parent).ravel())


def totals_of(local_ns: Instants, length_s: int, span_s: float, by_gaps: float) -> Floats:
    """Ticks of each whole period from the recording's own beginning, their mean being 1, as a table.

    Args:
        local_ns: When ticks came.
        length_s: Of a period.
        span_s: Of the recording.
        by_gaps: Variance of a number of ticks over its mean that comes of the gaps between them.
    """
    whole = int(span_s // length_s)
    place = (local_ns - local_ns[0]) // (length_s * NS_PER_S)
    totals = np.bincount(place[place < whole], minlength=whole).astype(np.float64)
    mean = float(totals.mean())
    if whole < 2 or float(totals.var(ddof=1)) <= BEYOND * (by_gaps * mean + 1):
        return quantiles(np.ones(1))
    return quantiles(totals / mean)


def expected(local_ns: Instants, periods: Arrays) -> Floats:
    """Ticks expected until each tick: the time in which a random rhythm runs evenly."""
    name: PeriodName = "week" if "period/week" in periods else "day"
    rate = np.maximum(periods[f"period/{name}"], 1e-9)
    hours = np.arange(local_ns[0] // HOUR_NS, local_ns[-1] // HOUR_NS + 1)
    reached = np.append(0.0, np.cumsum(rate[_place(hours, name)]))
    return np.asarray(np.interp(local_ns - hours[0] * HOUR_NS, np.arange(len(reached)) * HOUR_NS, reached))


def spread_of(local_ns: Instants, length_s: int, span_s: float) -> float | None:
    """Variance of the number of ticks in an hour over its mean, between periods; None: there are not two of them."""
    whole, hours = int(span_s // length_s), length_s // 3600
    if whole < 2:
        return None
    number = (local_ns - local_ns[0]) // HOUR_NS
    counts = np.bincount(number[number < whole * hours], minlength=whole * hours).reshape(whole, hours)
    return float(np.clip(counts.var(axis=0, ddof=1).sum() / counts.mean(axis=0).sum(), 0.0, 1e6))


def _place(hours: Instants, name: PeriodName) -> Instants:
    """The hour of the period, of hours since 1970 (local)."""
    days = hours // 24
    if name == "week":
        days = (days + 3) % 7
    elif name == "month":
        dates = days.astype("datetime64[D]")
        days = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    else:
        days = np.zeros_like(days)
    return days * 24 + hours % 24
