"""The plan: when a sensor speaks, as recorded, at an interval or by a schedule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from functools import partial

import numpy as np

from agent.arrival import rhythm as rhythms
from agent.arrival.agenda import PHASE, Agenda, Randomness
from agent.arrival.beats import Quantiles
from agent.arrival.calendar import Rates
from agent.arrival.rhythm import LEAST_MEAN, Rhythm, Spacing, quantiles
from agent.models.bundle import Bundle
from agent.models.manifest import BINS, PeriodName

LONGEST_FIRST: tuple[PeriodName, ...] = ("month", "week", "day")
FEWEST, MOST_AN_HOUR = 1e-6, 4_000_000  # ticks in a period, messages in an hour
MOST_TOTAL = 100  # times the mean


@dataclass(frozen=True)
class Plan:
    """Rates, the rhythm in them (by a sensor's phase), and how much whole periods differ (see `Agenda`)."""

    rates: Rates
    rhythm: Callable[[float], Rhythm]
    totals: Quantiles | None = None

    def agenda(self, rng: Randomness, now_ns: int, until_ns: int | None = None) -> Agenda:
        """Its instants after `now_ns`."""
        rhythm = self.rhythm(float(rng(PHASE).random()))
        return Agenda(self.rates, rhythm, rng, now_ns=now_ns, totals=self.totals, until_ns=until_ns)


def recorded(bundle: Bundle, period: PeriodName, zone: tzinfo, first_day: int = 0) -> Plan:
    """As the recording's days, weeks or months were; `period` must be covered.

    Raises:
        BundleError: An array is missing or not as it must be.
    """
    name, rhythm = f"period/{period}", _recorded(bundle)
    ticks, totals = bundle.array(name, "<f8", (BINS[period],)), quantiles(bundle, f"totals/{period}")
    size = rhythm(0.0).mean_size
    if bool(np.any(ticks < 0)) or not float(ticks.sum()) >= FEWEST or float(ticks.max()) * size > MOST_AN_HOUR:
        raise bundle.error(
            name, f"must be at or above 0, in all at least {FEWEST:g}, and {MOST_AN_HOUR:g} an hour at most"
        )
    if not LEAST_MEAN <= totals.mean <= 1 / LEAST_MEAN or float(totals.value[-1]) > MOST_TOTAL:
        raise bundle.error(f"totals/{period}", f"must have a mean of 1 and be {MOST_TOTAL} at most")
    return Plan(Rates.hourly(period, ticks, zone, first_day, size), rhythm, totals)


def steady(bundle: Bundle, interval_s: float, zone: tzinfo) -> Plan:
    """In the recording's rhythm at all times, a tick every `interval_s` seconds on average."""
    return Plan(Rates.steady(3600 / interval_s, zone), _recorded(bundle))


def spaced(interval_s: float, spacing: Spacing, zone: tzinfo) -> Plan:
    """A message every `interval_s` seconds."""
    return Plan(Rates.steady(3600 / interval_s, zone), partial(rhythms.spaced, spacing))


def scheduled(per_hour: Sequence[float], spacing: Spacing, zone: tzinfo) -> Plan:
    """By hand: messages per hour in each minute of a week from Monday."""
    rates = np.array(per_hour)
    edges = np.append(0, np.flatnonzero(np.diff(rates)) + 1)
    return Plan(Rates("week", edges, rates[edges], zone), lambda _phase: rhythms.scheduled(spacing))


def _recorded(bundle: Bundle) -> Callable[[float], Rhythm]:
    rhythms.recorded(bundle, 0.0)  # what is wrong with the bundle is told now
    return partial(rhythms.recorded, bundle)


def longest(bundle: Bundle) -> PeriodName | None:
    """The longest period that the recording covers."""
    return next((name for name in LONGEST_FIRST if name in bundle.manifest.period.covered), None)


def coverage_problem(bundle: Bundle, period: PeriodName | None) -> str | None:
    """Why `bundle` cannot be played by the calendar, and what to do; None: it can."""
    covered = [name for name in LONGEST_FIRST if name in bundle.manifest.period.covered]
    if period in covered or (period is None and covered):
        return None
    span = timedelta(seconds=round(bundle.manifest.period.span_s))
    names = ", ".join(covered) or "no period"
    remedy = f"set period to {' or '.join(covered)}" if covered else 'set period = "none" to play its rhythm all day'
    wanted = f", not a {period}" if period else ""
    if bundle.manifest.origin == "declared":
        return f"it is declared by the {names}{wanted}; {remedy}"
    return f"its recording spans {span} and covers {names}{wanted}; {remedy}, or record longer and fit again"
