import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agent.errors import BundleError
from agent.models.bundle import Bundle
from agent.models.copula import CELLS, CopulaSampler
from agent.models.tables import Segments, Table
from tests.made import copula_bundle

BUNDLE = copula_bundle()
NAMES = [column.name for column in BUNDLE.manifest.columns]


def changed(**arrays: np.ndarray) -> Bundle:
    return Bundle(BUNDLE.manifest, {**BUNDLE.arrays, **arrays}, "kitchen.npz")


def with_value(array: str, place: int, value: float) -> dict[str, np.ndarray]:
    array_ = BUNDLE.arrays[array].copy()
    array_.flat[place] = value
    return {array: array_}


def sampler(*tables: Table, factor: np.ndarray | None = None, integer: bool = False) -> CopulaSampler:
    plan = np.arange(len(tables))[None]
    return CopulaSampler(np.eye(len(tables)) if factor is None else factor, list(tables), plan, [integer] * len(tables))


def test_a_column_has_the_distribution_of_its_table():
    drawn = sampler(Table(False, np.array([-9.0, 9]), np.array([-9.0, 9]))).draw(50_000, np.random.default_rng(0))[:, 0]
    assert drawn.mean() == pytest.approx(0, abs=0.02)
    assert drawn.std() == pytest.approx(1, abs=0.02)


def test_columns_hang_together_as_the_factor_says():
    table = Table(False, np.array([-9.0, 9]), np.array([-9.0, 9]))
    factor = np.array([[1, 0], [0.8, 0.6]])
    drawn = sampler(table, table, factor=factor).draw(50_000, np.random.default_rng(0))
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0.8, abs=0.01)


def test_a_staircase_gives_the_value_of_the_last_knot_at_or_below():
    z = np.array([[-5.0], [-1.0], [-0.5], [0.0], [0.99], [1.0], [7.0]])
    rows = sampler(Table(True, np.array([-1.0, 0, 1]), np.array([4.0, 5, 6]))).decode(z)
    assert rows[:, 0].tolist() == [4, 4, 4, 5, 5, 6, 6]


def test_a_line_is_drawn_between_knots_and_ends_at_the_last():
    z = np.array([[-5.0], [-0.5], [0.0], [0.26], [7.0]])
    table = Table(False, np.array([-1.0, 0, 1]), np.array([0.0, 10, 30]))
    rows = sampler(table).decode(z)
    assert rows[:, 0] == pytest.approx([0, 5, 10, 15.2, 30])
    rows = sampler(table, integer=True).decode(z)
    assert rows[:, 0].tolist() == [0, 5, 10, 15, 30]


NORMALS = st.floats(-8, 8) | st.sampled_from([-4.0, 4.0, 0.0, -0.0, 5e-324, -5e-324, 0.0078125])


@given(
    st.lists(st.tuples(st.booleans(), st.lists(NORMALS, min_size=1, max_size=9, unique=True)), min_size=1, max_size=4),
    st.lists(NORMALS, min_size=1, max_size=20),
    st.integers(0, 1000),
)
def test_segments_give_what_a_search_of_each_table_gives(shapes, normals, seed):
    rng = np.random.default_rng(seed)
    tables = [
        Table(steps, z, np.sort(rng.normal(size=len(z))))
        for steps, knots in shapes
        if np.diff(z := np.sort(np.array(knots))).min(initial=1) > 1e-100
    ]
    assume(tables)
    columns = [np.concatenate([rng.permutation(normals), table.z]) for table in tables]
    z = np.column_stack([np.resize(column, max(map(len, columns))) for column in columns])
    for table, normal, found in zip(tables, z.T, Segments(tables).values(z).T, strict=True):
        if table.steps:
            expected = table.value[np.searchsorted(table.z[1:], normal, side="right")]
            assert found.tolist() == expected.tolist()
        else:
            assert found == pytest.approx(np.interp(normal, table.z, table.value), rel=1e-9, abs=1e-9)


def test_chunks_do_not_show():
    drawn = CopulaSampler.load(BUNDLE).draw(2 * CELLS + 5, np.random.default_rng(1))
    assert len(np.unique(drawn[:, NAMES.index("stored")])) > CELLS


def test_a_bundle_of_constants_only_draws_empty_rows():
    message = {"node": "object", "members": {"a": {"node": "constant", "value": 1}}}
    assert CopulaSampler.load(copula_bundle(message)).draw(3, np.random.default_rng(0)).shape == (3, 0)


LIGHT, STORED = (int(BUNDLE.arrays["offsets"][NAMES.index(name)]) for name in ("light", "stored"))
COUNT = len(BUNDLE.arrays["z"])
OVERFLOWING = np.array([0, 2**63 - 1, -2, *BUNDLE.arrays["offsets"][3:]], "<i8")


@pytest.mark.parametrize(
    ("arrays", "member"),
    [
        (with_value("z", STORED + 1, -2.0), "z.npy"),
        (with_value("z", STORED + 1, -3.0), "z.npy"),
        (with_value("z", 1, np.nan), "z"),
        (with_value("value", 1, np.inf), "value"),
        (with_value("value", 1, 1e16), "value"),
        (with_value("factor", 1, np.nan), "factor"),
        (with_value("value", LIGHT, 4), "value.npy"),
        (with_value("value", LIGHT, -1), "value.npy"),
        (with_value("value", LIGHT, 0.5), "value.npy"),
        (with_value("steps", NAMES.index("light"), False), "value.npy"),
        (with_value("offsets", 0, 1), "offsets.npy"),
        (with_value("offsets", -1, COUNT + 1), "offsets.npy"),
        (with_value("offsets", 1, 0), "offsets.npy"),
        (with_value("offsets", 2, -5), "offsets.npy"),
        ({"offsets": OVERFLOWING}, "offsets.npy"),
        ({"factor": np.eye(len(NAMES) + 1)}, "factor"),
        ({"factor": np.eye(len(NAMES))[:-1]}, "factor"),
        ({"factor": np.eye(len(NAMES), dtype=">f8")}, "factor"),
        ({"steps": BUNDLE.arrays["steps"].astype("<i8")}, "steps"),
        ({"value": BUNDLE.arrays["value"][:-1]}, "value"),
    ],
)
def test_a_table_that_cannot_be_played_is_refused_by_name(arrays: dict[str, np.ndarray], member: str):
    with pytest.raises(BundleError, match=rf"^kitchen.npz: {member}: .*; export the bundle again"):
        CopulaSampler.load(changed(**arrays))


def test_the_steepest_table_that_is_let_in_stays_finite():
    columns = len(NAMES)
    steep = {**with_value("value", STORED, -1e15), **with_value("z", STORED, -5e-324), **with_value("z", STORED + 1, 0)}
    z = BUNDLE.arrays["z"].copy()
    z[STORED : STORED + 3] = [0.0, 5e-324, 1]
    with pytest.raises(BundleError, match="does not rise"):
        CopulaSampler.load(changed(**steep | {"z": z}))
    z[STORED + 1] = 1e-99
    sampler = CopulaSampler.load(changed(**steep | {"z": z, "factor": np.zeros((columns, columns))}))
    assert np.isfinite(sampler.draw(5, np.random.default_rng(0))).all()
