"""When messages came: the rhythm of their ticks, and the periods that the recording covers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from agent.clock import NS_PER_S
from agent.errors import RecordingError
from agent.models.manifest import Arrival, Coverage, Period
from trainer.arrival.periods import PERIOD_S, Arrays, hours_of, means_of, spread_of, totals_of
from trainer.arrival.rhythm import rhythm_of
from trainer.arrival.ticks import Ticks, ticks_of

LONGEST_S = 50 * 366 * 86_400


@dataclass(frozen=True)
class Timing:
    """All that was learnt of a recording's times.

    Attributes:
        arrival: For the manifest.
        period: For the manifest.
        arrays: Beside it.
        ticks: What it was learnt from.
    """

    arrival: Arrival
    period: Period
    arrays: Arrays
    ticks: Ticks


def timing(event_ns: list[int], offset_s: int) -> Timing:
    """Rhythm and periods of a recording.

    Args:
        event_ns: Event times, ns since 1970 (UTC), at least one.
        offset_s: Of the sensor's local time from UTC.

    Raises:
        RecordingError: The times reach over more than fifty years.
    """
    _refuse_odd_times(min(event_ns), max(event_ns))
    times = np.sort(np.array(event_ns, np.int64))
    ticks = ticks_of(times)
    local_ns, gaps = ticks.first_ns + offset_s * NS_PER_S, ticks.gaps_s
    seconds = float(times[-1] - times[0]) / NS_PER_S
    span_s = seconds + (float(gaps.mean()) if len(gaps) else 0.0)
    covered, arrays, spread = {}, {}, 1.0
    for name, length_s in PERIOD_S.items():
        if span_s >= length_s:
            counts, seen = hours_of(local_ns, name, span_s - seconds)
            spread = spread_of(local_ns, length_s, span_s) or spread
            arrays[f"period/{name}"] = means_of(counts, seen, spread)
            filled = round(float((counts > 0).mean()), 4)
            covered[name] = Coverage(repetitions=round(span_s / length_s, 3), filled=filled)
    arrival, distributions = rhythm_of(ticks, local_ns, arrays, spread)
    by_gaps = arrival.excess + float(np.var(gaps) / np.mean(gaps) ** 2 if len(gaps) else 0.0)
    for name in covered:
        arrays[f"totals/{name}"] = totals_of(local_ns, PERIOD_S[name], span_s, by_gaps)
    return Timing(arrival, Period(span_s=round(seconds, 3), covered=covered), arrays | distributions, ticks)


def _refuse_odd_times(first_ns: int, last_ns: int) -> None:
    if (last_ns - first_ns) / NS_PER_S > LONGEST_S:
        first, last = (datetime(1970, 1, 1) + timedelta(seconds=t // NS_PER_S) for t in (first_ns, last_ns))
        raise RecordingError(f"the times reach from {first.date()} to {last.date()}: correct or drop the odd ones")
