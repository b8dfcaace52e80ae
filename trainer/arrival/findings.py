"""What was learnt of a recording's times, in one sentence a finding."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from trainer.arrival.rhythm import MOST_MISSED
from trainer.arrival.timing import Timing

CHANGES = 1.5  # times between the quietest and the busiest hour


def findings_of(timing: Timing) -> list[str]:
    """For people."""
    return [*_rhythm(timing), *_bursts(timing), *_gaps(timing), *_rates(timing), _coverage(timing)]


def _rhythm(timing: Timing) -> Iterator[str]:
    arrival, gaps = timing.arrival, timing.ticks.gaps_s
    if arrival.interval_s is None:
        yield "all messages have the same time: nothing is known of when they come"
        return
    near = gaps[gaps <= MOST_MISSED * arrival.interval_s]
    low, high = np.quantile(near, [0.05, 0.95])
    spread = f"nine gaps in ten are {_seconds(low)} to {_seconds(high)}"
    if arrival.rhythm == "clock":
        at = ""
        if arrival.phase is not None:
            first_s = arrival.phase * arrival.interval_s
            last_s = first_s + float(timing.arrays["arrival/gaps"][1, -1]) * arrival.interval_s
            at = f", {_seconds(first_s)} to {_seconds(last_s)} after the full interval"
        yield f"a clock ticks every {_seconds(arrival.interval_s)}{at}, and keeps its instants ({spread})"
    elif arrival.rhythm == "timer":
        yield f"a timer ticks every {_seconds(arrival.interval_s)}, and its deviations add up ({spread})"
    else:
        more = ", and its hours differ more than that explains" if arrival.excess else ""
        yield f"ticks are irregular, at a median gap of {_seconds(arrival.interval_s)} ({spread}){more}"
    if arrival.missed:
        yield f"{100 * arrival.missed:.2g} % of the ticks did not come"


def _bursts(timing: Timing) -> Iterator[str]:
    sizes, within = timing.ticks.sizes, timing.ticks.within_s
    if len(within):
        apart = _seconds(float(np.median(within)))
        yield f"{sizes.min()} to {sizes.max()} messages come with a tick ({sizes.mean():.2g} on average), {apart} apart"


def _gaps(timing: Timing) -> Iterator[str]:
    arrival, gaps = timing.arrival, timing.ticks.gaps_s
    if arrival.rhythm in ("clock", "timer") and arrival.interval_s is not None:
        long = gaps[gaps > MOST_MISSED * arrival.interval_s]
        if len(long):
            yield f"{len(long)} gaps are longer than {MOST_MISSED} intervals, the longest {_seconds(float(long.max()))}"


def _rates(timing: Timing) -> Iterator[str]:
    if "period/day" in timing.arrays:
        by_hour = timing.arrays["period/day"]
        low, high = int(by_hour.argmin()), int(by_hour.argmax())
        if by_hour[high] > CHANGES * by_hour[low]:
            yield f"the rate changes over the day: {_an_hour(by_hour[low], low)}, {_an_hour(by_hour[high], high)}"
    if "period/week" in timing.arrays:
        by_day = timing.arrays["period/week"].reshape(7, 24).sum(axis=1)
        if by_day.max() > CHANGES * by_day.min():
            names = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
            quiet, busy = names[int(by_day.argmin())], names[int(by_day.argmax())]
            yield f"and over the week: {by_day.min():.3g} ticks on {quiet}, {by_day.max():.3g} on {busy}"


def _coverage(timing: Timing) -> str:
    covered = timing.period.covered
    if not covered:
        return 'no period is covered: aggregator mode needs a day or more, or period = "none"'
    parts = [f"{name} {c.repetitions:.3g} times ({100 * c.filled:.0f} % of its hours)" for name, c in covered.items()]
    return f"covers {', '.join(parts)}"


def _an_hour(rate: float, hour: int) -> str:
    return f"{rate:.3g} ticks from {hour:02d}:00 to {hour + 1:02d}:00"


def _seconds(seconds: float) -> str:
    return f"{seconds:.4g} s" if seconds < 600 else str(timedelta(seconds=round(seconds)))
