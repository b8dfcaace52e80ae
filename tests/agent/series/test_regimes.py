import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import BundleError
from agent.series.bisection import BLOCK
from agent.series.regimes import MOST_STATES, Chain, powers, reachable, stationary
from tests.agent.series.asked import KEY, moments, played
from tests.bundles import make_bundle
from tests.chance import chi_square

COUNT = 400_000
TURNING = np.array([[0.9, 0.1, 0.0], [0.0, 0.5, 0.5], [0.2, 0.2, 0.6]])
CHAINS = {
    "turning": TURNING,
    "two": np.array([[0.7, 0.3], [0.1, 0.9]]),
    "swapping often": np.array([[0.1, 0.9], [0.9, 0.1]]),
    "never staying": (np.ones((4, 4)) - np.eye(4)) / 3,
    "independent": np.tile([0.2, 0.3, 0.5], (3, 1)),
}


def codes(chain: Chain, count: int = COUNT, key: int = KEY, first: int = 1) -> np.ndarray:
    return played(chain, count, key, first).astype(int)


def balanced(matrix: np.ndarray) -> np.ndarray:
    """The shares of the states, by an eigenvector."""
    values, vectors = np.linalg.eig(matrix.T)
    vector = np.real(vectors[:, np.argmin(np.abs(values - 1))])
    return vector / vector.sum()


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("first", [0, 2**40])
def test_states_follow_each_other_with_the_chances_of_the_chain(name: str, first: int):
    matrix, sample = CHAINS[name], codes(Chain(CHAINS[name]), first=first)
    for state, chances in enumerate(matrix):
        after = sample[1:][sample[:-1] == state]
        assert chi_square(np.bincount(after, minlength=len(matrix)), chances) < 1


@pytest.mark.parametrize("name", CHAINS)
def test_they_do_so_from_block_to_block(name: str):
    matrix, sample = CHAINS[name], codes(Chain(CHAINS[name]), BLOCK * 2000, first=0)
    last, next_ = sample[BLOCK - 1 :: BLOCK][:-1], sample[BLOCK::BLOCK]
    for state, chances in enumerate(matrix):
        assert chi_square(np.bincount(next_[last == state], minlength=len(matrix)), chances) < 1


@pytest.mark.parametrize("name", CHAINS)
def test_what_comes_next_does_not_hang_on_what_was_before(name: str):
    matrix, sample = CHAINS[name], codes(Chain(CHAINS[name]))
    for state, chances in enumerate(matrix):
        for before in range(len(matrix)):
            after = sample[2:][(sample[1:-1] == state) & (sample[:-2] == before)]
            if len(after):
                assert chi_square(np.bincount(after, minlength=len(matrix)), chances) < 1


@pytest.mark.parametrize("seq", [0, 1, 1000, 2**40])
def test_it_has_always_been_running(seq: int):
    chain = Chain(TURNING)
    sample = np.array([chain(key).values(moments([seq]))[0] for key in range(3000)], int)
    assert chi_square(np.bincount(sample, minlength=3), balanced(TURNING)) < 1


@pytest.mark.parametrize("state", range(3))
def test_how_long_a_state_lasts_is_geometric(state: int):
    sample = codes(Chain(TURNING))
    turns = np.flatnonzero(np.diff(sample)) + 1
    stays = np.diff(turns)[sample[turns[:-1]] == state]
    stay = TURNING[state, state]
    shares = (1 - stay) * stay ** np.arange(15)
    counts = np.bincount(np.minimum(stays, 16) - 1, minlength=16)
    assert chi_square(counts, np.append(shares, stay**15)) < 1


def test_states_that_stay_for_a_million_readings_are_there_at_once():
    chain = Chain(np.array([[1 - 1e-6, 1e-6], [2e-6, 1 - 2e-6]]))
    begun = time.perf_counter()
    sample = np.array([chain(key).values(moments([2**45 + key]))[0] for key in range(1000)], int)
    assert time.perf_counter() - begun < 10
    assert chi_square(np.bincount(sample, minlength=2), np.array([2 / 3, 1 / 3])) < 1


def test_they_last_a_million_readings_on_average():
    chain = Chain(np.array([[1 - 1e-6, 1e-6], [1e-6, 1 - 1e-6]]))
    samples = [chain(key).values(moments([0, 300_000, 300_001])) for key in range(3000)]
    same = np.array([sample[0] == sample[1] for sample in samples])
    expected = (1 + np.exp(-0.6)) / 2
    assert chi_square(np.bincount(same, minlength=2), np.array([1 - expected, expected])) < 1


