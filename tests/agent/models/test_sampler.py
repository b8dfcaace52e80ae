import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConditionError
from agent.models.copula import CopulaSampler
from agent.models.sampler import ANYTHING, Given, Source, UnmetError, drawn, redrawn
from agent.reading import Readings, Rows
from tests.made import copula_bundle, readings

BUNDLE = copula_bundle()
NAMES = [column.name for column in BUNDLE.manifest.columns]


def source(block: int = 8, seed: int = 0) -> Source:
    return Source(CopulaSampler.load(BUNDLE), NAMES, np.random.default_rng(seed), block)


@given(block=st.integers(1, 9), steps=st.lists(st.integers(0, 20), max_size=8))
def test_rows_taken_together_are_those_taken_one_by_one(block: int, steps: list[int]):
    together, single = source(block), source(block)
    for count in steps:
        rows = together.take(count)
        assert len(rows) == count
        alone = [single.next().matrix for _ in range(count)]
        assert np.array_equal(rows.matrix, np.concatenate([*alone, np.empty((0, len(NAMES)))]))


def test_next_and_take_share_one_supply():
    mixed, plain = source(), source()
    parts = [mixed.next(), mixed.take(11), mixed.next(), mixed.take(0), mixed.take(4)]
    assert np.array_equal(np.concatenate([part.matrix for part in parts]), plain.take(17).matrix)


def test_a_row_once_taken_does_not_change():
    supply = source(block=2)
    first = supply.next()
    before = first.matrix.copy()
    supply.take(50)
    assert np.array_equal(first.matrix, before)


def test_columns_are_found_by_name():
    rows = source().take(5)
    assert rows.numbers("temperature") == rows.column("temperature").tolist()
    assert all(isinstance(code, int) for code in rows.codes("light"))
    with pytest.raises(KeyError):
        rows.column("nothing")


def test_readings_are_taken_with_their_times_and_numbers():
    made = readings(n=[10, 11, 12])
    some = made.take([2, 0, 2])
    assert isinstance(some, Readings)
    assert some.rows.numbers("n") == [12, 10, 12]
    assert list(some.seq) == [2, 0, 2]
    assert some.event_ns == [made.event_ns[i] for i in (2, 0, 2)]
    assert len(some) == 3


def test_a_slice_shares_its_matrix():
    rows = Rows({"a": 0}, np.arange(4.0).reshape(4, 1))
    assert rows.slice(1, 3).numbers("a") == [1, 2]
    assert np.shares_memory(rows.slice(1, 3).matrix, rows.matrix)


def test_rows_under_a_rare_condition_are_drawn_a_few_at_a_time():
    drawn: list[int] = []

    class Rare:
        consecutive = False

        def draw(self, count: int, rng: np.random.Generator, given: Given = ANYTHING) -> np.ndarray:
            def rows(size: int) -> np.ndarray:
                drawn.append(size)
                return (rng.random((size, 1)) < 1 / 5000).astype(float)

            return redrawn(rows, count, given)

    supply = Source(Rare(), ["lit"], np.random.default_rng(0), 1024, Given(None, ((0, (1.0,)),)))
    assert [supply.next().numbers("lit") for _ in range(40)] == [[1.0]] * 40
    assert sum(drawn) < 40 * 5000 * 2  # not the millions that a whole block would take


@pytest.mark.parametrize(("consecutive", "sizes"), [(False, [16, 32, 64, 64, 16]), (True, [64, 64, 64])])
def test_the_blocks_of_an_hour_grow_unless_rows_follow_each_other(consecutive, sizes):
    drawn: list[int] = []

    class Noting:
        def draw(self, count: int, rng: np.random.Generator, given: Given = ANYTHING) -> np.ndarray:
            drawn.append(count)
            return np.zeros((count, 1))

    sampler = Noting()
    sampler.consecutive = consecutive
    supply = Source(sampler, ["x"], np.random.default_rng(0), 64)
    supply.enter(3)
    for _ in range(16 + 32 + 64 + 1 if not consecutive else 65):
        supply.next()
    supply.enter(4)
    supply.next()
    assert drawn == sizes


def test_a_change_of_the_hour_drops_what_was_drawn_for_the_last():
    class Clock:
        consecutive = True

        def draw(self, count: int, rng: np.random.Generator, given: Given = ANYTHING) -> np.ndarray:
            return np.full((count, 1), float(given.hour or 0))

    supply = Source(Clock(), ["hour"], np.random.default_rng(0), 8)
    seen = []
    for hour in (5, 5, 6, 6, 5):
        supply.enter(hour)
        seen += supply.take(3).numbers("hour")
    assert seen == [5.0] * 6 + [6.0] * 6 + [5.0] * 3


@pytest.mark.parametrize(
    ("position", "said"), [(2, "hour = 5: never"), (None, "state = busy, lit = 1, hour = 5: never"), (7, "never")]
)
def test_what_is_not_met_is_told_as_it_was_asked_for(position, said):
    class Never:
        consecutive = False

        def draw(self, count: int, rng: np.random.Generator, given: Given = ANYTHING) -> np.ndarray:
            raise UnmetError("never", position)

    asked = Given(None, ((0, (1.0,)), (1, (1.0,)), (2, (5.0,))), ("state = busy", "lit = 1", "hour = 5"))
    with pytest.raises(ConditionError, match=f"^{said}$"):
        drawn(Never(), 5, np.random.default_rng(0), asked)
    with pytest.raises(ConditionError, match=f"^{said}$"):
        Source(Never(), ["state", "lit", "hour"], np.random.default_rng(0), 8, asked).next()
