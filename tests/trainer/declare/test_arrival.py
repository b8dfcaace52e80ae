"""Declared times, played: how many messages come in each local hour, and how they follow each other."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy import stats

from agent.arrival import plan as plans
from agent.clock import NS_PER_S
from agent.models.bundle import Bundle
from agent.models.manifest import BINS
from tests.made_declared import declared_bundle
from trainer.declare import spec
from trainer.declare.arrival import timing

MONDAY_NS = 1_796_601_600 * NS_PER_S  # 2026-12-07 00:00 UTC
DAY_NS = 86_400 * NS_PER_S


def declared(arrival: str) -> Bundle:
    return declared_bundle(f'sensor = "s"\n[arrival]\n{arrival}\n[fields.t]\ntype = "timestamp"\n')


def instants(arrival: str, days: float, seed: int = 1, zone=UTC) -> np.ndarray:
    """When messages come, in seconds since a Monday's midnight."""
    bundle = declared(arrival)
    period = plans.longest(bundle)
    assert period is not None
    return played(plans.recorded(bundle, period, zone), days, seed)


def played(plan: plans.Plan, days: float, seed: int = 1, start_ns: int = MONDAY_NS) -> np.ndarray:
    agenda = plan.agenda(lambda *key: np.random.default_rng([seed, *key]), start_ns - 1)
    found = [stretch.event_ns for stretch in agenda.due(start_ns + round(days * DAY_NS))]
    return (np.concatenate(found) - start_ns) / NS_PER_S