def test_states_that_take_turns_do_so_for_ever_and_begin_with_either():
    chain = Chain(np.array([[0.0, 1.0], [1.0, 0.0]]))
    for first in (0, 2**40 + 1):
        assert (np.diff(codes(chain, 5000, first=first)) != 0).all()
    starts = [int(chain(key).values(moments([0]))[0]) for key in range(2000)]
    assert chi_square(np.bincount(starts), np.array([0.5, 0.5])) < 1


@pytest.mark.parametrize("states", [3, MOST_STATES])
def test_a_ring_is_run_through_in_order(states: int):
    sample = codes(Chain(np.roll(np.eye(states), 1, axis=1)), 5000, first=2**45)
    assert (np.diff(sample) % states == 1).all()


@given(st.integers(2, 8), st.integers(0, 10**6))
@settings(max_examples=40)
def test_impossible_turns_never_occur_and_shares_are_in_balance(states: int, seed: int):
    rng = np.random.default_rng(seed)
    matrix = rng.random((states, states)) ** 3 * (rng.random((states, states)) < 0.5)
    matrix += np.roll(np.eye(states), 1, axis=1) * 0.1
    matrix /= matrix.sum(axis=1, keepdims=True)
    sample = codes(Chain(matrix), 3000, first=seed)
    assert (matrix[sample[:-1], sample[1:]] > 0).all()
    shares = stationary(matrix)
    assert shares.sum() == pytest.approx(1)
    assert shares @ matrix == pytest.approx(shares)


def test_states_that_stay_long_have_exact_shares():
    matrix = np.array([[1 - 1e-9, 1e-9], [3e-9, 1 - 3e-9]])
    assert stationary(matrix) == pytest.approx([0.75, 0.25], rel=1e-12)


@pytest.mark.parametrize("name", CHAINS)
def test_transitions_over_many_steps_are_exact_and_lead_to_the_shares(name: str):
    matrix, over = CHAINS[name], powers(CHAINS[name])
    assert over[3] == pytest.approx(np.linalg.matrix_power(matrix, 8), rel=1e-12)
    assert np.abs(over.sum(axis=2) - 1).max() < 1e-14
    assert over[-1] == pytest.approx(np.tile(stationary(matrix), (len(matrix), 1)))


def test_a_state_is_reached_in_one_step_or_by_way_of_others():
    oneway = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    assert reachable(oneway).astype(int).tolist() == [[1, 1, 1], [0, 1, 1], [0, 0, 1]]
    assert reachable(np.roll(np.eye(MOST_STATES), 1, axis=1)).all()


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (None, "missing"),
        (np.array([[np.nan, 1.0], [1.0, 0.0]]), "NaN"),
        (np.array([[1, 0], [0, 1]]), "int64"),
        (np.ones(4) / 4, "shape"),
        (np.full((2, 3), 1 / 3), "shape"),
        (np.ones((1, 1)), "2 to 64 states"),
        (np.empty((0, 0)), "2 to 64 states"),
        (np.full((65, 65), 1 / 65), "2 to 64 states"),
        (np.array([[1.5, -0.5], [0.5, 0.5]]), "negative"),
        (np.array([[0.5, 0.5], [0.5, 0.5 + 1e-8]]), "add up"),
        (np.array([[0.5, 0.5], [0.0, 0.0]]), "add up"),
        (np.eye(2), "reached"),
        (np.array([[0.5, 0.5], [0.0, 1.0]]), "reached"),
    ],
)
def test_transitions_that_are_none_are_refused(array: np.ndarray | None, problem: str):
    timing = {} if array is None else {"series/regimes/0": array}
    with pytest.raises(BundleError, match=rf"series/regimes/0.*{problem}"):
        Chain.load(make_bundle(timing=timing), "series/regimes/0")


def test_chances_too_small_to_reckon_with_are_refused_and_do_no_harm():
    up = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 1e-300], [1e-300, 1.0, 0.0]])
    with pytest.raises(BundleError, match="too small"):
        Chain.load(make_bundle(timing={"series/regimes/0": up}), "series/regimes/0")


def test_rows_that_miss_1_by_rounding_are_taken():
    chain = Chain.load(make_bundle(timing={"series/regimes/7": np.full((3, 3), 0.3333333333)}), "series/regimes/7")
    assert chain.states == 3
    assert set(codes(chain, 1000)) == {0, 1, 2}
