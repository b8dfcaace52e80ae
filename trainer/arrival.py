"""When messages came: the median gap, which periods are covered, and how readings spread over them."""

import statistics
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from agent.clock import NS_PER_S
from agent.errors import RecordingError
from agent.models.manifest import BINS, Arrival, Coverage, Period, PeriodName

PERIOD_S: dict[PeriodName, int] = {"day": 86_400, "week": 7 * 86_400, "month": 28 * 86_400}
LONGEST_S = 50 * 366 * 86_400


def arrival(event_ns: list[int]) -> Arrival:
    """The median gap between consecutive events."""
    times = sorted(event_ns)
    gaps = [b - a for a, b in pairwise(times) if b > a]
    return Arrival(interval_s=round(statistics.median(gaps) / NS_PER_S, 9) if gaps else None)


def period(event_ns: list[int], offset_s: int) -> tuple[Period, dict[str, NDArray[np.float64]]]:
    """The periods that the recording covers, and for each the mean count of readings in its bins.

    A period is covered when the span holds it once (a month: four weeks).

    Args:
        event_ns: Event times, ns since 1970 (UTC).
        offset_s: Of the sensor's local time from UTC.
    """
    zone = timezone(timedelta(seconds=offset_s))
    span_s = (max(event_ns) - min(event_ns)) / NS_PER_S
    if span_s > LONGEST_S:
        first, last = (datetime(1970, 1, 1) + timedelta(seconds=t // NS_PER_S) for t in (min(event_ns), max(event_ns)))
        raise RecordingError(f"the times reach from {first.date()} to {last.date()}: correct or drop the odd ones")
    gap_s = span_s / max(1, len(event_ns) - 1)
    covered: dict[PeriodName, Coverage] = {}
    arrays = {}
    for name, length_s in PERIOD_S.items():
        if span_s + gap_s >= length_s:
            counts, seen = _bins(event_ns, name, zone)
            arrays[f"period/{name}"] = counts / np.maximum(seen, 1)
            filled = float((counts > 0).mean())
            covered[name] = Coverage(repetitions=round((span_s + gap_s) / length_s, 3), filled=round(filled, 4))
    return Period(span_s=round(span_s, 3), covered=covered), arrays


def _bins(event_ns: list[int], name: PeriodName, zone: tzinfo) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How many events fell into each bin, and how often the recording passed each bin."""
    width_s = 600 if name == "day" else 3600
    counts, seen = np.zeros(BINS[name]), np.zeros(BINS[name])
    first, last = min(event_ns) // NS_PER_S // width_s, max(event_ns) // NS_PER_S // width_s
    for bin_ in range(first, last + 1):
        seen[_bin(bin_ * width_s, name, zone, width_s)] += 1
    for event in event_ns:
        counts[_bin(event // NS_PER_S, name, zone, width_s)] += 1
    return counts, seen


def _bin(time_s: int, name: PeriodName, zone: tzinfo, width_s: int) -> int:
    when = datetime.fromtimestamp(time_s, UTC).astimezone(zone)
    day = {"day": 0, "week": when.weekday(), "month": when.day - 1}[name]
    return (day * 86_400 + when.hour * 3600 + when.minute * 60 + when.second) // width_s
