import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.tables import Segments, Table

COUNT = st.shared(st.integers(1, 8), key="knots")


def listed(elements):
    return COUNT.flatmap(lambda count: st.lists(elements, min_size=count, max_size=count))


def rising(first, steps):
    """Numbers on a grid of eighths, so that nothing is lost in rounding."""
    return np.cumsum([first, *steps[1:]]) / 8


KNOTS = st.builds(rising, st.integers(-40, 0), listed(st.integers(1, 20)))
LINES = st.builds(
    lambda z, v: Table(False, z, v), KNOTS, st.builds(rising, st.integers(-9, 9), listed(st.integers(0, 9)))
)
STAIRS = st.builds(lambda z, v: Table(True, z, np.array(v, float)), KNOTS, listed(st.integers(0, 5)))
TABLES = LINES | STAIRS


def value(table: Table, *z: float) -> np.ndarray:
    return Segments([table]).values(np.array(z)[:, None])[:, 0]


def holds(table: Table, wanted: float, z: np.ndarray) -> np.ndarray:
    """Which of `z` are in the intervals of a value; a staircase's are open at the end."""
    low, high = table.where(wanted)
    before = z[:, None] < high if table.steps else z[:, None] <= high + 1e-9
    return ((z[:, None] >= low - (0 if table.steps else 1e-9)) & before).any(axis=1)


@given(TABLES, st.lists(st.floats(-8, 8), min_size=1, max_size=10))
def test_where_a_value_is_given_lies_every_normal_that_gives_it(table, normals):
    z = np.concatenate([normals, table.z])
    for normal, given_ in zip(z, value(table, *z), strict=True):
        assert holds(table, given_, np.array([normal])).all()


@given(TABLES, st.integers(0, 7), st.lists(st.floats(0, 0.999), min_size=1, max_size=5))
def test_every_normal_where_a_value_is_given_gives_it(table, place, shares):
    wanted = table.value[place % len(table.value)]
    low, high = (np.clip(ends, -18, 18) for ends in table.where(wanted))  # beyond every knot
    assert len(low) >= 1
    z = (low[:, None] + (high - low)[:, None] * shares).ravel()
    assert value(table, *z) == pytest.approx(wanted, abs=1e-9)


@given(TABLES, st.floats(-10, 30), st.lists(st.floats(-8, 8), min_size=1, max_size=10))
def test_no_normal_elsewhere_gives_a_value(table, wanted, normals):
    wanted = round(wanted * 16) / 16
    z = np.concatenate([normals, table.z])
    elsewhere = z[~holds(table, wanted, z)]
    assert not (value(table, *elsewhere) == wanted).any()


@given(LINES, st.floats(0, 1))
def test_a_number_between_knots_is_given_at_one_point(table, share):
    wanted = float(table.value[0] + share * (table.value[-1] - table.value[0]))
    low, high = table.where(wanted)
    assert len(low) == 1
    if not np.isin(wanted, table.value):
        assert low[0] == high[0]
        assert value(table, low[0]) == pytest.approx(wanted, abs=1e-9)


def test_a_plateau_is_an_interval_and_both_ends_reach_to_infinity():
    table = Table(False, np.array([-2.0, -1, 0, 1, 2]), np.array([0.0, 0, 5, 5, 9]))
    assert [ends.tolist() for ends in table.where(5)] == [[0], [1]]
    assert [ends.tolist() for ends in table.where(0)] == [[-math.inf], [-1]]
    assert [ends.tolist() for ends in table.where(9)] == [[2], [math.inf]]


def test_a_code_on_several_steps_has_several_intervals():
    table = Table(True, np.array([-9.0, -1, 0, 1]), np.array([1.0, 0, 1, 0]))
    assert [ends.tolist() for ends in table.where(1)] == [[-math.inf, 0], [-1, 1]]
    assert [ends.tolist() for ends in table.where(0)] == [[-1, 1], [0, math.inf]]


@pytest.mark.parametrize("wanted", [-0.5, 9.5, math.nan])
@pytest.mark.parametrize("steps", [False, True])
def test_a_value_that_no_normal_gives_has_no_interval(steps, wanted):
    table = Table(steps, np.array([-1.0, 0, 1]), np.array([0.0, 5, 9]))
    assert [ends.tolist() for ends in table.where(wanted)] == [[], []]


@pytest.mark.parametrize(
    ("steps", "values", "size", "holds"),
    [
        (True, [0, 1, 2], 3, True),
        (True, [2, 0, 2], 3, True),
        (True, [0, 1, 3], 3, False),
        (True, [-1, 0, 1], 3, False),
        (True, [0, 0.5, 1], 3, False),
        (False, [0, 1, 2], 3, False),
    ],
)
def test_a_table_of_codes_is_a_staircase_of_whole_numbers_below_the_size(steps, values, size, holds):
    assert Table(steps, np.array([-1.0, 0, 1]), np.array(values, float)).holds_codes(size) is holds


def test_knots_that_crowd_are_found_among_those_of_other_tables():
    rng = np.random.default_rng(0)
    crowds = [np.linspace(1, 1.001, 300), np.linspace(5, 9, 200), np.linspace(-9, -5, 77), np.array([0.0])]
    tables = [Table(steps, z, np.sort(rng.normal(0, 1, len(z)))) for steps in (False, True) for z in crowds]
    z = np.concatenate([rng.uniform(-10, 10, 500), *crowds, *(crowd + 1e-7 for crowd in crowds)])
    for table, found in zip(tables, Segments(tables).values(np.tile(z, (len(tables), 1)).T).T, strict=True):
        stair = table.value[np.maximum(np.searchsorted(table.z, z, "right") - 1, 0)]
        assert found == pytest.approx(stair if table.steps else np.interp(z, table.z, table.value), abs=1e-9)
