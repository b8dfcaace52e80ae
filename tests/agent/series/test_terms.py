import math

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from agent.errors import BundleError
from agent.series.terms import FollowTerm, Term, TrendTerm
from tests.agent.series.asked import KEY, moments
from tests.bundles import make_bundle

TERM = TypeAdapter(Term)
BUNDLE = make_bundle(
    timing={
        "series/response/0": np.array([1.0, 0.5]),
        "series/response/1": np.array([3.0]),
        "series/regimes/5": np.full((2, 2), 0.5),
    }
)
ALL = [
    {"term": "noise", "response": 1},
    {"term": "walk", "std": 2.0},
    {"term": "walk", "std": 2.0, "start": 1.0, "low": 0.0},
    {"term": "walk", "std": 2.0, "start": 1.0, "low": 0.0, "high": 3.0},
    {"term": "seasonal", "amplitude": 3.0, "period_s": 86400.0, "phase": 0.5},
    {"term": "trend", "per_day": 1.0, "start": "2026-01-01T00:00:00+02:00"},
    {"term": "level", "value": 3.0},
    {"term": "follow", "column": "x", "slope": 2.0},
    {"term": "regimes", "regimes": 5},
]


@pytest.mark.parametrize("given", ALL)
def test_every_term_is_read_written_and_played(given: dict[str, object]):
    term = TERM.validate_python(given)
    assert TERM.validate_json(TERM.dump_json(term)) == term
    values = term.load(BUNDLE)(KEY).values(moments(range(1, 6), x=np.arange(5.0)))
    assert values.shape == (5,)
    assert values.dtype == np.float64


def test_a_term_names_the_columns_that_it_needs():
    needed = [TERM.validate_python(given).needs() for given in ALL]
    assert [columns for columns in needed if columns] == [["x"]]
    assert FollowTerm(column="x", slope=1).needs() == ["x"]


def test_a_term_takes_its_array_by_number():
    (one, other) = (TERM.validate_python({"term": "noise", "response": n}).load(BUNDLE)(KEY) for n in (0, 1))
    assert one.values(moments([1])) != other.values(moments([1]))
    for term in ({"term": "noise", "response": 2}, {"term": "regimes", "regimes": 0}):
        with pytest.raises(BundleError, match="missing"):
            TERM.validate_python(term).load(BUNDLE)


def test_a_walk_between_walls_bounces_off_each_that_is_given():
    def span(**walls: float) -> tuple[float, float]:
        term = TERM.validate_python({"term": "walk", "std": 5.0, "start": 1.0, **walls})
        values = term.load(BUNDLE)(KEY).values(moments(range(20_000)))
        return values.min(), values.max()

    assert span()[0] < -10
    assert span()[1] > 10
    assert span(low=0.0)[0] >= 0 < 10 < span(low=0.0)[1]
    assert span(high=3.0)[1] <= 3
    assert span(high=3.0)[0] < -10
    assert span(low=0.0, high=3.0)[0] >= 0
    assert span(low=0.0, high=3.0)[1] <= 3


def test_a_trend_starts_at_the_instant_that_it_says():
    assert TrendTerm(per_day=1, start="1970-01-02T02:00:00.5+02:00").start_s == 86_400.5
    for extreme in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert math.isfinite(TrendTerm(per_day=1, start=extreme).start_s)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"term": "magic"},
        {"term": "level"},
        {"term": "level", "value": math.nan},
        {"term": "level", "value": math.inf},
        {"term": "level", "value": 2e15},
        {"term": "level", "value": 1.0, "more": 1},
        {"term": "noise", "response": -1},
        {"term": "noise", "response": 512},
        {"term": "noise", "response": 1.5},
        {"term": "regimes", "regimes": 32},
        {"term": "walk", "std": -1.0},
        {"term": "walk", "std": 2e15},
        {"term": "walk", "std": 1.0, "low": 1.0, "high": 1.0, "start": 1.0},
        {"term": "walk", "std": 1.0, "low": 2.0, "high": 1.0, "start": 1.5},
        {"term": "walk", "std": 1.0, "low": 1.0},
        {"term": "walk", "std": 1.0, "high": -1.0},
        {"term": "seasonal", "amplitude": 1.0, "period_s": 0.0},
        {"term": "seasonal", "amplitude": 1.0, "period_s": 1e13},
        {"term": "seasonal", "amplitude": 1.0, "period_s": 60.0, "phase": 1.0},
        {"term": "trend", "per_day": 1.0, "start": "2026-01-01T00:00:00"},
        {"term": "trend", "per_day": 1.0, "start": "yesterday"},
        {"term": "trend", "per_day": 1.0, "start": "2026-01-01T00:00:00+02:00" + "0" * 9999},
        {"term": "follow", "column": "", "slope": 1.0},
        {"term": "follow", "column": "x" * 1025, "slope": 1.0},
    ],
)
def test_a_term_that_is_not_as_it_must_be_is_refused(given: dict[str, object]):
    with pytest.raises(ValidationError):
        TERM.validate_python(given)


@pytest.mark.parametrize(
    "given",
    [
        {"term": "walk", "std": 1e15, "start": 1e15, "low": -1e15, "high": 1e15},
        {"term": "walk", "std": 1e15},
        {"term": "walk", "std": 1e15, "low": 0.0, "high": 5e-324},
        {"term": "seasonal", "amplitude": 1e15, "period_s": 1e-3},
        {"term": "seasonal", "amplitude": 1e15, "period_s": 1e12},
        {"term": "trend", "per_day": 1e15, "start": "0001-01-01T00:00:00+14:00"},
        {"term": "follow", "column": "x", "slope": 1e15, "origin": -1e15},
    ],
)
def test_the_largest_numbers_give_finite_values(given: dict[str, object]):
    generator = TERM.validate_python(given).load(BUNDLE)(KEY)
    values = generator.values(moments([1, 2**53], [-1e11, 1e12], x=[1e15, -1e15]))
    assert np.isfinite(values).all()
