from functools import cache
from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy.stats import spearmanr

from agent.models.tables import Segments
from trainer.declare.correlation import CorrelationError, Pair, Ranks, _projected, factor_of
from trainer.declare.distributions import of
from trainer.declare.tables import number_table, weights_table

ROWS = 50_000


def number(denominator, name, **parameters):
    return number_table(of({"name": name, **parameters}), denominator=denominator)


TABLES = {
    "normal": number(None, "normal", mean=20, std=5),
    "heavy": number(None, "student-t", df=1),
    "skewed": number(10, "exponential", mean=1),
    "many": number(1, "poisson", mean=1e6),
    "lumped": number(1, "student-t", df=1, scale=0.1),
    "coin": number(1, "bernoulli", p=0.5),
    "seldom": number(1, "bernoulli", p=0.05),
    "few": number(1, "poisson", mean=0.5),
    "kinds": weights_table([5, 2, 0, 3]),
    "still": number(None, "constant", value=3),
}
ROUNDED = ("many", "lumped")
PAIRS = list(combinations_with_replacement([name for name in TABLES if name != "still"], 2))


@cache
def ranks(name):
    return Ranks(TABLES[name], name in ROUNDED)


@cache
def noise(columns):
    return np.random.default_rng(5).standard_normal((ROWS, columns))


def factor(names, spearman, labels=None):
    return factor_of([TABLES[name] for name in names], labels or names, spearman, [name in ROUNDED for name in names])


def measured(names, root):
    """The rank correlations of rows that are drawn, shape (columns, columns)."""
    rows = Segments([TABLES[name] for name in names]).values(noise(len(names)) @ root.T)
    rounded = [name in ROUNDED for name in names]
    rows[:, rounded] = np.rint(rows[:, rounded])
    found = spearmanr(rows).statistic
    return found if len(names) > 2 else np.array([[1, found], [found, 1]])


def refused(names, spearman, labels=None):
    with pytest.raises(CorrelationError) as error:
        factor(names, spearman, labels)
    return error.value


def refused_if_impossible(names, spearman):
    try:
        factor(names, spearman)
    except CorrelationError as error:
        return error
    return None


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_pair_is_correlated_as_asked_up_to_what_it_can_be(one, other):
    pair = Pair(ranks(one), ranks(other))
    for number, share in enumerate((0.5, 0.98, -0.8, -1)):
        asked = abs(share) * (pair.high if share > 0 else pair.low)
        if (number + len(one) + len(other)) % 2:  # half of them, for time
            assert measured([one, other], factor([one, other], {(0, 1): asked}))[0, 1] == pytest.approx(asked, abs=0.02)


def test_columns_are_all_correlated_as_asked_and_not_where_nothing_is_asked():
    names = ["normal", "few", "still", "kinds", "skewed"]
    asked = {(0, 1): 0.6, (3, 0): -0.4, (3, 4): 0.3}
    root = factor(names, asked)
    found = measured([name for name in names if name != "still"], np.delete(np.delete(root, 2, 0), 2, 1))
    wanted = np.array([[1, 0.6, -0.4, 0], [0.6, 1, 0, 0], [-0.4, 0, 1, 0.3], [0, 0, 0.3, 1]])
    assert np.abs(found - wanted).max() < 0.02
    assert np.diag(root @ root.T) == pytest.approx(np.ones(5), abs=1e-12)
    assert (root[2] == [0, 0, 1, 0, 0]).all()


def test_continuous_columns_have_normals_of_the_known_correlation():
    for asked in (-0.9, -0.3, 0.05, 0.6, 0.99):
        root = factor(["normal", "heavy"], {(0, 1): asked})
        assert root[1, 0] == pytest.approx(2 * np.sin(np.pi * asked / 6), abs=1e-4)  # Pearson (1907)


def test_coins_have_normals_of_the_known_correlation():
    for asked in (-0.9, 0.2, 0.6, 0.97, 0.999):
        root = factor(["coin", "coin"], {(0, 1): asked})
        assert 2 / np.pi * np.arcsin(root[1, 0]) == pytest.approx(asked, abs=5e-4)  # Sheppard (1899)


def test_without_correlations_nothing_is_mixed():
    assert (factor(["normal", "still", "coin"], {}) == np.eye(3)).all()
    assert (factor(["normal", "still"], {(0, 1): 0}) == np.eye(2)).all()


def test_columns_may_rise_all_together():
    root = factor(["normal", "heavy", "many"], {(0, 1): 1, (0, 2): 1, (1, 2): 1})
    assert root @ root.T == pytest.approx(np.ones((3, 3)), abs=1e-6)


def test_every_correlation_that_its_columns_cannot_have_is_told_with_what_they_can():
    error = refused(["seldom", "coin", "normal", "still"], {(0, 1): 0.5, (2, 1): -0.9, (0, 3): 0.1, (0, 2): 0.1})
    assert error.problems == [
        "the rank correlation of seldom and coin cannot be 0.5: with these distributions it can be from -0.23 to 0.23",
        "the rank correlation of normal and coin cannot be -0.9: with these distributions it can be from -0.86 to 0.86",
        "the rank correlation of seldom and still cannot be 0.1: one of them is always the same",
    ]


def test_what_a_pair_is_said_to_be_able_to_have_is_accepted():
    for one, other in PAIRS:
        told = str(refused([one, other], {(0, 1): 2}))
        low, high = told.rsplit("from ", 1)[1].split(" to ")
        for end in (float(low), float(high)):
            factor([one, other], {(0, 1): end})


@pytest.mark.parametrize("asked", [float("nan"), 1.01, -7])
def test_what_is_no_correlation_is_told(asked):
    assert "from -1.00 to 1.00" in str(refused(["normal", "heavy"], {(0, 1): asked}))


def test_correlations_that_contradict_each_other_are_told_with_the_nearest_that_do_not():
    error = refused(["normal"] * 3, {(0, 1): 0.9, (0, 2): 0.9, (1, 2): -0.9}, ["a", "b", "c"])
    assert error.problems == [
        "no columns have all these rank correlations: a and b 0.90, a and c 0.90, b and c -0.90; "
        "the nearest that some have: a and b 0.48, a and c 0.48, b and c -0.48"
    ]


def test_the_nearest_correlation_matrix_is_that_of_the_source():
    found = _projected(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]), 0)
    near, far = 0.7607, 0.1573  # Higham (2002), section 4
    assert found == pytest.approx(np.array([[1, near, far], [near, 1, near], [far, near, 1]]), abs=1e-4)


@pytest.mark.parametrize("seed", range(12))
def test_the_nearest_correlations_that_are_told_are_accepted(seed):
    rng = np.random.default_rng(seed)
    names = rng.choice([name for name in TABLES if name != "still"], size=int(rng.integers(3, 6))).tolist()
    asked = {}
    for i in range(len(names)):
        for j in range(i):
            pair = Pair(ranks(names[i]), ranks(names[j]))
            asked[i, j] = float(rng.choice([pair.low, pair.high]))
    error = refused_if_impossible(names, asked)
    if error:
        assert all(f"{rank:.2f}" in str(error) for rank in error.nearest.values() if rank)
        factor(names, error.nearest)
