"""Times are recognised in every format that recordings use."""

import pytest

from agent.message.times import TimeFormat
from trainer.learn.times import guess_time

SECOND = 1_000_000_000
AT = 1_626_171_098 * SECOND


@pytest.mark.parametrize(
    ("values", "pattern", "resolution_ns", "first_ns"),
    [
        (["07/13/2021, 10:11:38.276897"], "MM/DD/YYYY, hh:mm:ss.ffffff", 1000, AT + 276_897_000),
        (["2021-07-13T10:11:38.1210000Z"], "YYYY-MM-DDThh:mm:ss.fffffffZ", 1_000_000, AT + 121_000_000),
        (["2021-07-13T12:11:38+02:00"], "YYYY-MM-DDThh:mm:ss±hh:mm", SECOND, AT),
        (["2021-07-13 10:11:38"], "YYYY-MM-DD hh:mm:ss", SECOND, AT),
        (["2021-07-13 10:11:38.250"], "YYYY-MM-DD hh:mm:ss.fff", 1_000_000, AT + 250_000_000),
        (["13/07/2021 10:11"], "DD/MM/YYYY hh:mm", SECOND, AT - 38 * SECOND),
        ([1626171098], "epoch-s", SECOND, AT),
        ([1626171098.25], "epoch-s", 1_000_000, AT + 250_000_000),
        (["1626171098276"], "epoch-ms", 1_000_000, AT + 276_000_000),
        ([1626171098276897], "epoch-us", 1000, AT + 276_897_000),
        (["1626171098276897123"], "epoch-ns", 1, AT + 276_897_123),
    ],
)
def test_a_time_is_recognised_and_read(values, pattern, resolution_ns, first_ns) -> None:
    guess = guess_time("timestamp", values)
    assert guess is not None
    assert (guess.pattern, guess.resolution_ns) == (pattern, resolution_ns)
    assert guess.parse(values[0]) == first_ns


@pytest.mark.parametrize("values", [["12:30"], ["2021-13-40 10:00:00"], ["tv", "couch"], [1626171098, 17], ["0.5625"]])
def test_what_is_no_time_is_not_taken_for_one(values) -> None:
    assert guess_time("value", values) is None


def test_day_first_is_seen_by_a_day_beyond_twelve() -> None:
    guess = guess_time("date", ["03/04/2021 10:00", "25/04/2021 10:00"])
    assert guess == TimeFormat(pattern="DD/MM/YYYY hh:mm", local=True, resolution_ns=SECOND)
