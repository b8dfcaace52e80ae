import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.series.bisection import BLOCK
from agent.series.walk import RandomWalk, folded
from tests.agent.series.asked import KEY, are_independent, is_normal, moments, played
from tests.chance import ks


def walk(key: int) -> RandomWalk:
    return RandomWalk(key, 1.0)


def values(seqs: list[int], keys: int) -> np.ndarray:
    """Of many walks, shape (keys, seqs)."""
    return np.array([walk(key).values(moments(seqs)) for key in range(keys)])


def test_a_walk_is_at_its_start_at_seq_0():
    assert RandomWalk(KEY, 2.0, 5.0).values(moments([0])).tolist() == [5.0]


@pytest.mark.parametrize("first", [0, 2**20, 2**40])
def test_its_steps_are_independent_standard_normals(first: int):
    steps = np.diff(played(walk, 200_001, first=first))
    assert is_normal(steps)
    for lag in (1, 2, 3, 4, 512, 1023, 1024, 1025):
        assert are_independent(steps[:-lag], steps[lag:])


def test_its_steps_from_block_to_block_are_like_all_others():
    path = played(walk, BLOCK * 4000 + 1, first=0)
    across, before = np.diff(path)[BLOCK - 1 :: BLOCK], np.diff(path)[BLOCK - 2 :: BLOCK]
    assert is_normal(across)
    assert are_independent(across, before)
    assert are_independent(across[:-1], across[1:])


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 1), (0, 1000), (3, 7), (1000, 1100), (1023, 1025), (5, 2**20), (2**40, 2**40 + 3), (2**52, 2**53)],
)
def test_it_gets_as_far_as_a_walk_of_so_many_steps(start: int, stop: int):
    ends = values([start, stop], 2000)
    assert is_normal((ends[:, 1] - ends[:, 0]), float(np.sqrt(stop - start)))


def test_where_it_goes_does_not_hang_on_where_it_is():
    here, there = values([700, 1900], 2000).T
    assert are_independent(here / np.sqrt(700), (there - here) / np.sqrt(1200))


def test_std_and_start_scale_and_shift_it():
    scaled = RandomWalk(KEY, 3.0, -7.0).values(moments(range(5000)))
    assert scaled == pytest.approx(3 * walk(KEY).values(moments(range(5000))) - 7, rel=1e-12)


@given(st.floats(-1e15, 1e15), st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_walls_are_never_passed(free: float, low: float, width: float):
    high = low + width + 1e-3
    assert low <= folded(np.array([free]), low, high)[0] <= high
    assert folded(np.array([free]), low, np.inf)[0] >= low
    assert folded(np.array([free]), -np.inf, high)[0] <= high


def test_between_the_walls_nothing_changes_and_beyond_them_it_is_mirrored():
    free = np.array([-3.5, -1.5, -1.0, 0.25, 2.0, 2.5, 5.5, 8.25])
    assert folded(free, -1.0, 2.0).tolist() == [1.5, -0.5, -1.0, 0.25, 2.0, 1.5, -0.5, 2.0 - 0.25]
    assert folded(free, -1.0, np.inf).tolist() == [1.5, -0.5, -1.0, 0.25, 2.0, 2.5, 5.5, 8.25]
    assert folded(free, -np.inf, 2.0).tolist() == [-3.5, -1.5, -1.0, 0.25, 2.0, 1.5, -1.5, -4.25]


def test_between_two_walls_a_walk_is_everywhere_as_often_in_the_long_run():
    def bounded(key: int) -> RandomWalk:
        return RandomWalk(key, 0.5, 9.0, 3.0, 10.0)

    path = played(bounded, 4_000_000)
    assert path.min() >= 3.0
    assert path.max() <= 10.0
    apart = path[::400]  # it forgets in about width**2 / (std**2 * pi**2 / 2) = 40 readings
    assert ks(apart, np.linspace(3.0, 10.0, 20_000)) < 1
    assert np.abs(np.diff(path)).max() < 0.5 * 6  # no jumps


def test_above_one_wall_a_walk_spreads_like_half_a_normal():
    ends = np.array([RandomWalk(key, 1.0, 0.0, 0.0).values(moments([400]))[0] for key in range(2000)])
    assert is_normal(ends * np.random.default_rng(0).choice([-1, 1], 2000), 20.0)
