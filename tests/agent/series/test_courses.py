from datetime import UTC, datetime

import numpy as np
import pytest

from agent.series.courses import Follower, Level, Line, Season
from tests.agent.series.asked import moments

DAY = 86_400.0
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp()


def test_a_level_is_the_same_everywhere():
    assert Level(4.5).values(moments([1, 2, 9])).tolist() == [4.5, 4.5, 4.5]


def test_a_season_is_highest_at_its_phase_of_local_time():
    local = NOON + np.array([0.0, 0.25, 0.5, 1.0, 4000.0]) * DAY
    season = Season(amplitude=2.0, period_s=DAY, phase=0.5)
    values = season.values(moments(range(5), local + 7200, local)).tolist()
    assert values == pytest.approx([2.0, 0.0, -2.0, 2.0, 2.0], abs=1e-12)
    assert values[0] == 2.0


def test_a_week_begins_on_the_thursday_of_1970():
    thursday = datetime(2026, 7, 2, tzinfo=UTC).timestamp()
    assert Season(1.0, 7 * DAY, 0.0).values(moments([1], [thursday])).tolist() == [1.0]


def test_a_season_of_a_tenth_of_a_second_keeps_its_digits():
    local = NOON + np.arange(8) / 64
    expected = np.cos(2 * np.pi * (np.arange(8) / 64) / 0.125)
    assert Season(1.0, 0.125, 0.0).values(moments(range(8), local)) == pytest.approx(expected, abs=1e-12)


def test_a_season_before_1970_goes_on_as_after():
    assert Season(1.0, DAY, 0.25).values(moments([1], [-0.75 * DAY])) == pytest.approx([1.0])


def test_a_trend_is_exact_at_whole_days_and_between():
    times = NOON + np.array([-3.0, 0.0, 0.5, 1.0, 365.0]) * DAY
    assert Line(0.1, NOON).values(moments(range(5), times)).tolist() == [0.1 * -3, 0.0, 0.05, 0.1, 36.5]


def test_a_follower_lies_on_its_line():
    values = Follower("x", -2.0, 10.0).values(moments(range(3), x=[10.0, 11.0, 4.0]))
    assert values.tolist() == [0.0, -2.0, 12.0]


def test_a_column_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match="y"):
        Follower("y", 1.0, 0.0).values(moments(range(3), x=[1.0, 2.0, 3.0]))
