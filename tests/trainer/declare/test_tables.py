from functools import cache
from math import inf

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from agent.models.tables import SLIGHTEST, Segments, Table
from tests.chance import chi_square
from trainer.declare.distributions import FAMILIES, of, problems
from trainer.declare.tables import LIMIT, STAIRS, number_table, weights_table

ROWS = 50_000
RARE = 1e-4  # chance that a test of a right table fails

CONTINUOUS = {  # by scipy's own distribution
    "normal": ({"mean": 20, "std": 5}, stats.norm(20, 5)),
    "uniform": ({"low": -1, "high": 3}, stats.uniform(-1, 4)),
    "triangular": ({"low": 0, "mode": 1, "high": 5}, stats.triang(0.2, 0, 5)),
    "exponential": ({"mean": 3}, stats.expon(scale=3)),
    "gamma": ({"shape": 0.3, "scale": 2}, stats.gamma(0.3, scale=2)),
    "beta": ({"alpha": 0.5, "beta": 0.3, "low": -1, "high": 2}, stats.beta(0.5, 0.3, -1, 3)),
    "lognormal": ({"median": 3, "sigma": 2}, stats.lognorm(2, scale=3)),
    "weibull": ({"shape": 0.7, "scale": 2}, stats.weibull_min(0.7, scale=2)),
    "pareto": ({"shape": 1, "low": 2}, stats.pareto(1, scale=2)),
    "logistic": ({"mean": 2, "scale": 3}, stats.logistic(2, 3)),
    "laplace": ({"mean": 2, "scale": 3}, stats.laplace(2, 3)),
    "gumbel": ({"mode": 2, "scale": 3}, stats.gumbel_r(2, 3)),
    "rayleigh": ({"scale": 3}, stats.rayleigh(scale=3)),
    "chi-square": ({"df": 1}, stats.chi2(1)),
    "student-t": ({"df": 1, "mean": 5, "scale": 2}, stats.cauchy(5, 2)),
    "f": ({"df1": 2, "df2": 2}, stats.f(2, 2)),
    "vonmises": ({"mean": 1, "kappa": 2}, stats.vonmises_line(2, loc=1)),
}
WHOLE = {
    "poisson": ({"mean": 0.5}, stats.poisson(0.5)),
    "binomial": ({"n": 30, "p": 0.3}, stats.binom(30, 0.3)),
    "negative-binomial": ({"n": 2.5, "p": 0.1}, stats.nbinom(2.5, 0.1)),
    "geometric": ({"p": 0.2}, stats.geom(0.2)),
    "hypergeometric": ({"population": 50, "successes": 10, "draws": 20}, stats.hypergeom(50, 10, 20)),
    "zipf": ({"exponent": 1.2, "ranks": 40}, stats.zipfian(1.2, 40)),
    "bernoulli": ({"p": 0.3}, stats.bernoulli(0.3)),
}


@cache
def normals() -> np.ndarray:
    return np.random.default_rng(11).standard_normal((ROWS, 1))


def table_of(name, parameters, denominator=None, low=-inf, high=inf) -> Table:
    spec = {"name": name, **parameters}
    assert problems(spec) == []
    return number_table(of(spec), denominator=denominator, low=low, high=high)


def drawn(table: Table, rounded: bool = False) -> np.ndarray:
    values = Segments([table]).values(normals())[:, 0]
    return np.rint(values) if rounded else values


def given_within(law, low, high):
    """The distribution function of a law, given that it lies within."""
    return lambda x: (law.cdf(np.clip(x, low, high)) - law.cdf(low)) / (law.cdf(high) - law.cdf(low))


