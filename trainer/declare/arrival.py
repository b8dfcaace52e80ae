"""When a declared sensor's messages come: its rhythm, and how many in each hour of a day, week or month."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.arrival.beats import EVEN, EXPONENTIAL, NOTHING, Quantiles
from agent.models.manifest import BINS, Arrival, Coverage, Period, PeriodName
from trainer.declare import spec
from trainer.declare.windows import ELSE, HOURS_OF_WEEK, apart, hours_of

DAY_S = 86_400
LONGEST_S = 1e7
LATEST_S = 2 * DAY_S  # what the agent takes

Floats = NDArray[np.float64]


def timing(arrival: spec.Arrival) -> tuple[Arrival, Period, dict[str, NDArray[Any]]]:
    """The manifest's parts and their arrays.

    Raises:
        ValueError: What is said does not go together.
    """
    per_hour = _per_hour(arrival)
    mean_s = 3600 / max(float(per_hour.mean()), 1e-12)
    _refuse_what_does_not_go_together(arrival, mean_s)
    daily = bool(np.all(per_hour.reshape(7, 24) == per_hour[:24]))
    periods: list[PeriodName] = ["day", "week", "month"] if daily else ["week"]
    arrays = {f"period/{name}": np.resize(per_hour, BINS[name]) for name in periods}
    arrays |= {f"totals/{name}": _points(EVEN) for name in periods}
    arrays |= {"arrival/sizes": np.ones(1), "arrival/within": _points(NOTHING)}
    covered = {name: Coverage(repetitions=1, filled=float(np.mean(arrays[f"period/{name}"] > 0))) for name in periods}
    if arrival.spacing == "poisson":
        made = Arrival(rhythm="random", interval_s=mean_s * float(np.log(2)), mean_s=mean_s)
        return made, Period(covered=covered), arrays | {"arrival/gaps": _points(EXPONENTIAL)}
    if arrival.interval_s is None:  # each a gap after the last, in a time that runs as fast as messages are expected
        made = Arrival(rhythm="random", interval_s=mean_s, mean_s=mean_s)
        return made, Period(covered=covered), arrays | {"arrival/gaps": _points(EVEN)}
    phase = None if arrival.offset_s is None else arrival.offset_s / arrival.interval_s % 1
    made = Arrival(rhythm="clock", interval_s=arrival.interval_s, mean_s=mean_s, phase=phase, missed=arrival.missed)
    late = np.array([[0, 1], [0, arrival.jitter_s / arrival.interval_s]], np.float64)
    return made, Period(covered=covered), arrays | {"arrival/gaps": late}


def _per_hour(arrival: spec.Arrival) -> Floats:
    """Messages in each hour of a week from Monday."""
    if (arrival.interval_s is None) == (arrival.per_hour is None):
        raise ValueError("needs interval_s (seconds between messages) or per_hour (how many in an hour), and not both")
    if arrival.interval_s is not None:
        return np.full(HOURS_OF_WEEK, 3600 / arrival.interval_s * (1 - arrival.missed))
    given = arrival.per_hour if isinstance(arrival.per_hour, dict) else {ELSE: arrival.per_hour or 0.0}
    windows = {window: hours_of(window) for window in given if window != ELSE}
    overlaps = apart(windows)
    if overlaps:
        raise ValueError(f"per_hour: {'; '.join(overlaps)}")
    rates = np.full(HOURS_OF_WEEK, given.get(ELSE, 0.0))
    for window, hours in windows.items():
        rates[list(hours)] = given[window]
    if not rates.any():
        raise ValueError("per_hour: no message ever comes; give an hour at least some")
    return rates


def _refuse_what_does_not_go_together(arrival: spec.Arrival, mean_s: float) -> None:
    regular = arrival.spacing == "regular" and arrival.interval_s is not None
    said = {"jitter_s": arrival.jitter_s > 0, "missed": arrival.missed > 0, "offset_s": arrival.offset_s is not None}
    for name, is_said in said.items():
        if is_said and not regular:
            raise ValueError(f"{name}: goes with interval_s and regular spacing only; leave it out")
    if mean_s > LONGEST_S:
        raise ValueError(f"on average less than one message in {LONGEST_S / DAY_S:.0f} days comes; ask for more")
    if arrival.interval_s is not None and regular:
        if arrival.jitter_s >= arrival.interval_s:
            raise ValueError(f"jitter_s: must be below interval_s, which is {arrival.interval_s:g}")
        if arrival.jitter_s > LATEST_S:
            raise ValueError(f"jitter_s: must be at most two days, which are {LATEST_S} seconds")
        if arrival.offset_s is not None and abs(DAY_S / arrival.interval_s % 1 - 0.5) < 0.5 - 1e-9:
            raise ValueError("offset_s: needs an interval_s that divides a day evenly; leave it out, or change that")


def _points(quantiles: Quantiles) -> Floats:
    return np.array([quantiles.probability, quantiles.value])
