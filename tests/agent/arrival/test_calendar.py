from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.arrival.calendar import HOUR_NS, Rates
from agent.clock import NS_PER_S

BRUSSELS, LORD_HOWE = ZoneInfo("Europe/Brussels"), ZoneInfo("Australia/Lord_Howe")
DAY_NS = 24 * HOUR_NS


def ns(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * NS_PER_S


def numbered(period, zone, first_day=0) -> Rates:
    """Each hour has its own number as its rate, so that slices tell which hour they are of."""
    hours = {"day": 24, "week": 168, "month": 744}[period]
    return Rates.hourly(period, np.arange(float(hours)), zone, first_day)


@pytest.mark.parametrize(
    ("period", "zone", "first_day", "start", "stop"),
    [
        ("day", UTC, 0, "2025-06-12T00:00:00Z", "2025-06-13T00:00:00Z"),
        ("week", UTC, 0, "2025-06-09T00:00:00Z", "2025-06-16T00:00:00Z"),
        ("week", UTC, 2, "2025-06-11T00:00:00Z", "2025-06-18T00:00:00Z"),
        ("week", UTC, 4, "2025-06-06T00:00:00Z", "2025-06-13T00:00:00Z"),
        ("month", UTC, 0, "2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z"),
        ("month", UTC, 9, "2025-06-10T00:00:00Z", "2025-07-10T00:00:00Z"),
        ("month", UTC, 27, "2025-05-28T00:00:00Z", "2025-06-28T00:00:00Z"),
        ("day", BRUSSELS, 0, "2025-06-12T00:00:00+02:00", "2025-06-13T00:00:00+02:00"),
        ("day", timezone(timedelta(hours=-12)), 0, "2025-06-12T00:00:00-12:00", "2025-06-13T00:00:00-12:00"),
    ],
)
def test_periods_begin_at_local_midnight_of_their_first_day(period, zone, first_day, start, stop):
    assert numbered(period, zone, first_day).bounds(ns("2025-06-12T12:00:00Z")) == (ns(start), ns(stop))


@given(
    time=st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),
    period=st.sampled_from(["day", "week", "month"]),
    zone=st.sampled_from([UTC, BRUSSELS, LORD_HOWE, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Asia/Beirut")]),
    first_day=st.integers(0, 6),
)
def test_slices_fill_each_period_without_a_gap_and_periods_follow_each_other(time, period, zone, first_day):
    rates, time_ns = numbered(period, zone, first_day), round(time.replace(tzinfo=UTC).timestamp()) * NS_PER_S
    start, stop = rates.bounds(time_ns)
    assert start <= time_ns < stop
    assert rates.bounds(stop)[0] == stop
    assert rates.bounds(stop - 1) == (start, stop)
    slices = rates.slices(start, stop)
    assert [s.start_ns for s in slices] == [start, *(s.stop_ns for s in slices[:-1])]
    assert slices[-1].stop_ns == stop
    assert all(0 < s.length_ns <= HOUR_NS for s in slices)
    for s in slices:
        local = datetime.fromtimestamp(s.start_ns // NS_PER_S, zone)
        day = {"day": 0, "week": local.weekday(), "month": local.day - 1}[period]
        assert s.ticks == pytest.approx((day * 24 + local.hour) * s.length_ns / HOUR_NS)


def hours_played(rates: Rates, start: str, stop: str) -> list[float]:
    return [s.ticks for s in rates.slices(ns(start), ns(stop))]


def test_the_hour_that_summer_time_leaves_out_is_not_played():
    day = hours_played(numbered("day", BRUSSELS), "2025-03-30T00:00:00+01:00", "2025-03-31T00:00:00+02:00")
    assert day == [0, 1, *range(3, 24)]


def test_the_hour_that_comes_twice_is_played_twice():
    day = hours_played(numbered("day", BRUSSELS), "2025-10-26T00:00:00+02:00", "2025-10-27T00:00:00+01:00")
    assert day == [0, 1, 2, 2, *range(3, 24)]


def test_a_change_by_half_an_hour_cuts_slices_where_it_happens():
    day = hours_played(numbered("day", LORD_HOWE), "2025-10-05T00:00:00+10:30", "2025-10-06T00:00:00+11:00")
    assert day[:4] == [0, 1, 2 * 0.5, 3]
    day = hours_played(numbered("day", LORD_HOWE), "2025-04-06T00:00:00+11:00", "2025-04-07T00:00:00+10:30")
    assert day[:5] == [0, 1, 1 * 0.5, 2, 3]


@pytest.mark.parametrize(("month", "days"), [("2025-02", 28), ("2024-02", 29), ("2025-04", 30), ("2025-05", 31)])
def test_days_that_a_month_does_not_have_are_left_out(month, days):
    rates = numbered("month", UTC)
    played = [s.ticks for s in rates.slices(*rates.bounds(ns(f"{month}-15T00:00:00Z")))]
    assert played == list(range(days * 24))


def test_rates_may_change_within_an_hour():
    rates = Rates("day", np.array([0, 570, 615]), np.array([60.0, 600.0, 6.0]), UTC)
    found = rates.slices(ns("2025-06-12T09:00:00Z"), ns("2025-06-12T11:00:00Z"))
    assert [(s.length_ns // (60 * NS_PER_S), s.ticks) for s in found] == [(30, 30), (30, 300), (15, 150), (45, 4.5)]


def test_slices_of_many_ticks_are_short():
    rates = Rates.steady(3_600_000, UTC)
    assert max(s.ticks for s in rates.slices(*rates.bounds(0))) <= 60_000


def test_a_day_begins_at_local_midnight_alone():
    rates = numbered("week", BRUSSELS)
    beginnings = [s.start_ns for s in rates.slices(*rates.bounds(ns("2025-03-28T00:00:00Z"))) if s.begins_a_day]
    assert [datetime.fromtimestamp(b // NS_PER_S, BRUSSELS).date() for b in beginnings] == [
        date(2025, 3, 24) + timedelta(days=day) for day in range(7)
    ]
