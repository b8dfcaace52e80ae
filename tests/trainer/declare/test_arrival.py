"""Declared times, played: how many messages come in each local hour, and how they follow each other."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy import stats

from agent.arrival import plan as plans
from agent.clock import NS_PER_S
from tests.made_declared import declared_bundle

MONDAY_NS = 1_796_601_600 * NS_PER_S  # 2026-12-07 00:00 UTC
DAY_NS = 86_400 * NS_PER_S


def instants(arrival: str, days: float, seed: int = 1, zone=UTC) -> np.ndarray:
    """When messages come, in seconds since a Monday's midnight."""
    bundle = declared_bundle(f'sensor = "s"\n[arrival]\n{arrival}\n[fields.t]\ntype = "timestamp"\n')
    period = plans.longest(bundle)
    assert period is not None
    agenda = plans.recorded(bundle, period, zone).agenda(
        lambda *key: np.random.default_rng([seed, *key]), MONDAY_NS - 1
    )
    stop_ns = MONDAY_NS + round(days * DAY_NS)
    found = [stretch.event_ns for stretch in agenda.due(stop_ns)]
    return (np.concatenate(found) - MONDAY_NS) / NS_PER_S


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
    ],
)
def test_what_does_not_go_together_is_told(arrival, said):
    with pytest.raises(ValueError, match=said):
        instants(arrival, 1)