def alike(numbers: np.ndarray, levels: np.ndarray, shares: np.ndarray) -> float:
    """Chi-square; levels are taken together until 20 numbers are expected there. Below 1 they may be alike."""
    assert np.isin(numbers, levels).all()
    bins, expected = np.zeros(len(levels), int), 0.0
    for place, count in enumerate(shares / shares.sum() * len(numbers)):
        full = expected >= 20
        bins[place] = bins[max(place - 1, 0)] + full
        expected = count + (0 if full else expected)
    bins[bins == bins[-1]] -= bins[-1] > 0  # the last is not full
    counts = np.bincount(bins[np.searchsorted(levels, numbers)], minlength=bins[-1] + 1)
    return chi_square(counts, np.bincount(bins, shares) / shares.sum())


def valid(table: Table) -> bool:
    rises = bool((np.diff(table.z) >= SLIGHTEST).all() and (np.diff(table.value) >= 0).all())
    return rises and bool((np.abs(table.value) <= LIMIT + 1).all() and (np.abs(table.z) <= 7.5).all())


@pytest.mark.parametrize(("name", "parameters", "law"), [(name, *rest) for name, rest in CONTINUOUS.items()])
def test_a_continuous_family_is_drawn_as_scipy_has_it(name, parameters, law):
    table = table_of(name, parameters)
    assert stats.kstest(drawn(table), law.cdf).pvalue > RARE
    assert len(table.z) < 1000


@pytest.mark.parametrize(("name", "parameters", "law"), [(name, *rest) for name, rest in WHOLE.items()])
@pytest.mark.parametrize("denominator", [1, None, 10])
def test_a_family_of_whole_numbers_is_drawn_as_scipy_has_it(name, parameters, law, denominator):
    numbers = drawn(table_of(name, parameters, denominator)) / (denominator or 1)
    levels = np.arange(law.support()[0], law.isf(1e-12) + 1)
    assert alike(numbers, levels, law.pmf(levels)) < 1


@pytest.mark.parametrize(("name", "parameters", "law"), [(name, *rest) for name, rest in CONTINUOUS.items()])
@pytest.mark.parametrize("denominator", [1, 100])
def test_decimals_are_as_frequent_as_values_round_to_them(name, parameters, law, denominator):
    table = table_of(name, parameters, denominator)
    numbers = drawn(table, rounded=not table.steps)
    assert (numbers == np.rint(numbers)).all()
    levels = np.arange(numbers.min() - 1, min(numbers.max(), numbers.min() + 1e6) + 1)
    shares = np.diff(law.cdf((np.append(levels, levels[-1] + 1) - 0.5) / denominator))
    assert alike(numbers[numbers <= levels[-1]], levels, np.maximum(shares, 0)) < 1


TAILS = [
    ("normal", {"mean": 20, "std": 5}, stats.norm(20, 5), 22, 31),
    ("normal", {"mean": 0, "std": 1}, stats.norm(), -7, -5),
    ("exponential", {"mean": 1}, stats.expon(), 0.5, 2),
    ("student-t", {"df": 1}, stats.cauchy(), -3, 100),
    ("beta", {"alpha": 0.5, "beta": 0.5}, stats.beta(0.5, 0.5), 0.9, 1),
    ("vonmises", {"mean": 0, "kappa": 2}, stats.vonmises_line(2), 0, 2),
]


@pytest.mark.parametrize(("name", "parameters", "law", "low", "high"), TAILS)
def test_within_limits_the_rest_of_a_distribution_is_drawn(name, parameters, law, low, high):
    numbers = drawn(table_of(name, parameters, None, low, high))
    assert numbers.min() >= low
    assert numbers.max() <= high
    assert stats.kstest(numbers, given_within(law, low, high)).pvalue > RARE


@pytest.mark.parametrize("end", [-1, 1])
def test_far_tails_are_exact(end):
    ends = {"low": 6.9} if end > 0 else {"high": -6.9}
    table = table_of("normal", {"mean": 0, "std": 1}, **ends)
    inner = np.abs(table.z) < 6
    chances = stats.norm.sf(6.9) * stats.norm.cdf(-end * table.z[inner])
    assert table.value[inner] == pytest.approx(end * stats.norm.isf(chances), rel=1e-9)
    steps = table_of("normal", {"mean": 0, "std": 1}, 100, **ends)
    edges = (steps.value[1:] - 0.5) / 100
    chances = stats.norm.sf(end * edges) / stats.norm.sf(6.895)
    wanted = -end * stats.norm.ppf(chances)
    near = np.abs(wanted) < 4  # the last step takes what is beyond it
    assert steps.z[1:][near] == pytest.approx(wanted[near], abs=1e-6)


