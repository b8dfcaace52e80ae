"""Rows as they are asked for: of an hour, with certain values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import ConditionError
from agent.models import sampler as samplers
from agent.models.bundle import Bundle
from agent.models.copula import CopulaSampler
from agent.models.manifest import Manifest
from agent.models.neural import NeuralSampler
from agent.models.sampler import HOURS, Given
from agent.models.tables import Table
from tests.chance import chi_square, ks
from tests.made import copula_arrays, manifest_of
from tests.made_neural import against_first, neural_bundle

# Four columns: a number with a plateau, a category, whole numbers, and a category that goes with the first one.
CORRELATION = np.array([[1, 0.7, -0.4, 0.7], [0.7, 1, 0.2, 1], [-0.4, 0.2, 1, 0.2], [0.7, 1, 0.2, 1]])
LINE = Table(False, np.array([-3.0, -0.5, 0.5, 3]), np.array([0.0, 5, 5, 20]))
KINDS = Table(True, np.array([-9, -0.6, 0.4, 1.3]), np.array([0.0, 1, 2, 0]))
WHOLE = Table(True, np.array([-9, -0.8, 0, 1.1]), np.array([7.0, 8, 9, 12]))
TWIN = Table(True, np.array([-9, 0.4]), np.array([0.0, 1]))
TABLES = [LINE, KINDS, WHOLE, TWIN]
NUMBER, KIND, COUNT, OTHER = range(4)
RARE = (
    r"^messages like that came in 0 of \d+ rows drawn, too seldom to be played; "
    r"ask for fewer fields at once, or for what comes more often$"
)


def copula(plan: np.ndarray | None = None, tables: list[Table] = TABLES) -> CopulaSampler:
    values, vectors = np.linalg.eigh(CORRELATION)
    factor = vectors * np.sqrt(np.maximum(values, 0))
    return CopulaSampler(factor, tables, np.arange(4)[None] if plan is None else plan, [False] * 4)


EVERY = copula().draw(600_000, np.random.default_rng(99))


def neural(kind: str, **options: bool) -> tuple[NeuralSampler, Manifest]:
    bundle = neural_bundle(kind, **options)
    return NeuralSampler.load(bundle), bundle.manifest


def assert_distributed_as(drawn: np.ndarray, kept: np.ndarray) -> None:
    """Numbers by KS, codes by chi-square, and the pairs of both categories."""
    assert len(kept) > 5000
    assert ks(drawn[:, NUMBER], kept[:, NUMBER]) < 1
    for codes, size in (
        (lambda rows: rows[:, KIND], 3),
        (lambda rows: rows[:, COUNT], 13),
        (lambda rows: rows[:, OTHER] * 3 + rows[:, KIND], 6),
    ):
        counts, shares = (np.bincount(codes(rows).astype(int), minlength=size) for rows in (drawn, kept))
        assert chi_square(counts, shares / len(kept)) < 1.2  # the shares are known by as many rows only


@pytest.mark.parametrize(
    "values",
    [
        ((KIND, (1.0,)),),
        ((KIND, (0.0,)),),
        ((KIND, (0.0, 2.0)),),
        ((COUNT, (12.0,)),),
        ((COUNT, (7.0, 9.0)),),
        ((NUMBER, (5.0,)),),
        ((KIND, (2.0,)), (COUNT, (8.0, 9.0))),
        ((KIND, (0.0,)), (OTHER, (1.0,))),
        ((OTHER, (0.0,)), (KIND, (0.0, 1.0)), (COUNT, (9.0,))),
    ],
)
def test_the_rows_of_a_copula_are_distributed_as_those_of_its_own_that_fulfil_what_is_given(values):
    wanted = Given(values=values)
    drawn = copula().draw(10_000, np.random.default_rng(1), wanted)
    assert wanted.holds(drawn).all()
    assert_distributed_as(drawn, EVERY[wanted.holds(EVERY)])


@pytest.mark.parametrize("number", [2.0, 4.9, 5.3, 12.0])
def test_given_a_number_between_knots_the_rows_are_like_those_about_it(number):
    drawn = copula().draw(5000, np.random.default_rng(2), Given(values=((NUMBER, (number,)),)))
    assert drawn[:, NUMBER] == pytest.approx(number, rel=1e-9)
    wide = copula().draw(3_000_000, np.random.default_rng(3))
    about = wide[np.abs(wide[:, NUMBER] - number) < 0.02]
    for column, size in ((KIND, 3), (COUNT, 13), (OTHER, 2)):
        counts, shares = (np.bincount(rows[:, column].astype(int), minlength=size) for rows in (drawn, about))
        assert chi_square(counts, shares / len(about)) < 1.5


def test_given_a_number_and_a_category_both_hold():
    wanted = Given(values=((KIND, (1.0,)), (NUMBER, (6.0,))))
    drawn = copula().draw(500, np.random.default_rng(3), wanted)
    assert wanted.holds(drawn).all()
    assert set(drawn[:, COUNT]) == {7, 8, 9, 12}


@settings(max_examples=40)
@given(st.data(), st.integers(0, 1000))
def test_whatever_one_row_was_can_be_asked_for(data, seed):
    row = copula().draw(1, np.random.default_rng(seed))[0]
    places = data.draw(st.lists(st.integers(0, 3), unique=True, min_size=1))
    wanted = Given(values=tuple((place, (float(row[place]),)) for place in places))
    drawn = copula().draw(3, np.random.default_rng(seed), wanted)
    assert drawn.shape == (3, 4)
    assert wanted.holds(drawn).all()


@pytest.mark.parametrize(
    "values",
    [
        ((NUMBER, (20.1,)),),
        ((NUMBER, (-0.1,)),),
        ((KIND, (3.0,)),),
        ((COUNT, (10.0,)),),
        ((COUNT, (7.5,)),),
        ((KIND, (1.0,)), (OTHER, (1.0,))),  # whoever is of kind 1 is never 1 in the other
        ((OTHER, (1.0,)), (KIND, (1.0,))),
        ((KIND, (1.0,)), (NUMBER, (float("nan"),))),
    ],
)
def test_what_a_copula_never_draws_is_refused_in_one_sentence(values, monkeypatch):
    monkeypatch.setattr(samplers, "MOST_TRIES", 20_000)
    with pytest.raises(
        ConditionError, match=r"never draws that; ask|came in \d+ of \d+ rows drawn, too seldom"
    ) as caught:
        copula().draw(5, np.random.default_rng(4), Given(values=values))
    assert "\n" not in str(caught.value)


def test_rare_rows_are_found_and_no_more_than_asked_for_are_given():
    wanted = Given(values=((COUNT, (12.0,)), (KIND, (0.0,)), (NUMBER, (5.0,))))
    drawn = copula().draw(700, np.random.default_rng(5), wanted)
    assert drawn.shape == (700, 4)
    assert wanted.holds(drawn).all()
    assert len(np.unique(drawn[:, OTHER])) == 2


@pytest.mark.parametrize("values", [(), ((KIND, (1.0,)),)])
def test_no_rows_can_be_asked_for(values):
    assert copula().draw(0, np.random.default_rng(6), Given(values=values)).shape == (0, 4)


def hourly() -> CopulaSampler:
    """A copula whose number is at 10 · hour, and whose category is never 1 before noon."""
    tables = [Table(False, np.array([-3.0, 3]), np.array([10.0 * hour, 10 * hour + 1])) for hour in range(HOURS)]
    tables += [Table(True, np.array([-9, 0.0]), np.array([0.0, 2])), *TABLES[1:]]
    plan = np.array([[hour, HOURS + (hour >= 12), HOURS + 2, HOURS + 3] for hour in range(HOURS)])
    return copula(plan, tables)


def test_the_hour_picks_the_tables_whatever_hour_was_drawn_before():
    sampler, rng = hourly(), np.random.default_rng(7)
    for hour in (3, 3, 15, 0, 23):
        drawn = sampler.draw(500, rng, Given(hour))
        assert (drawn[:, NUMBER] // 1 >= 10 * hour).all()
        assert (drawn[:, NUMBER] <= 10 * hour + 1).all()
        assert set(drawn[:, KIND]) == ({0, 2} if hour < 12 else {0, 1, 2})


def test_what_is_given_is_met_in_its_hour_and_refused_in_another():
    sampler, rng = hourly(), np.random.default_rng(8)
    wanted = ((KIND, (1.0,)), (NUMBER, (130.5,)))
    drawn = sampler.draw(200, rng, Given(13, wanted))
    assert Given(values=wanted).holds(drawn).all()
    for hour, values in ((12, wanted), (5, wanted[:1])):
        with pytest.raises(ConditionError, match="the model never draws that; ask for a value that was recorded"):
            sampler.draw(5, rng, Given(hour, values))


def test_a_copula_whose_rows_differ_by_the_hour_needs_one():
    with pytest.raises(ValueError, match="differ by the hour: say which"):
        hourly().draw(5, np.random.default_rng(9))
    with pytest.raises(ValueError, match="differ by the hour: say which"):
        hourly().draw(5, np.random.default_rng(9), Given(values=((KIND, (2.0,)),)))


def test_an_hour_is_no_matter_to_a_copula_whose_rows_do_not_differ():
    first, second = (copula().draw(50, np.random.default_rng(10), Given(hour)) for hour in (None, 17))
    assert np.array_equal(first, second)


def test_a_bundle_names_the_tables_of_each_hour():
    manifest = Manifest.model_validate(manifest_of() | {"hours": 24})
    arrays = copula_arrays(manifest.columns)
    place = [column.name for column in manifest.columns].index("light")
    dark = int(arrays["offsets"][-1])
    arrays |= {
        "offsets": np.append(arrays["offsets"], dark + 1),
        "steps": np.append(arrays["steps"], True),
        "z": np.append(arrays["z"], 0.0),
        "value": np.append(arrays["value"], 1.0),
        "plan": np.tile(arrays["plan"], (HOURS, 1)),
    }
    arrays["plan"][22, place] = len(arrays["steps"]) - 1
    sampler, rng = CopulaSampler.load(Bundle(manifest, arrays)), np.random.default_rng(11)
    assert set(sampler.draw(500, rng, Given(22))[:, place]) == {1}
    assert set(sampler.draw(500, rng, Given(21))[:, place]) == {0, 1, 2, 3}


@pytest.mark.parametrize("kind", ["ctgan", "copula-gan", "tvae"])
@pytest.mark.parametrize("hour", [None, 0, 17])
def test_the_rows_of_a_network_fulfil_what_is_given(kind, hour):
    sampler, manifest = neural(kind, plain=kind == "tvae", hours=True)
    places = {column.name: place for place, column in enumerate(manifest.columns)}
    wanted = Given(hour, ((places["light"], (1.0, 3.0)), (places["humidity?"], (0.0,))))
    drawn = sampler.draw(300, np.random.default_rng(12), wanted)
    assert drawn.shape == (300, len(manifest.columns))
    assert wanted.holds(drawn).all()
    assert set(drawn[:, places["light"]]) == {1, 3}
    assert set(drawn[:, places["seen#"]]) == {0, 1, 2}


@pytest.mark.parametrize("hour", [0, 9])
def test_the_rows_of_a_network_are_those_of_the_given_hour(hour):
    """The hours of the day share two codes of the last column, which alone says what the light is."""
    bundle = neural_bundle("tvae", plain=True, hours=True)
    arrays = {name: array.copy() for name, array in bundle.arrays.items()}
    names = [column.name for column in bundle.manifest.columns]
    numbers = [column for column in bundle.manifest.columns if not column.size]
    sizes = arrays["kinds"].tolist()
    first = np.cumsum([0, *sizes])
    light, clock = first[names.index("light")], first[-2]
    weight, bias = np.zeros((len(arrays["weight/2"]), first[-1])), np.zeros(first[-1])
    weight[0, [light, clock]] = 5000
    bias[light : light + 4] = bias[clock : clock + 24] = -90
    bias[[light, clock]], bias[[light + 1, clock + 5]] = 0, 8
    for name, logits in (("weight/2", weight), ("bias/2", bias)):
        arrays[name][..., len(numbers) :] = against_first(logits, sizes)
    arrays["hours"] = np.where(np.arange(HOURS) < 6, 0, 5).astype("<i4")
    sampler = NeuralSampler.load(Bundle(bundle.manifest, arrays))
    drawn = sampler.draw(2000, np.random.default_rng(13), Given(hour))
    assert (drawn[:, names.index("light")] == (0 if hour < 6 else 1)).mean() > 0.9


@pytest.mark.parametrize("first", [True, False])
def test_what_a_network_never_draws_in_an_hour_is_said_at_once(first, monkeypatch):
    bundle = neural_bundle("tvae", plain=True, hours=True)
    lean, sizes = bundle.arrays["lean"].copy(), bundle.arrays["kinds"].tolist()
    light = [column.name for column in bundle.manifest.columns].index("light")
    begin = sum(size - 1 for size in sizes[:light])
    lean[7, begin : begin + sizes[light] - 1] = 1e3 if first else [-1e3, 0, 0]
    sampler = NeuralSampler.load(Bundle(bundle.manifest, {**bundle.arrays, "lean": lean}))
    never, other = (0.0, 1.0) if first else (1.0, 2.0)
    tries = spy(monkeypatch, sampler)
    with pytest.raises(ConditionError, match="the model never draws that; ask for a value that was recorded"):
        sampler.draw(5, np.random.default_rng(14), Given(7, ((light, (never,)),)))
    assert tries == []
    for wanted in (Given(7, ((light, (other,)),)), Given(8, ((light, (never,)),))):
        assert len(sampler.draw(5, np.random.default_rng(14), wanted)) == 5


def spy(monkeypatch, sampler: NeuralSampler) -> list[int]:
    """Notes how many rows are drawn at a time."""
    noted: list[int] = []
    rows = sampler._rows
    monkeypatch.setattr(sampler, "_rows", lambda count, *rest: (noted.append(count), rows(count, *rest))[1])
    return noted


@pytest.mark.parametrize("kind", ["ctgan", "copula-gan", "tvae"])
@pytest.mark.parametrize("values", [(("light", (4.0,)),), (("temperature", (1e6,)),), (("seen#", (0.5,)),)])
def test_what_a_network_never_draws_is_refused_in_one_sentence(kind, values, monkeypatch):
    monkeypatch.setattr(samplers, "MOST_TRIES", 20_000)
    sampler, manifest = neural(kind, plain=kind == "tvae")
    places = {column.name: place for place, column in enumerate(manifest.columns)}
    wanted = tuple((places[name], allowed) for name, allowed in values)
    with pytest.raises(ConditionError, match=RARE):
        sampler.draw(5, np.random.default_rng(14), Given(values=wanted))
