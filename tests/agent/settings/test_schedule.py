from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.settings.schedule import DAY_MIN, DAYS, Window, refuse_overlap, weekly

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]


def window(per_hour: float = 60.0, start: str | None = None, stop: str | None = None, days: Any = None) -> Window:
    named = {"from": start, "to": stop, "days": days}
    return Window.model_validate({"per_hour": per_hour} | {key: value for key, value in named.items() if value})


def test_office_hours_and_what_is_left_of_those_days():
    rates = weekly([window(1000, "09:00", "18:00", WEEKDAYS), window(100, days=WEEKDAYS)])
    assert len(rates) == 7 * DAY_MIN
    for minute, rate in enumerate(rates):
        day, hour = minute // DAY_MIN, minute % DAY_MIN // 60
        assert rate == (0 if day >= 5 else 1000 if 9 <= hour < 18 else 100)


def test_a_window_may_go_on_into_the_day_after_even_from_sunday_to_monday():
    rates = weekly([window(6, "22:30", "01:00", ["sun"])])
    busy = [minute for minute, rate in enumerate(rates) if rate]
    assert busy == [*range(60), *range(6 * DAY_MIN + 22 * 60 + 30, 7 * DAY_MIN)]


def test_a_day_ends_at_twenty_four_hours():
    assert sum(weekly([window(1, "00:00", "24:00", ["tue"])])) == DAY_MIN


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (window(1, "09:00", "12:00"), window(1, "11:59", "13:00", ["tue"])),
        (window(1, "22:00", "02:00", ["sun"]), window(1, "01:00", "03:00", ["mon"])),
        (window(1), window(2, days=["sat"])),
    ],
)
def test_windows_that_overlap_are_refused_with_both_named(one, other):
    with pytest.raises(ValueError, match="overlap") as error:
        refuse_overlap([one, other])
    assert str(one) in str(error.value)
    assert str(other) in str(error.value)


def test_windows_that_touch_and_what_is_left_do_not_overlap():
    assert refuse_overlap([window(1, "09:00", "12:00"), window(1, "12:00", "13:00"), window(2)])


@pytest.mark.parametrize(
    ("start", "stop", "told"),
    [
        ("9:00", "10:00", "must be a time of day"),
        ("09:60", "10:00", "must be a time of day"),
        ("25:00", "26:00", "must be a time of day"),
        ("24:01", "10:00", "must be a time of day"),
        ("24:00", "10:00", "is the day after"),
        ("10:00", "10:00", "are the same time"),
        ("10:00", None, "needs both from and to"),
        (None, "10:00", "needs both from and to"),
        ("٠٩:٠٠", "10:00", "must be a time of day"),
    ],
)
def test_times_that_are_none_are_told_with_what_to_write(start, stop, told):
    with pytest.raises(ValidationError, match=told):
        window(1, start, stop)


@given(minutes=st.tuples(st.integers(0, 1439), st.integers(1, 1440)), days=st.sets(st.sampled_from(DAYS), min_size=1))
def test_a_window_holds_as_many_minutes_as_it_says(minutes, days):
    start, stop = minutes
    if start == stop:
        return
    clock = lambda minute: f"{minute // 60:02d}:{minute % 60:02d}"  # noqa: E731
    rates = weekly([window(1, clock(start), clock(stop), sorted(days))])
    assert sum(rates) == len(days) * ((stop - start) % DAY_MIN or DAY_MIN)
