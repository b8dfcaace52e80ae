from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import NS_PER_S
from agent.models.registry import sampler_of
from agent.modes.calendar import (
    Agenda,
    choose_period,
    coverage_problem,
    draw_counts,
    draw_times,
    period_bounds,
)
from agent.player import Player
from tests.bundles import LOCAL, make_bundle

BRUSSELS = ZoneInfo("Europe/Brussels")
DAY_NS = 86_400 * NS_PER_S


def ns(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * NS_PER_S


def player(seed: int = 1, **options) -> Player:
    zone = options.pop("zone", None)
    bundle = make_bundle(**options)
    return Player("climate", bundle, sampler_of(bundle), [seed], zone=zone)


@pytest.mark.parametrize(
    ("period", "zone", "start", "stop"),
    [
        ("day", UTC, "2025-06-12T00:00:00Z", "2025-06-13T00:00:00Z"),
        ("week", UTC, "2025-06-09T00:00:00Z", "2025-06-16T00:00:00Z"),
        ("month", UTC, "2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z"),
        ("day", BRUSSELS, "2025-06-12T00:00:00+02:00", "2025-06-13T00:00:00+02:00"),
        ("day", timezone(timedelta(hours=-12)), "2025-06-12T00:00:00-12:00", "2025-06-13T00:00:00-12:00"),
    ],
)
def test_periods_begin_at_local_midnight(period, zone, start, stop):
    assert period_bounds(period, ns("2025-06-12T12:00:00Z"), zone) == (ns(start), ns(stop))


def test_the_day_of_the_change_to_summer_time_has_23_hours():
    start, stop = period_bounds("day", ns("2025-03-30T12:00:00Z"), BRUSSELS)
    assert stop - start == 23 * 3600 * NS_PER_S


def test_december_is_followed_by_january():
    assert period_bounds("month", ns("2025-12-31T12:00:00Z"), UTC)[1] == ns("2026-01-01T00:00:00Z")


def test_midnight_is_that_of_the_timezone_else_of_the_recordings_offset():
    assert player().local is UTC
    assert player(time_format=LOCAL | {"offset_s": 7200}).local == timezone(timedelta(hours=2))
    assert player(time_format=LOCAL | {"offset_s": 7200}, zone=BRUSSELS).local is BRUSSELS


def test_counts_keep_their_means_and_are_the_whole_numbers_beside_them():
    means = np.array([0.0, 2.0, 0.25, 3.5])
    rng = np.random.default_rng(0)
    counts = np.array([draw_counts(means, rng) for _ in range(4000)])
    assert counts.mean(axis=0) == pytest.approx(means, abs=0.05)
    assert [set(column) for column in counts.T.tolist()] == [{0}, {2}, {0, 1}, {3, 4}]


@given(count=st.integers(0, 1000), seed=st.integers(0, 100))
def test_the_readings_of_a_bin_share_it_evenly(count, seed):
    times = draw_times(count, 600 * NS_PER_S, np.random.default_rng(seed))
    assert (times * count // (600 * NS_PER_S) == np.arange(count)).mean() > 0.99 if count else len(times) == 0
    assert bool(np.all(np.diff(times) > 0))


def test_another_seed_gives_other_instants():
    noon, night = ns("2025-06-12T12:00:00Z"), ns("2025-06-12T23:00:00Z")
    agendas = [Agenda(player(seed, periods={"day": 2.5}), "day", noon) for seed in (1, 1, 2)]
    one, same, other = ([t for s in agenda.due(night) for t in s.event_ns] for agenda in agendas)
    assert one == same
    assert not set(one) & set(other)


def test_resuming_in_the_middle_gives_the_rows_that_an_unbroken_run_gives():
    noon, evening, night = (ns(f"2025-06-12T{time}Z") for time in ("12:00:00", "18:00:00", "23:00:00"))

    def temperatures(agenda: Agenda, until: int) -> list[str]:
        texts = [text for stretch in agenda.due(until) for text in agenda.play(stretch, until).texts]
        return [text.split('"id"')[0].split('"time"')[1] for text in texts]

    unbroken = Agenda(player(periods={"day": 2.5}), "day", noon)
    temperatures(unbroken, evening)
    resumed = Agenda(player(periods={"day": 2.5}), "day", evening)
    assert temperatures(unbroken, night) == temperatures(resumed, night)


def test_every_instant_is_due_once_across_midnight_and_days_differ():
    start = ns("2025-06-12T12:00:00Z")
    agenda = Agenda(player(periods={"day": 1.5}), "day", start)
    stretches = [s for hours in range(1, 73) for s in agenda.due(start + hours * 3600 * NS_PER_S)]
    times = [time for stretch in stretches for time in stretch.event_ns]
    assert times == sorted(set(times))
    assert start < times[0] <= times[-1] <= start + 3 * DAY_NS
    assert len(times) == pytest.approx(3 * 144 * 1.5, rel=0.1)
    at_once = Agenda(player(periods={"day": 1.5}), "day", start).due(start + 3 * DAY_NS)
    assert [time for stretch in at_once for time in stretch.event_ns] == times
    days = [{time % DAY_NS for time in times if time // DAY_NS == day} for day in {time // DAY_NS for time in times}]
    assert not set.intersection(*days)


def test_seq_is_gapless_across_periods():
    agenda = Agenda(player(periods={"day": 1.0}), "day", ns("2025-06-12T12:00:00Z"))
    played = [agenda.play(stretch, 0) for stretch in agenda.due(ns("2025-06-15T12:00:00Z"))]
    assert len(played) == 3 * 144
    assert [part.first_seq for part in played[1:]] == [part.first_seq + len(part.texts) for part in played[:-1]]


def test_a_short_month_drops_the_bins_it_does_not_have():
    agenda = Agenda(player(periods={"month": 1.0}), "month", ns("2025-02-01T00:00:00Z"))
    times = [time for stretch in agenda.due(ns("2025-03-01T00:00:00Z")) for time in stretch.event_ns]
    assert len([time for time in times if time < ns("2025-03-01T00:00:00Z")]) == pytest.approx(28 * 24, abs=1)


def test_a_day_of_25_hours_is_silent_in_its_last_hour():
    start = ns("2025-10-26T00:00:00+02:00")
    agenda = Agenda(player(periods={"day": 1.0}, zone=BRUSSELS), "day", start - 1)
    times = [time for stretch in agenda.due(start + 25 * 3600 * NS_PER_S - 1) for time in stretch.event_ns]
    assert len(times) == 144
    assert times[-1] < start + 24 * 3600 * NS_PER_S


def test_a_bundle_that_does_not_cover_the_period_says_what_to_do():
    bundle = make_bundle(periods={"day": 1.0})
    assert coverage_problem(bundle, "day") is None
    assert coverage_problem(bundle, None) is None
    told = coverage_problem(bundle, "week")
    assert told is not None
    assert "spans 0:02:00 and covers day, not a week; set period to day, or record longer" in told
    told = coverage_problem(make_bundle(), None)
    assert told is not None
    assert 'covers no period; use mode = "sensor"' in told


def test_the_longest_period_is_chosen_when_none_is_set():
    bundle = make_bundle(periods={"day": 1.0, "week": 1.0})
    assert choose_period(bundle, None) == "week"
    assert choose_period(bundle, "day") == "day"


def test_a_day_whose_midnight_comes_twice_begins_at_the_first():
    zone = ZoneInfo("America/Havana")  # 2026-11-01: at 01:00 the clocks go back to 00:00
    second_half_past = ns("2026-11-01T05:30:00Z")
    assert datetime.fromtimestamp(second_half_past // NS_PER_S, zone).fold == 1
    start, stop = period_bounds("day", second_half_past, zone)
    assert (start, stop) == (ns("2026-11-01T04:00:00Z"), ns("2026-11-02T05:00:00Z"))