def per_hour(times: np.ndarray, days: int) -> np.ndarray:
    return np.bincount((times // 3600).astype(int), minlength=days * 24)[: days * 24].reshape(days, 24)


def test_as_many_come_in_each_hour_as_one_line_says():
    times = instants('per_hour = { "mon-fri 09:00-18:00" = 1000, "sat" = 10, else = 100 }', 14)
    for day, hours in enumerate(per_hour(times, 14)):
        for hour, count in enumerate(hours):
            said = 1000 if day % 7 < 5 and 9 <= hour < 18 else 10 if day % 7 == 5 else 100
            assert count == pytest.approx(said, abs=1)


def test_windows_are_local_to_the_sensor():
    zone = ZoneInfo("America/New_York")
    times = instants('per_hour = { "mon 09:00-10:00" = 60 }', 7, zone=zone)
    local = [datetime.fromtimestamp(MONDAY_NS / NS_PER_S + t, zone) for t in times]
    assert {(moment.weekday(), moment.hour) for moment in local} == {(0, 9)}
    assert len(times) == pytest.approx(60, abs=1)


@pytest.mark.parametrize("rate", [0.5, 1.5, 0.2])
def test_a_fraction_of_a_message_in_an_hour_comes_on_as_many_days_whatever_the_seed(rate):
    for seed in range(4):
        times = instants(f'per_hour = {{ "09:00-10:00" = {rate} }}', 200, seed)
        assert len(times) == pytest.approx(200 * rate, abs=3)


def test_at_random_gaps_are_exponential_and_an_hours_number_varies_as_chance_does():
    times = instants('per_hour = 120\nspacing = "poisson"', 7)
    assert stats.kstest(np.diff(times), stats.expon(scale=30).cdf).pvalue > 0.001
    counts = per_hour(times, 7).ravel()
    assert counts.mean() == pytest.approx(120, rel=0.03)
    assert counts.var() / counts.mean() == pytest.approx(1, abs=0.35)


def test_a_regular_interval_is_kept_at_its_offset():
    times = instants("interval_s = 300\noffset_s = 7", 2)
    assert np.array_equal(times, 7 + 300 * np.arange(2 * 288))


def test_jitter_is_late_by_up_to_so_much_and_the_share_that_is_missed_does_not_come():
    times = instants("interval_s = 10\noffset_s = 0\njitter_s = 2\nmissed = 0.1", 2)
    late = times % 10
    assert late.max() < 2
    assert stats.kstest(late, stats.uniform(0, 2).cdf).pvalue > 0.001
    assert len(times) / (2 * 8640) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    ("arrival", "said"),
    [
        ("", "needs interval_s .* or per_hour .*, and not both"),
        ("interval_s = 1\nper_hour = 2", "and not both"),
        ("per_hour = 0", "no message ever comes"),
        ('per_hour = { "mon" = 1, "08:00-09:00" = 2 }', "overlap"),
        ('per_hour = { "mno" = 1 }', "'mno' is no window"),
        ("per_hour = -1", "must be a number from 0"),
        ("per_hour = 1e-9", "less than one message in 116 days"),
        ("per_hour = 5\njitter_s = 1", "jitter_s: goes with interval_s and regular spacing"),
        ('interval_s = 5\nspacing = "poisson"\nmissed = 0.1', "missed: goes with"),
        ("interval_s = 5\njitter_s = 5", "jitter_s: must be below interval_s"),
        ("interval_s = 7\noffset_s = 1", "offset_s: needs an interval_s that divides a day"),
        ("interval_s = 172800\noffset_s = 1", "offset_s: needs an interval_s that divides a day"),
        ("interval_s = 1e6\njitter_s = 2e5", "jitter_s: must be at most two days"),
        ("interval_s = 5e6\nmissed = 0.9", "less than one message in 116 days"),
        ("per_hour = 5\noffset_s = 0", "offset_s: goes with interval_s and regular spacing"),
        ('interval_s = 5\nspacing = "poisson"\noffset_s = 0', "offset_s: goes with"),
        ('per_hour = { "mon" = 0, else = 0 }', "no message ever comes"),
        ("per_hour = 1000001", "must be a number from 0"),
    ],
)
def test_what_does_not_go_together_is_told(arrival, said):
    with pytest.raises(ValueError, match=said):
        instants(arrival, 1)


def test_what_is_the_same_every_day_is_said_of_days_weeks_and_months_and_what_is_not_of_weeks():
    daily, weekly = ({"22:00-06:00": 4.0, "else": 1.0}, {"sun 22:00-06:00": 4.0, "else": 1.0})
    _, period, arrays = timing(spec.Arrival(per_hour=daily))
    assert list(period.covered) == ["day", "week", "month"]
    day = np.where((np.arange(24) < 6) | (np.arange(24) >= 22), 4.0, 1.0)
    for name in period.covered:
        assert np.array_equal(arrays[f"period/{name}"], np.tile(day, BINS[name] // 24))
    _, period, arrays = timing(spec.Arrival(per_hour=weekly))
    assert list(period.covered) == ["week"]
    assert np.flatnonzero(arrays["period/week"] == 4).tolist() == [*range(6), 166, 167]


def test_hours_without_messages_are_not_filled():
    _, period, _ = timing(spec.Arrival(per_hour={"00:00-06:00": 4.0}))
    assert [covered.filled for covered in period.covered.values()] == [0.25, 0.25, 0.25]


def test_the_median_gap_of_what_comes_at_random_is_below_its_mean():
    made, _, _ = timing(spec.Arrival(per_hour=6, spacing="poisson"))
    assert made.mean_s == 600
    assert made.interval_s == pytest.approx(600 * np.log(2))


def test_whole_numbers_beside_fractions_stay_what_they_are():
    arrays = timing(spec.Arrival.model_validate({"per_hour": {"else": 1, "mon": 0.5}}))[2]
    assert arrays["period/week"][[0, 23, 24]].tolist() == [0.5, 0.5, 1.0]


@pytest.mark.parametrize(
    "arrival",
    [
        "interval_s = 0.001",
        "interval_s = 1e7",
        "interval_s = 3e5\njitter_s = 172800",
        "interval_s = 1\nmissed = 0.99",
        'interval_s = 0.001\nspacing = "poisson"',
        "per_hour = 1e6",
        "per_hour = 0.00037",
        'per_hour = { "sun 23:00-00:00" = 0.1 }',
    ],
)
def test_the_agent_plays_the_least_and_the_most_that_may_be_said(arrival):
    bundle = declared(arrival)
    for period in bundle.manifest.period.covered:
        assert plans.recorded(bundle, period, UTC)
    assert plans.steady(bundle, bundle.manifest.arrival.pace_s or 0, UTC)


@pytest.mark.parametrize("milliseconds", [1, 2, 3, 9, 375, 675, 1000, 7500, 21_600_000, 43_200_000, 86_400_000])
def test_an_offset_goes_with_every_interval_that_divides_a_day(milliseconds):
    interval_s = milliseconds / 1000
    made, _, _ = timing(spec.Arrival(interval_s=interval_s, offset_s=2.25 * interval_s))
    assert made.phase == pytest.approx(0.25)


def test_an_offset_counts_from_local_midnight():
    times = instants("interval_s = 21600\noffset_s = 3600", 3, zone=ZoneInfo("Asia/Kathmandu"))  # 5:45 before UTC
    assert {(t + 5.75 * 3600) % 86_400 for t in times} == {3600, 25_200, 46_800, 68_400}


def test_an_interval_without_offset_is_exact_too_and_lies_elsewhere_for_another_sensor():
    one, other = (instants("interval_s = 300", 1, seed) for seed in (1, 2))
    assert set(np.diff(one).round(6)) == {300}
    assert abs(one[0] - other[0]) > 1


def test_what_is_missed_is_missed_by_chance():
    times = instants("interval_s = 10\noffset_s = 0\nmissed = 0.25", 3)
    steps = np.rint(np.diff(times) / 10).astype(int)
    counts = np.bincount(steps, minlength=7)[1:7]
    expected = len(steps) * stats.geom(0.75).pmf(np.arange(1, 7))
    assert counts == pytest.approx(expected, abs=5 * float(np.sqrt(expected.max())))
    assert set(times % 10) == {0}


def test_at_random_with_windows_each_hour_has_its_own_rate_and_exponential_gaps():
    times = instants('spacing = "poisson"\nper_hour = { "mon-fri 09:00-18:00" = 600, "sat,sun" = 0, else = 60 }', 14)
    hours = per_hour(times, 14)
    busy = np.zeros((14, 24), bool)
    busy[[0, 1, 2, 3, 4, 7, 8, 9, 10, 11], 9:18] = True
    weekend = np.zeros((14, 24), bool)
    weekend[[5, 6, 12, 13]] = True
    assert not hours[weekend].any()
    for where, rate in ((busy, 600), (~busy & ~weekend, 60)):
        assert hours[where].mean() == pytest.approx(rate, abs=4 * np.sqrt(rate / where.sum()))
        assert hours[where].var() / rate == pytest.approx(1, abs=5 * np.sqrt(2 / where.sum()))
    inside = [np.diff(times[(times // 3600).astype(int) == hour]) for hour in np.flatnonzero(busy.ravel())]
    assert stats.kstest(np.concatenate(inside), stats.expon(scale=6).cdf).statistic < 0.01


def test_an_hour_that_comes_twice_has_its_messages_twice_and_one_that_is_left_out_has_none():
    zone = ZoneInfo("Europe/Brussels")
    plan = plans.recorded(declared('per_hour = { "02:00-03:00" = 60, else = 6 }'), "day", zone)
    for month, day, expected in ((10, 25, 120), (3, 28, 0)):  # clocks change in 2026 and 2027
        start = datetime(2026 if month == 10 else 2027, month, day, tzinfo=zone)
        times = played(plan, 0.5, start_ns=int(start.timestamp()) * NS_PER_S)
        hours = Counter(datetime.fromtimestamp(start.timestamp() + t, zone).hour for t in times)
        assert hours[2] == pytest.approx(expected, abs=2)
        assert hours[4] == pytest.approx(6, abs=1)


def test_without_a_period_the_rhythm_goes_on_at_the_pace_that_is_asked_for():
    times = played(plans.steady(declared('per_hour = 60\nspacing = "poisson"'), 20, UTC), 3)
    assert len(times) == pytest.approx(3 * 4320, abs=4 * np.sqrt(3 * 4320))
    assert stats.kstest(np.diff(times), stats.expon(scale=20).cdf).statistic < 0.02
    even = played(plans.steady(declared("per_hour = 60"), 20, UTC), 1)
    assert np.diff(even) == pytest.approx(20, abs=1e-6)
