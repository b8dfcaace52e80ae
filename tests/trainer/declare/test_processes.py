import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.series.filtered import Response
from agent.series.moments import Moments
from agent.series.regimes import Chain, stationary
from trainer.declare.processes import LONGEST, response, transitions


def played(maker, count: int) -> np.ndarray:
    times = np.zeros(count)
    return maker(7).values(Moments(range(1, count + 1), times, times))


def test_white_noise_is_one_weight():
    assert response([], [], 2.5).tolist() == [2.5]


def test_a_moving_average_is_its_own_response():
    assert response([], [0.5, -0.25], 2.0) == pytest.approx([2.0, 1.0, -0.5])


def test_an_autoregression_fades_by_its_coefficient():
    weights = response([0.5], [], 1.0)
    assert weights == pytest.approx(0.5 ** np.arange(len(weights)))
    assert 33 <= len(weights) <= 35  # 0.5**33 is 1.2e-10


@given(st.lists(st.floats(-0.95, 0.95), max_size=4), st.lists(st.floats(-2, 2), max_size=4), st.floats(0.01, 100))
def test_a_response_obeys_the_equation_of_its_series(roots: list[float], ma: list[float], std: float):
    ar = (-np.poly(roots)[1:]).tolist() if roots else []
    weights = response(ar, ma, std) / std
    inputs = [1.0, *ma, *[0.0] * len(weights)]
    for k in range(len(weights)):
        past = sum(c * weights[k - 1 - i] for i, c in enumerate(ar) if k - 1 - i >= 0)
        assert weights[k] == pytest.approx(past + inputs[k], abs=1e-9)


@pytest.mark.parametrize("coefficient", [0.3, -0.9, 0.999, 0.9996])
def test_next_to_nothing_of_the_memory_is_cut_off(coefficient: float):
    weights = response([coefficient], [], 1.0)
    assert len(weights) <= LONGEST
    left = abs(coefficient) ** len(weights)  # the norm of what is left, as a share of the whole
    assert 1e-10 * abs(coefficient) < left <= 1e-10 * (1 + 1e-6)


def test_the_norm_of_a_response_is_the_deviation_of_the_series():
    weights = response([1.2, -0.5], [0.3], 2.0)
    assert played(Response(weights), 200_000).std() == pytest.approx(np.linalg.norm(weights), rel=0.02)


@pytest.mark.parametrize(
    ("ar", "root"),
    [
        ([1.0], "1.00"),
        ([1.5], "1.50"),
        ([-1.0], "1.00"),
        ([2.0, -1.0], "1.00"),
        ([0.5, 0.6], "1.06"),
        ([0.0, 1.0], "1.00"),
    ],
)
def test_what_is_not_stationary_is_refused_and_told_why(ar: list[float], root: str):
    with pytest.raises(
        ValueError, match=rf"^ar: coefficients \[.*\] are not stationary \(a root of {root}\); use a random"
    ):
        response(ar, [], 1.0)


def test_a_root_that_a_moving_average_cancels_is_still_no_series():
    with pytest.raises(ValueError, match="not stationary"):
        response([1.0], [-1.0], 1.0)


@pytest.mark.parametrize("ar", [[0.9997], [0.99999], [1.9998, -0.99980001]])
def test_what_remembers_for_too_long_is_refused(ar: list[float]):
    with pytest.raises(ValueError, match=r"^ar: coefficients \[.*\] remember more than 65536 readings"):
        response(ar, [], 1.0)


@pytest.mark.parametrize(
    ("ar", "ma", "std", "problem"),
    [
        ([np.nan], [], 1.0, "ar: coefficients must be numbers"),
        ([], [np.inf], 1.0, "ma: coefficients must be numbers"),
        ([], [1e16], 1.0, "ma: coefficients must be numbers"),
        ([], [], -1.0, "std: must be 0 to"),
        ([], [], np.nan, "std: must be 0 to"),
        ([0.001] * 257, [], 1.0, "ar: 257 coefficients"),
        ([], [0.1] * LONGEST, 1.0, "ma: 65536 coefficients"),
        ([], [10.0], 1e15, "weights beyond 1e"),
    ],
)
def test_numbers_out_of_range_are_refused(ar: list[float], ma: list[float], std: float, problem: str):
    with pytest.raises(ValueError, match=problem):
        response(ar, ma, std)


