"""Every generator is a function of key, seq and time: the order and the blocks of the asking make no difference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.series.filtered import Response
from agent.series.moments import Maker, Moments
from agent.series.regimes import Chain
from agent.series.terms import FollowTerm, LevelTerm, SeasonalTerm, TrendTerm, WalkTerm
from tests.agent.series.asked import KEY, are_independent, moments, played
from tests.bundles import make_bundle

BUNDLE = make_bundle()
MAKERS: dict[str, Maker] = {
    "white noise": Response(np.array([2.0])),
    "an autoregression": Response(0.9 ** np.arange(200)),
    "long memory": Response(0.99 ** np.arange(1500)),
    "a walk": WalkTerm(std=0.5, start=3).load(BUNDLE),
    "a walk between walls": WalkTerm(std=0.5, low=-1, high=2).load(BUNDLE),
    "regimes": Chain(np.array([[0.9, 0.1, 0.0], [0.0, 0.5, 0.5], [0.2, 0.2, 0.6]])),
    "a season": SeasonalTerm(amplitude=2, period_s=86_400, phase=0.3).load(BUNDLE),
    "a trend": TrendTerm(per_day=3, start="2026-01-01T00:00:00Z").load(BUNDLE),
    "a level": LevelTerm(value=4).load(BUNDLE),
    "a follower": FollowTerm(column="x", slope=0.1, origin=7).load(BUNDLE),
}
CHANCE = list(MAKERS)[:6]
PARTS = st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 1500)), min_size=1, max_size=8)


def at(first: int, count: int) -> Moments:
    """Readings of which each has a time and a row of its own."""
    seq = range(first, first + count)
    times = np.arange(first, first + count) * 613.25 + 1.7e9
    return moments(seq, times, times + 3600, x=np.sin(np.arange(first, first + count) % 1000))


@pytest.mark.parametrize("name", MAKERS)
@given(parts=PARTS, start=st.sampled_from([0, 1, 1000, 2**20 - 3000, 2**40, 2**53 - 6500]))
@settings(max_examples=25)
def test_any_part_asked_at_any_time_is_the_same_again(name: str, parts: list[tuple[int, int]], start: int):
    one = MAKERS[name](KEY)
    for first, count in parts:
        fresh = MAKERS[name](KEY).values(at(start + first, count))
        assert one.values(at(start + first, count)).tobytes() == fresh.tobytes()


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("start", [0, 2**40 - 1500])
def test_one_at_a_time_is_the_same_as_all_at_once(name: str, start: int):
    one = MAKERS[name](KEY)
    singles = np.concatenate([one.values(at(start + place, 1)) for place in range(3000)])
    assert singles.tobytes() == MAKERS[name](KEY).values(at(start, 3000)).tobytes()


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("seq", [0, 1, 1023, 1024, 2**53 - 1, 2**53])
def test_every_seq_has_a_value(name: str, seq: int):
    (value,) = MAKERS[name](KEY).values(at(seq, 1)).tolist()
    assert np.isfinite(value)


@pytest.mark.parametrize("name", CHANCE)
def test_readings_that_are_far_apart_are_as_they_are_alone(name: str):
    seqs = [0, 5, 6, 1023, 1024, 2**30, 2**30 + 1, 2**50]
    together = MAKERS[name](KEY).values(moments(seqs))
    assert together.tolist() == [played(MAKERS[name], 1, first=seq)[0] for seq in seqs]


@pytest.mark.parametrize("name", CHANCE)
def test_two_keys_have_nothing_in_common(name: str):
    count = 2000
    pairs = [
        [np.sign(np.diff(played(MAKERS[name], count, key + at))).sum() for key in range(0, 800, 2)] for at in (0, 1)
    ]
    one, other = (np.array(sums, float) - np.mean(sums) for sums in pairs)
    if one.any() and other.any():
        assert are_independent(one / one.std(), other / other.std())
    assert played(MAKERS[name], count, 0).tobytes() != played(MAKERS[name], count, 1).tobytes()
