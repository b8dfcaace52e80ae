from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.arrival.agenda import Agenda
from agent.arrival.beats import EXPONENTIAL, Clock, Quantiles, Renewal
from agent.arrival.calendar import HOUR_NS, Rates
from agent.arrival.rhythm import Rhythm
from agent.clock import NS_PER_S

BRUSSELS = ZoneInfo("Europe/Brussels")
DAY_NS = 24 * HOUR_NS
NOON = round(datetime(2025, 6, 12, 12, tzinfo=UTC).timestamp()) * NS_PER_S
LATE = Quantiles(np.array([0.0, 1.0]), np.array([0.0, 0.4]))
BURSTS = np.array([0.6, 0.8, 1.0])
APART = Quantiles(np.array([0.0, 1.0]), np.array([0.05, 0.1]))
RHYTHMS = {
    "clock": Rhythm(Clock(60.0, 0.9, LATE, missed=0.05), BURSTS, APART),
    "timer": Rhythm(Renewal(61.3, Quantiles(np.array([0.0, 1.0]), np.array([0.9, 1.1]))), BURSTS, APART),
    "random": Rhythm(Renewal(None, EXPONENTIAL, excess=2.0), BURSTS, APART),
}


def agenda(now_ns: int, rhythm: Rhythm = RHYTHMS["clock"], seed: int = 1, per_hour: float = 60.0, **options) -> Agenda:
    zone, period = options.pop("zone", UTC), options.pop("period", "week")
    ticks = np.full({"day": 24, "week": 168, "month": 744}[period], per_hour)
    rates = Rates.hourly(period, ticks, zone)
    return Agenda(rates, rhythm, lambda *key: np.random.default_rng([seed, *key]), now_ns=now_ns, **options)


def times(agenda: Agenda, until_ns: int) -> list[int]:
    return [time for stretch in agenda.due(until_ns) for time in stretch.event_ns.tolist()]


@pytest.mark.parametrize("name", RHYTHMS)
@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_whoever_enters_in_the_middle_goes_on_with_the_same_instants(name, period):
    start = NOON - 3 * DAY_NS
    unbroken = times(agenda(start, RHYTHMS[name], period=period), NOON + DAY_NS)
    for _ in range(3):
        entered = agenda(NOON, RHYTHMS[name], period=period)
        assert times(entered, NOON + DAY_NS) == [time for time in unbroken if time > NOON]


@given(cuts=st.lists(st.integers(0, 48 * 3600 * 10**9), max_size=6), name=st.sampled_from(sorted(RHYTHMS)))
@settings(max_examples=30, deadline=None)
def test_what_is_due_does_not_depend_on_when_one_looks(cuts, name):
    looked, entered = agenda(NOON, RHYTHMS[name]), agenda(NOON, RHYTHMS[name])
    at_once = times(agenda(NOON, RHYTHMS[name]), NOON + 2 * DAY_NS)
    parts, anew = [], []
    for cut in [*sorted(cuts), 2 * DAY_NS]:
        parts += times(looked, NOON + cut)
        anew += times(entered, NOON + cut)
        entered.enter(anew[-1] if anew else NOON)
    assert parts == at_once
    assert anew == at_once


def test_each_stretch_says_where_it_stands_in_its_slice():
    one = agenda(NOON)
    found = [s for step in range(1, 200) for s in one.due(NOON + step * 7 * 60 * NS_PER_S)]
    for stretch in found:
        assert 0 <= stretch.place <= stretch.place + len(stretch.event_ns) <= stretch.count
    for before, after in pairwise(found):
        same = before.start_ns == after.start_ns
        assert after.place == (before.place + len(before.event_ns) if same else 0)


def test_another_seed_gives_other_instants():
    one, same, other = (times(agenda(NOON, RHYTHMS["random"], seed), NOON + DAY_NS) for seed in (1, 1, 2))
    assert one == same
    assert not set(one) & set(other)


@pytest.mark.parametrize("name", RHYTHMS)
@pytest.mark.parametrize("change", ["2025-03-30", "2025-10-26"])
def test_instants_rise_across_a_change_of_summer_time_without_a_gap_or_a_repetition(name, change):
    start = round(datetime.fromisoformat(f"{change}T00:00:00Z").timestamp()) * NS_PER_S - DAY_NS
    found = times(agenda(start, RHYTHMS[name], zone=BRUSSELS, per_hour=60.0), start + 3 * DAY_NS)
    assert found == sorted(set(found))
    assert max(np.diff(found)) < 0.5 * HOUR_NS
    hours = np.bincount((np.array(found) - start) // HOUR_NS)
    assert len(hours) == 72
    assert hours.min() > 0


def test_totals_of_periods_follow_their_distribution():
    totals = Quantiles(np.array([0.0, 0.5, 0.5, 1.0]), np.array([0.5, 0.5, 1.5, 1.5]))
    start = NOON - 12 * HOUR_NS
    one = agenda(start, Rhythm(Renewal(None, EXPONENTIAL)), period="day", totals=totals)
    days = [len(times(one, start + day * DAY_NS)) for day in range(1, 61)]
    assert np.mean(days) == pytest.approx(1440, rel=0.1)
    assert min(days) == pytest.approx(720, rel=0.2)
    assert max(days) == pytest.approx(2160, rel=0.2)


def test_the_next_instant_is_told_before_it_is_due():
    one = agenda(NOON)
    for _ in range(200):
        next_ns = one.next_ns()
        assert times(one, next_ns - 1) == []
        assert times(one, next_ns)[0] == next_ns


def test_nothing_comes_after_the_end_and_no_end_is_waited_for_in_vain():
    one = agenda(NOON, until_ns=NOON + HOUR_NS)
    found = times(one, NOON + DAY_NS)
    assert found
    assert max(found) <= NOON + HOUR_NS
    assert one.next_ns() is None
    assert agenda(NOON, Rhythm(Clock(None, 0.5)), per_hour=0.0).next_ns() is None


def test_a_sensor_that_speaks_once_in_days_does():
    found = times(agenda(NOON, Rhythm(Clock(None, 0.5)), per_hour=1 / 60), NOON + 60 * DAY_NS)
    assert len(found) == pytest.approx(24, abs=1)


def test_memory_does_not_grow_with_the_period():
    one = agenda(NOON, Rhythm(Clock(None, 0.5)), per_hour=360_000.0, period="month")
    due = one.due(NOON + NS_PER_S)
    assert sum(len(s.event_ns) for s in due) == 100
    assert len(one._times) <= 20_000


@pytest.mark.parametrize("name", RHYTHMS)
def test_what_comes_after_the_end_of_its_hour_is_not_lost_by_who_enters_there(name):
    late = Quantiles(np.array([0.0, 1.0]), np.array([0.0, 0.9]))
    rhythm = Rhythm(Clock(300.0, 0.9, late), BURSTS, APART) if name == "clock" else RHYTHMS[name]
    unbroken = times(agenda(NOON, rhythm), NOON + DAY_NS)
    for hour in range(1, 24):
        now = NOON + hour * HOUR_NS
        assert times(agenda(now, rhythm), NOON + DAY_NS) == [time for time in unbroken if time > now]
