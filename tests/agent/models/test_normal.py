import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.models.normal import Condition, Normal, truncated
from tests.chance import ks

INF = math.inf
SIGNS = np.array([[1, 0.8, -0.3], [0.8, 1, 0.2], [-0.3, 0.2, 1]])


class Chosen:
    """A generator whose normals are given: rows of zeros show the mean, the unit matrix shows the spread."""

    def __init__(self, normals: np.ndarray) -> None:
        self._normals = normals

    def standard_normal(self, shape: tuple[int, int]) -> np.ndarray:
        assert self._normals.shape == shape
        return self._normals


def moments(normal: Normal, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """The exact mean and covariance of what is drawn."""
    mean = normal.draw(1, Chosen(np.zeros((1, columns))))[0]  # type: ignore[arg-type]
    mix = normal.draw(columns, Chosen(np.eye(columns))) - mean  # type: ignore[arg-type]
    return mean, mix.T @ mix


def correlation(columns: int, seed: int, rank: int | None = None) -> np.ndarray:
    factor = np.random.default_rng(seed).normal(size=(columns, rank or columns))
    factor /= np.sqrt((factor**2).sum(axis=1, keepdims=True))
    return factor @ factor.T


def point(column: int, z: float) -> Condition:
    return Condition(column, np.array([z]), np.array([z]))


def between(column: int, *ends: tuple[float, float]) -> Condition:
    low, high = np.array(ends).T
    return Condition(column, low, high)


def inside(z: np.ndarray, condition: Condition) -> np.ndarray:
    return ((z[:, None] >= condition.low) & (z[:, None] <= condition.high)).any(axis=1)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_without_conditions_the_covariance_is_the_one_given(columns, seed):
    covariance = correlation(columns, seed)
    mean, found = moments(Normal(covariance, []), columns)
    assert mean.tolist() == [0] * columns
    assert found == pytest.approx(covariance, abs=1e-9)


@given(st.data(), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_known_points_give_the_mean_and_covariance_of_theory(data, columns, seed):
    covariance = correlation(columns, seed)
    places = data.draw(st.lists(st.integers(0, columns - 1), unique=True, min_size=1))
    known = np.array(data.draw(st.lists(st.floats(-4, 4), min_size=len(places), max_size=len(places))))
    mean, found = moments(Normal(covariance, [point(p, z) for p, z in zip(places, known, strict=True)]), columns)
    # Eaton, "Multivariate Statistics" (1983), proposition 3.13
    gain = covariance[:, places] @ np.linalg.pinv(covariance[np.ix_(places, places)])
    scale = np.linalg.cond(covariance[np.ix_(places, places)])
    assert mean == pytest.approx(gain @ known, rel=1e-9, abs=1e-12 * scale)
    assert found == pytest.approx(covariance - gain @ covariance[places], abs=1e-8 + 1e-13 * scale)


def test_the_covariance_that_was_given_stays_as_it_was():
    covariance = SIGNS.copy()
    Normal(covariance, [point(0, 1.0), between(1, (0, 1))])
    assert np.array_equal(covariance, SIGNS)


@pytest.mark.parametrize("ends", [[(0.5, INF)], [(-INF, -1)], [(-0.3, 0.2)], [(-INF, -1.5), (0, 0.1), (2, INF)]])
def test_intervals_give_what_rejecting_from_the_unconditioned_normal_gives(ends):
    rng = np.random.default_rng(1)
    condition = between(0, *ends)
    every = rng.standard_normal((400_000, 3)) @ np.linalg.cholesky(SIGNS).T
    kept = every[inside(every[:, 0], condition)]
    drawn = Normal(SIGNS, [condition]).draw(20_000, rng)
    assert inside(drawn[:, 0], condition).all()
    for direction in (*np.eye(3), np.array([1, 1, 1]), np.array([1, -2, 0.5])):
        assert ks(drawn @ direction, kept @ direction) < 1


def test_a_point_and_an_interval_give_the_interval_of_what_the_point_leaves():
    rng = np.random.default_rng(2)
    conditions = [between(1, (-INF, 0), (1, 1.5)), point(0, 0.7)]
    drawn = Normal(SIGNS, conditions).draw(20_000, rng)
    assert drawn[:, 0] == pytest.approx(0.7)
    assert inside(drawn[:, 1], conditions[0]).all()
    left = 0.8 * 0.7 + 0.6 * rng.standard_normal(200_000)
    assert ks(drawn[:, 1], left[inside(left, conditions[0])]) < 1


def test_of_two_intervals_the_first_holds_and_the_second_is_left_to_the_caller():
    drawn = Normal(SIGNS, [between(0, (1, 2)), between(2, (1, 2))]).draw(2000, np.random.default_rng(3))
    assert inside(drawn[:, 0], between(0, (1, 2))).all()
    assert not inside(drawn[:, 2], between(2, (1, 2))).all()


def test_a_column_that_others_determine_follows_them():
    covariance = correlation(4, 5, rank=2)  # two columns say what the other two are
    conditions = [point(0, 1.2), point(1, -0.4), point(2, 3.0)]
    drawn = Normal(covariance, conditions).draw(100, np.random.default_rng(4))
    weights = covariance[2:, :2] @ np.linalg.inv(covariance[:2, :2])
    assert drawn[:, :2] == pytest.approx(np.tile([1.2, -0.4], (100, 1)), abs=1e-6)
    assert drawn[:, 2:] == pytest.approx(np.tile(weights @ [1.2, -0.4], (100, 1)), abs=1e-4)


@pytest.mark.parametrize("sign", [1, -1])
def test_twins_lie_in_the_interval_of_one_of_them(sign):
    covariance = np.array([[1.0, sign], [sign, 1.0]])
    drawn = Normal(covariance, [between(0, (1, 1.5)), between(1, (-9, 9))]).draw(1000, np.random.default_rng(5))
    assert inside(drawn[:, 0], between(0, (1, 1.5))).all()
    assert drawn[:, 1] == pytest.approx(sign * drawn[:, 0], abs=1e-6)


def test_an_interval_for_a_column_that_is_known_already_changes_nothing():
    covariance = np.ones((2, 2))
    drawn = Normal(covariance, [point(0, 0.5), between(1, (2, 3))]).draw(10, np.random.default_rng(6))
    assert drawn == pytest.approx(0.5, abs=1e-6)


ENDS = st.floats(-60, 60) | st.sampled_from([-INF, INF, 0.0, -0.0, 8.3, -8.3, 38.0, -38.0])


@settings(max_examples=300)
@given(st.lists(st.tuples(ENDS, ENDS).filter(lambda ends: ends[0] < ends[1]), min_size=1, max_size=3))
def test_what_is_truncated_is_finite_and_in_an_interval(ends):
    condition = between(0, *ends)
    drawn = truncated(condition.low, condition.high, 20, np.random.default_rng(7))
    assert np.isfinite(drawn).all()
    assert ((drawn[:, None] >= condition.low - 1e-9) & (drawn[:, None] <= condition.high + 1e-9)).any(axis=1).all()


@pytest.mark.parametrize("low", [6.0, 12.0, 25.0, 36.0])
def test_far_in_both_tails_the_mean_is_that_of_theory(low):
    count = 20_000
    density, tail = math.exp(-low * low / 2) / math.sqrt(2 * math.pi), 0.5 * math.erfc(low / math.sqrt(2))
    expected = density / tail  # Johnson, Kotz, Balakrishnan, "Continuous Univariate Distributions" 1 (1994), 13.134
    for ends, sign in (((low, INF), 1), ((-INF, -low), -1)):
        drawn = sign * truncated(*np.array([ends]).T, count, np.random.default_rng(8))
        assert drawn.min() >= low
        assert drawn.mean() - low == pytest.approx(expected - low, rel=4 / math.sqrt(count))
        assert len(np.unique(drawn)) > 0.9 * count


def test_each_interval_comes_as_often_as_it_is_likely():
    drawn = truncated(np.array([-2.0, 0.0, 20.0]), np.array([-1.0, 0.5, 21.0]), 50_000, np.random.default_rng(9))
    masses = [math.erf(2 / math.sqrt(2)) / 2 - math.erf(1 / math.sqrt(2)) / 2, math.erf(0.5 / math.sqrt(2)) / 2]
    assert (drawn < 0).mean() == pytest.approx(masses[0] / sum(masses), abs=0.01)
    assert (drawn < 1).all()


@pytest.mark.parametrize("ends", [[(8.5, 9), (9, 10)], [(-10, -9), (-9, -8.5)]])
def test_of_two_far_intervals_the_nearer_one_comes_more_often(ends):
    low, high = np.array(ends).T
    drawn = np.abs(truncated(low.astype(float), high.astype(float), 20_000, np.random.default_rng(10)))
    nearer = 1 - math.erfc(9 / math.sqrt(2)) / math.erfc(8.5 / math.sqrt(2))
    assert (drawn < 9).mean() == pytest.approx(nearer, abs=0.005)
