import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from trainer.declare.distributions import FAMILIES, described, of, problems

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
KEYS = sorted({key for family in FAMILIES.values() for key in family.parameters})
NORMAL = "normal needs mean (where its middle is) and std (its standard deviation, above 0); got"
MEANS = {  # of parameters that are easily taken for another
    "triangular": ({"low": 0, "mode": 1, "high": 5}, 2),
    "exponential": ({"mean": 4}, 4),
    "gamma": ({"shape": 3, "scale": 2}, 6),
    "beta": ({"alpha": 1, "beta": 3, "low": 4, "high": 8}, 5),
    "lognormal": ({"median": 2, "sigma": 1}, 2 * 2.718281828459045**0.5),
    "pareto": ({"shape": 3, "low": 2}, 3),
    "rayleigh": ({"scale": 2}, 2.5066282746310002),
    "f": ({"df1": 3, "df2": 6}, 1.5),
    "negative-binomial": ({"n": 3, "p": 0.25}, 9),
    "geometric": ({"p": 0.25}, 4),
    "hypergeometric": ({"population": 50, "successes": 10, "draws": 20}, 4),
}


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), ANYTHING, max_size=5), ANYTHING)
def test_whatever_is_given_problems_are_told(parameters, name):
    assert all(isinstance(text, str) for text in problems(parameters | {"name": name}))
    assert all(isinstance(text, str) for text in problems(parameters))


@given(st.sampled_from(sorted(FAMILIES)), st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=6))
def test_what_has_no_problems_is_a_distribution(name, parameters):
    spec = parameters | {"name": name}
    if not problems(spec):
        assert 0 <= of(spec).frozen.cdf(1.0) <= 1


@pytest.mark.parametrize(
    ("parameters", "got"),
    [
        ({"mean": 20, "std": -1}, "std = -1"),
        ({"mean": 20}, "no std"),
        ({"std": 0}, "no mean and std = 0"),
        ({"mean": "warm", "std": True}, "mean = 'warm' (no number) and std = True (no number)"),
        ({"mean": float("nan"), "std": [1]}, "mean = nan (no number) and std = [1] (no number)"),
        ({"mean": 1, "std": 1e13}, "std = 10000000000000.0 (neither 0 nor of a size from 1e-30 to 1e+12)"),
        ({"mean": float("-inf"), "std": 1}, "mean = -inf (neither 0 nor of a size from 1e-30 to 1e+12)"),
    ],
)
def test_a_parameter_that_is_wrong_is_told_with_what_each_means(parameters, got):
    assert problems({"name": "normal", **parameters}) == [f"{NORMAL} {got}"]


def test_a_name_that_is_nearly_right_is_guessed():
    assert problems({"name": "lognorml"}) == ["no distribution is called lognorml; did you mean lognormal?"]


def test_a_name_that_is_none_is_answered_with_those_that_are():
    for spec in ({"name": "wobbly"}, {"name": 3}, {}):
        (problem,) = problems(spec)
        assert all(name in problem for name in FAMILIES)


def test_a_parameter_that_there_is_not_is_told_with_every_other_problem():
    assert problems({"name": "normal", "meen": 1, "std": -1}) == [
        f"{NORMAL} no mean and std = -1",
        "normal has no meen; did you mean mean?",
    ]
    assert problems({"name": "rayleigh", "scale": 1, "q": 1}) == [
        "rayleigh has no q; it has scale (how wide it is, above 0)"
    ]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"name": "uniform", "low": 2, "high": 2}, ["low below high; got low = 2 and high = 2"]),
        ({"name": "beta", "alpha": 1, "beta": 1, "low": 3}, ["low below high; got low = 3 and high = 1"]),
        ({"name": "triangular", "low": 0, "mode": 6, "high": 5}, ["mode at most high; got mode = 6 and high = 5"]),
        ({"name": "triangular", "low": 7, "mode": 6, "high": 8}, ["low at most mode; got low = 7 and mode = 6"]),
        (
            {"name": "hypergeometric", "population": 5, "successes": 6, "draws": 7},
            [
                f"{key} at most population; got {key} = {n} and population = 5"
                for key, n in (("successes", 6), ("draws", 7))
            ],
        ),
    ],
)
def test_parameters_out_of_order_are_told(spec, told):
    assert problems(spec) == [f"{spec['name']} needs {text}" for text in told]


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "triangular", "low": 0, "mode": 0, "high": 1},
        {"name": "triangular", "low": 0, "mode": 1, "high": 1},
        {"name": "binomial", "n": 3, "p": 0},
        {"name": "binomial", "n": 3.0, "p": 1},
        {"name": "hypergeometric", "population": 5, "successes": 5, "draws": 0},
        {"name": "bernoulli", "p": 1},
    ],
)
def test_limits_of_what_is_allowed_are_allowed(spec):
    assert problems(spec) == []


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("binomial", "n", 2.5),
        ("binomial", "p", 1.01),
        ("geometric", "p", 0),
        ("zipf", "ranks", 100_001),
        ("gamma", "shape", 0.04),
        ("student-t", "df", 2e6),
        ("lognormal", "sigma", 101),
    ],
)
def test_a_value_beyond_a_limit_is_told(name, key, value):
    (problem,) = problems({"name": name, key: value})
    assert f"{key} = {value}" in problem


@pytest.mark.parametrize(("name", "parameters", "mean"), [(name, *rest) for name, rest in MEANS.items()])
def test_parameters_mean_what_they_are_said_to(name, parameters, mean):
    assert of({"name": name, **parameters}).frozen.mean() == pytest.approx(mean)


def test_a_distribution_is_named_with_all_its_parameters():
    assert str(of({"name": "student-t", "df": 3})) == "student-t(df = 3, mean = 0, scale = 1)"


def test_every_family_is_described_with_what_its_parameters_mean():
    lines = described()
    assert len(lines) == len(FAMILIES) == 25
    assert "normal: mean (where its middle is) and std (its standard deviation, above 0)" in lines


@pytest.mark.parametrize("kappa", [0.05, 2, 40, 60, 1e6])
def test_quantiles_of_vonmises_are_those_of_scipy_from_either_end(kappa):
    ours, theirs = of({"name": "vonmises", "mean": 1, "kappa": kappa}).frozen, stats.vonmises_line(kappa, loc=1)
    for share in (1e-6, 0.3, 0.9):
        assert ours.ppf(share) == pytest.approx(theirs.ppf(share), abs=1e-9)
        assert ours.sf(ours.isf(share)) == pytest.approx(share, rel=1e-6)
    assert ours.isf(1e-12) - 1 == pytest.approx(1 - ours.ppf(1e-12), rel=1e-9)
    if kappa > 50:  # below, scipy's is exact to 16 decimals only
        assert ours.sf(ours.isf(1e-20)) == pytest.approx(1e-20, rel=1e-6, abs=0)


def test_zipf_is_that_of_scipy():
    ours, theirs = of({"name": "zipf", "exponent": 1.5, "ranks": 50}).frozen, stats.zipfian(1.5, 50)
    for rank in (-3, 0.5, 1, 7.5, 50, 1e9):
        assert ours.cdf(rank) == pytest.approx(theirs.cdf(rank))
        assert ours.sf(rank) == pytest.approx(theirs.sf(rank))
