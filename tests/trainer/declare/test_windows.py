import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.declare.windows import DAYS, apart, hours_of, windows_of


def named(hours: frozenset[int]) -> list[str]:
    return [f"{DAYS[hour // 24]} {hour % 24}" for hour in sorted(hours)]


@pytest.mark.parametrize(
    ("window", "count", "first"),
    [
        ("mon-fri 09:00-18:00", 45, "mon 9"),
        ("sat,sun", 48, "sat 0"),
        ("wed", 24, "wed 0"),
        ("00:00-24:00", 168, "mon 0"),
        ("12:00-13:00", 7, "mon 12"),
        ("fri-mon 10:00-11:00", 4, "mon 10"),
        ("mon,wed-thu 08:00-08:00", 72, "mon 8"),
    ],
)
def test_a_window_is_days_hours_or_both(window, count, first):
    hours = hours_of(window)
    assert len(hours) == count
    assert named(hours)[0] == first


def test_a_window_that_ends_before_it_begins_goes_on_into_the_day_after_even_from_sunday_to_monday():
    assert named(hours_of("sun 22:00-02:00")) == ["mon 0", "mon 1", "sun 22", "sun 23"]
    assert named(hours_of("tue 23:00-01:00")) == ["tue 23", "wed 0"]


@pytest.mark.parametrize(
    "window",
    [
        "",
        " ",
        "mon tue",
        "09:00-18:00 mon",
        "mon-tue-wed",
        "monday",
        "9:00-18:00",
        "09:00",
        "24:00-25:00",
        "mon 09-18",
        "-",
    ],
)
def test_what_is_no_window_is_told_with_how_to_write_one(window):
    with pytest.raises(ValueError, match=r"is no window|on the hour"):
        hours_of(window)


@pytest.mark.parametrize(
    "window", ["09:30-18:00", "09:00-18:15", "24:00-25:00", "24:00-01:00", "23:00-25:00", "mon 00:00-24:30"]
)
def test_windows_begin_and_end_on_the_hour(window):
    with pytest.raises(ValueError, match="begin and end on the hour"):
        hours_of(window)


@given(st.text(max_size=30) | st.text("mon-fri,satu 0123456789:", max_size=30))
def test_any_text_is_hours_of_the_week_or_a_value_error(text):
    try:
        hours = hours_of(text)
    except ValueError:
        return
    assert hours
    assert all(0 <= hour < 168 for hour in hours)


@given(st.sampled_from(DAYS), st.sampled_from(DAYS), st.integers(0, 23), st.integers(0, 24))
def test_a_window_holds_the_hours_that_one_comes_through_on_the_way_to_its_end(first, last, start, stop):
    expected, day = set(), DAYS.index(first)
    while True:
        hour = start
        while True:
            expected.add((day * 24 + hour) % 168)
            hour += 1
            if hour % 24 == stop % 24:
                break
        if DAYS[day % 7] == last:
            break
        day += 1
    assert hours_of(f"{first}-{last} {start:02}:00-{stop:02}:00") == expected


def test_days_that_are_named_twice_count_once():
    assert hours_of("tue,mon-wed,tue") == hours_of("mon-wed")


@given(st.lists(st.frozensets(st.integers(0, 167), max_size=4), max_size=6))
def test_no_overlap_is_told_exactly_where_every_hour_has_one_window(windows):
    told = apart({str(place): hours for place, hours in enumerate(windows)})
    assert (told == []) == (len(frozenset().union(*windows)) == sum(map(len, windows)))


def test_windows_that_share_an_hour_are_told():
    windows = {
        name: hours_of(name) for name in ("mon", "mon-tue 08:00-09:00", "wed", "thu 23:00-01:00", "fri 00:00-02:00")
    }
    assert apart(windows) == [
        "'mon-tue 08:00-09:00' and 'mon' overlap; let one end where the other begins",
        "'fri 00:00-02:00' and 'thu 23:00-01:00' overlap; let one end where the other begins",
    ]


def test_overlaps_of_a_field_are_problems_beside_its_wrong_windows():
    problems: list[str] = []
    windows_of(["sat,sun", "24:00-25:00", "sun 10:00-11:00"], "[fields.x]", problems)
    assert [problem.partition(";")[0] for problem in problems] == [
        "[fields.x] when: '24:00-25:00': windows begin and end on the hour, from 00:00 to 24:00",
        "[fields.x] when: 'sun 10:00-11:00' and 'sat,sun' overlap",
    ]


def test_every_wrong_window_of_a_field_is_a_problem_and_the_others_are_kept():
    problems: list[str] = []
    assert set(windows_of(["mon", "never", "tue 9"], "[fields.x]", problems)) == {"mon"}
    assert [problem.split(";")[0] for problem in problems] == [
        "[fields.x] when: 'never' is no window: 'never' is no day (mon, tue, …, sun) and no span of days",
        "[fields.x] when: 'tue 9' is no window",
    ]
