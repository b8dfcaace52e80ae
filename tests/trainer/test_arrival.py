"""Times that cannot all be right are refused, and quickly."""

import pytest

from agent.errors import RecordingError
from trainer.arrival import period


def test_one_time_of_the_year_1_is_named_and_not_counted_from() -> None:
    with pytest.raises(RecordingError, match=r"reach from 0001-01-01 to 2026-.*drop the odd ones"):
        period([-62_135_596_800 * 10**9, 1_772_000_000 * 10**9], 0)