def test_rare_whole_numbers_are_exact():
    law = stats.poisson(5)
    for low in (0, 22):
        table = table_of("poisson", {"mean": 5}, 1, low)
        assert table.value[0] == low
        chances = law.sf(table.value[1:] - 1) / law.sf(low - 1)
        wanted = stats.norm.isf(chances)
        near = np.abs(wanted) < 4
        assert table.z[1:][near] == pytest.approx(wanted[near], abs=1e-6)


def test_ranks_are_as_frequent_as_they_should_be_however_many_there_are():
    levels = np.arange(1, 100_001.0)
    numbers = drawn(table_of("zipf", {"exponent": 1, "ranks": 100_000}, 1), rounded=True)
    assert alike(numbers, levels, 1 / levels) < 1


@pytest.mark.parametrize("denominator", [1, 10, 30, 100_000])
def test_no_multiple_is_drawn_outside_the_limits(denominator):
    table = table_of("normal", {"mean": 0, "std": 2}, denominator, -0.7, 1.3)
    numbers = drawn(table, rounded=not table.steps) / denominator
    assert numbers.min() >= -0.7
    assert numbers.max() <= 1.3
    assert (np.rint(table.value[[0, -1]]) / denominator >= -0.7).all()
    assert (np.rint(table.value[[0, -1]]) / denominator <= 1.3).all()
    if denominator in (10, 30):
        assert (numbers.min(), numbers.max()) == (-0.7, 1.3)


@pytest.mark.parametrize(
    ("name", "parameters", "law"),
    [
        ("poisson", {"mean": 1e6}, stats.poisson(1e6)),
        ("poisson", {"mean": 1e12}, stats.poisson(1e12)),
        ("geometric", {"p": 1e-9}, stats.geom(1e-9)),
        ("binomial", {"n": 10**9, "p": 0.3}, stats.binom(10**9, 0.3)),
        ("negative-binomial", {"n": 0.1, "p": 1e-7}, stats.nbinom(0.1, 1e-7)),
        ("hypergeometric", {"population": 10**6, "successes": 500_000, "draws": 400_000}, stats.norm(200_000, 244.949)),
    ],
)
@pytest.mark.parametrize("denominator", [1, None, 2])
def test_many_whole_numbers_are_drawn_nearly_as_they_should_be(name, parameters, law, denominator):
    table = table_of(name, parameters, denominator)
    assert len(table.z) <= STAIRS + 1
    numbers = drawn(table, rounded=denominator == 1) / (denominator or 1)
    assert (numbers == np.rint(numbers)).all()
    limit = stats.kstwo.isf(RARE, ROWS) + 5e-4  # what levels taken together may add
    below = np.arange(1, ROWS + 1) / ROWS - law.cdf(np.sort(numbers))
    assert np.abs(below[np.append(np.diff(np.sort(numbers)) > 0, True)]).max() < limit


def test_limits_are_kept_to_the_last_digit():
    for low in 1e12 + np.arange(20) / 8192:
        table = table_of("normal", {"mean": 1e12, "std": 1e-3}, None, low, low + 1)
        assert table.value[0] >= low


def test_a_constant_is_one_number_at_its_decimals():
    assert set(drawn(table_of("constant", {"value": 20.37}))) == {20.37}
    assert set(drawn(table_of("constant", {"value": 20.37}, 10))) == {204}
    assert set(drawn(table_of("constant", {"value": 20.37}, 100, 20.37, 20.37))) == {2037}
    assert set(drawn(table_of("constant", {"value": 5}, None, 5, 6))) == {5}


