"""The rhythm of a recording's ticks: a clock's, a timer's, or none."""

import numpy as np

from agent.clock import NS_PER_S
from agent.models.manifest import Arrival
from trainer.arrival.periods import Arrays, expected
from trainer.arrival.ticks import Floats, Instants, Ticks, quantiles

NEAR, REGULAR = 0.1, 0.8  # this share of gaps lies so near to a multiple of the interval: ticks are regular
MOST_MISSED = 4  # intervals; a longer gap is an outage, and no part of the rhythm
KEPT = 0.8  # a clock's deviations do not add up: their variance stays below this share of the gaps' own
FEWEST_TICKS = 12  # to tell a clock from a timer
EXCESS = 0.2  # of the variance of an hour's number of ticks over its mean, to be more than chance


def rhythm_of(ticks: Ticks, local_ns: Instants, periods: Arrays, spread: float) -> tuple[Arrival, Arrays]:
    """The manifest's part and its arrays.

    Args:
        ticks: Of the recording.
        local_ns: When they came on the local clock.
        periods: Mean ticks in each hour, of the periods that are covered.
        spread: Variance of an hour's number of ticks over its mean.
    """
    gaps = ticks.gaps_s
    if not len(gaps):
        return Arrival(), {}
    median_s = float(np.median(gaps))
    steps = np.maximum(np.round(gaps / median_s), 1)
    near, on = steps <= MOST_MISSED, np.abs(gaps / median_s - steps) <= NEAR * steps
    arrays = {"arrival/within": quantiles(ticks.within_s), "arrival/sizes": _sizes(ticks)}
    if float(np.mean(near & on)) < REGULAR:
        relative = np.diff(expected(local_ns, periods)) if periods else gaps
        relative = relative / relative.mean()
        beyond = spread - float(relative.var())
        arrays["arrival/gaps"] = quantiles(relative)
        excess = round(beyond, 4) if beyond > EXCESS else 0.0
        return Arrival(rhythm="random", interval_s=_ns(median_s), mean_s=_ns(gaps.mean()), excess=excess), arrays
    missed = round(float(1 - near.sum() / steps[near].sum()), 6)
    clock = _clock(ticks.first_ns, local_ns, steps) if bool(on.all()) else None
    if clock is not None:
        interval_s, late, phase = clock
        arrays["arrival/gaps"] = quantiles(late)
        mean_s = interval_s / (1 - missed)
        return Arrival(
            rhythm="clock", interval_s=_ns(interval_s), mean_s=_ns(mean_s), phase=phase, missed=missed
        ), arrays
    mean_s = float(gaps[near].mean())
    arrays["arrival/gaps"] = quantiles(gaps[near] / mean_s)
    return Arrival(rhythm="timer", interval_s=_ns(median_s), mean_s=_ns(mean_s), missed=missed), arrays


def _clock(first_ns: Instants, local_ns: Instants, steps: Floats) -> tuple[float, Floats, float | None] | None:
    """A clock's interval, how late each tick was as a share of it, and its phase; None: deviations add up."""
    if len(first_ns) < FEWEST_TICKS:
        return None
    number, since_s = np.append(0, np.cumsum(steps)), (first_ns - first_ns[0]) / NS_PER_S
    interval_s = float(np.polyfit(number, since_s, 1)[0])
    if abs(interval_s - round(interval_s, 3)) * number[-1] < interval_s / 10:
        interval_s = round(interval_s, 3)  # as it was set
    late = since_s - number * interval_s
    if np.var(late) > KEPT * np.var(np.diff(since_s) - steps * interval_s) or np.ptp(late) >= interval_s:
        return None
    divides = abs(86_400 / interval_s - round(86_400 / interval_s)) < 1e-9
    phase = (local_ns[0] / NS_PER_S + late.min()) % interval_s / interval_s
    return interval_s, (late - late.min()) / interval_s, round(float(phase), 12) % 1.0 if divides else None


def _sizes(ticks: Ticks) -> Floats:
    """Cumulative probability of 1, 2, … messages with a tick."""
    reached = np.cumsum(np.bincount(np.minimum(ticks.sizes, 1000))[1:]) / len(ticks.sizes)
    reached[-1] = 1.0
    return np.asarray(reached)


def _ns(seconds: float) -> float:
    return round(float(seconds), 9)