def test_a_series_without_noise_stays_at_0():
    assert not response([0.5], [], 0.0).any()


def test_regimes_last_as_declared_and_are_followed_as_weighted():
    matrix = transitions([4, 1, 10], [{1: 3, 2: 1}, {2: 5}, {0: 1, 1: 1}])
    assert matrix == pytest.approx(np.array([[0.75, 0.1875, 0.0625], [0.0, 0.0, 1.0], [0.05, 0.05, 0.9]]))


def test_played_regimes_last_as_declared():
    codes = played(Chain(transitions([50, 200], [{1: 1}, {0: 1}])), 2_000_000)
    turns = np.flatnonzero(np.diff(codes)) + 1
    stays, which = np.diff(turns), codes[turns[:-1]]
    for state, mean in enumerate([50, 200]):
        times = stays[which == state]
        assert times.mean() == pytest.approx(mean, abs=4 * mean / np.sqrt(len(times)))


def test_the_longest_stays_keep_their_proportion():
    assert stationary(transitions([1e9, 3e9 / 10], [{1: 1}, {0: 1}])) == pytest.approx([10 / 13, 3 / 13], rel=1e-6)


def test_regimes_that_take_turns_are_played():
    codes = played(Chain(transitions([1, 1], [{1: 1}, {0: 1}])), 100)
    assert (np.diff(codes) != 0).all()


@given(st.integers(2, 64), st.data())
def test_what_is_made_is_a_chain_for_the_agent(count: int, data: st.DataObject):
    means = data.draw(st.lists(st.floats(1, 1e9), min_size=count, max_size=count))
    weights = data.draw(st.lists(st.floats(1e-3, 1e3), min_size=count, max_size=count))
    ring: list[dict[int, float]] = [{(place + 1) % count: weight} for place, weight in enumerate(weights)]
    for place, other in data.draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)))):
        ring[place] |= {other: 1.0} if other != place else {}
    matrix = transitions(means, ring)
    assert matrix.sum(axis=1) == pytest.approx(np.ones(count), abs=1e-12)
    assert (matrix >= 0).all()


@pytest.mark.parametrize(
    ("means", "following", "problem"),
    [
        ([5.0], [{}], "2 to 64"),
        ([5.0] * 65, [{0: 1}] * 65, "2 to 64"),
        ([5.0, 5.0], [{1: 1}], "what follows"),
        ([0.5, 5.0], [{1: 1}, {0: 1}], "regime calm: must last 1 to 1e\\+09 readings on average, not 0.5"),
        ([np.nan, 5.0], [{1: 1}, {0: 1}], "regime calm: must last"),
        ([2e9, 5.0], [{1: 1}, {0: 1}], "regime calm: must last"),
        ([5.0, 5.0], [{0: 1}, {0: 1}], "regime calm: cannot follow itself"),
        ([5.0, 5.0], [{1: 1}, {2: 1}], "regime storm: there is no regime 2"),
        ([5.0, 5.0], [{1: -1}, {0: 1}], "regime calm: the weight of regime storm must be above 0"),
        ([5.0, 5.0], [{1: np.nan}, {0: 1}], "regime calm: the weight of regime storm"),
        ([5.0, 5.0], [{1: 1}, {}], "regime storm: nothing follows it"),
        ([5.0, 5.0, 5.0], [{1: 1}, {0: 1}, {0: 1}], "regime calm: never leads to regime flood"),
        ([5.0, 5.0, 5.0], [{1: 1, 2: 1}, {2: 1}, {1: 1}], "regime storm: never leads to regime calm"),
    ],
)
def test_regimes_that_are_none_are_refused(means: list[float], following: list[dict[int, float]], problem: str):
    with pytest.raises(ValueError, match=problem):
        transitions(means, following, ["calm", "storm", "flood"][: len(means)])


def test_regimes_without_names_are_told_by_their_places():
    with pytest.raises(ValueError, match="regime 1: nothing follows it"):
        transitions([5.0, 5.0], [{1: 1}, {}])