def test_categories_are_as_frequent_as_their_weights_and_never_where_these_are_0():
    weights = np.array([0, 3, 0, 1, 6, 0])
    table = weights_table(weights.tolist())
    assert set(table.value) == {1, 3, 4}
    assert alike(drawn(table), np.arange(6), weights) < 1
    assert weights_table([2]).value.tolist() == [0]


@pytest.mark.parametrize(
    ("denominator", "low", "high", "told"),
    [
        (None, 60, 70, "between min = 60 and max = 70"),
        (None, 5, 4, "between min = 5 and max = 4"),
        (None, 60, inf, "above min = 60"),
        (1, -inf, -40, "below max = -40"),
        (10, 20.01, 20.04, "between min = 20.01 and max = 20.04 in steps of 1/10"),
        (1, 20.1, 20.9, "between min = 20.1 and max = 20.9 in steps of 1"),
    ],
)
def test_limits_that_leave_nothing_are_told(denominator, low, high, told):
    with pytest.raises(ValueError, match="no value of") as error:
        table_of("normal", {"mean": 20, "std": 5}, denominator, low, high)
    assert str(error.value) == f"no value of normal(mean = 20, std = 5) lies {told}"


@pytest.mark.parametrize(("denominator", "limit"), [(None, "1e+15"), (1000, "1e+12")])
def test_numbers_that_are_too_large_for_the_agent_are_told_unless_limits_leave_them_out(denominator, limit):
    with pytest.raises(ValueError, match="beyond") as error:
        table_of("pareto", {"shape": 0.1, "low": 1}, denominator)
    assert str(error.value) == (
        f"pareto(shape = 0.1, low = 1) gives numbers beyond {limit}; set min and max, or other parameters"
    )
    assert valid(table_of("pareto", {"shape": 0.1, "low": 1}, denominator, high=1e6))


def table_or_error(distribution, denominator, low, high) -> Table | str:
    try:
        return number_table(distribution, denominator=denominator, low=low, high=high)
    except ValueError as error:
        return str(error)


def sized(least=-3.0, most=4.0):
    return st.floats(least, most).map(lambda exponent: 10**exponent)


def parameters_of(family):
    number = st.floats(-100, 100) | sized() | st.integers(0, 200) | sized(-30, 12)
    return st.fixed_dictionaries(dict.fromkeys(family.parameters, number))


SPECS = st.sampled_from(sorted(FAMILIES)).flatmap(
    lambda name: parameters_of(FAMILIES[name]).map(lambda parameters: {"name": name, **parameters})
)


@settings(max_examples=150, deadline=None)
@given(SPECS, st.sampled_from([None, 1, 10, 1000]), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.booleans())
def test_every_distribution_becomes_a_table_or_is_told_why_not(spec, denominator, low, high, limited):
    assume(not problems(spec))
    low, high = (low, high) if limited else (-inf, inf)
    table = table_or_error(of(spec), denominator, low, high)
    if isinstance(table, str):
        assert "no value of" in table or "beyond" in table
        return
    assert valid(table)
    around = np.concatenate([table.z, np.nextafter(table.z, -9), np.nextafter(table.z, 9), np.linspace(-9, 9, 999)])
    values = Segments([table]).values(around[:, None])[:, 0]
    values = np.rint(values) if denominator and not table.steps else values
    assert (values / (denominator or 1) >= low).all()
    assert (values / (denominator or 1) <= high).all()


def test_whole_numbers_that_are_taken_together_keep_their_mean_and_spread():
    table = number_table(of({"name": "poisson", "mean": 1e6}), denominator=100)
    drawn = Segments([table]).values(np.random.default_rng(0).standard_normal((50_000, 1)))[:, 0] / 100
    assert drawn.mean() == pytest.approx(1e6, abs=20)
    assert drawn.std() == pytest.approx(1000, rel=0.01)
    assert abs(drawn - 1e6).max() < 5000
