import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import BundleError
from agent.models.bundle import Bundle
from agent.models.spans import MOST_OUTPUTS, Spans
from agent.models.tables import Table
from tests.chance import chi_square
from tests.made_neural import against_first, neural_bundle

BUNDLE = neural_bundle("tvae", plain=True)


def spans(sizes: list[int], numbers: tuple[int, ...] = (), *, argmax: bool = False, **arrays: object) -> Spans:
    """Spans of these logits, with components 0, 10, 20 … of scale 1, and no limits."""
    components = sum(sizes[place] for place in numbers)
    made = {
        "center": np.arange(components) * 10.0,
        "scale": np.ones(components),
        "noise": np.zeros(len(numbers)),
        "low": np.full(len(numbers), -1e15),
        "high": np.full(len(numbers), 1e15),
        "whole": np.zeros(len(numbers)),
    }
    by_code = np.concatenate([np.arange(size) for size in sizes]) if sizes else np.arange(0)
    codes = {"codes": by_code} if argmax and "codes" not in arrays else {}
    return Spans(sizes, list(numbers), {**made, **codes, **{k: np.array(v) for k, v in arrays.items()}}, argmax)


def chosen(chooser: Spans, logits: np.ndarray, rng: np.random.Generator, *, argmax: bool = False) -> np.ndarray:
    """The values, shape (rows, columns), of numbers' outputs and then all logits, shape (rows, these)."""
    numbers = len(chooser.numbers)
    kept = logits[:, numbers:] if argmax else against_first(logits[:, numbers:], chooser.sizes)
    outputs = np.hstack([logits[:, :numbers], kept]).astype(np.float32)
    assert outputs.shape[1] == chooser.outputs
    return chooser.values(outputs.T, rng).T


def winning(sizes: list[int], numbers: int, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Outputs in which every column's code beats its others."""
    outputs = rng.normal(0, 1, (len(codes), numbers + sum(sizes))).astype(np.float32)
    firsts = numbers + np.cumsum([0, *sizes[:-1]])
    np.put_along_axis(outputs, (firsts + codes).astype(int), 60, axis=1)
    return outputs


SIZES = st.lists(st.sampled_from([1, 2, 3, 11, 12, 13, 24, 25, 49, 300]), min_size=1, max_size=7)


@given(SIZES, st.booleans(), st.data(), st.integers(0, 1000))
def test_each_column_has_the_code_that_wins_however_many_the_others_have(sizes, argmax, data, seed):
    rng = np.random.default_rng(seed)
    numbers = tuple(sorted(data.draw(st.sets(st.integers(0, len(sizes) - 1)))))
    codes = np.column_stack([rng.integers(0, size, 9) for size in sizes])
    chooser = spans(sizes, numbers, argmax=argmax)
    outputs = winning(sizes, len(numbers), codes, rng)
    rows = chosen(chooser, outputs, rng, argmax=argmax)
    categories = [place for place in range(len(sizes)) if place not in numbers]
    assert rows[:, categories].tolist() == codes[:, categories].tolist()
    component = np.cumsum([0, *(sizes[place] for place in numbers)])[:-1] + codes[:, list(numbers)]
    expected = 10.0 * component + np.tanh(outputs[:, : len(numbers)])
    assert rows[:, list(numbers)] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_sampled_choice_comes_as_often_as_its_softmax(seed):
    sizes, count = [1, 2, 9, 14, 40], 40_000
    rng = np.random.default_rng(seed)
    outputs = rng.normal(0, 1.5, sum(sizes)).astype(np.float32)
    rows = chosen(spans(sizes), np.tile(outputs, (count, 1)), rng)
    for column, (size, first) in enumerate(zip(sizes, np.cumsum([0, *sizes[:-1]]), strict=True)):
        shares = np.exp(outputs[first : first + size].astype(np.float64))
        counts = np.bincount(rows[:, column].astype(int), minlength=size)
        assert len(counts) == size
        assert chi_square(counts, shares / shares.sum()) < 1


def test_columns_choose_independently():
    rows = chosen(spans([2, 2, 30]), np.zeros((20_000, 34), np.float32), np.random.default_rng(2))
    assert np.abs(np.corrcoef(rows.T) - np.eye(3)).max() < 0.03


def test_codes_whose_logits_are_far_below_the_others_never_come():
    outputs = np.tile(np.array([-1e3, 0, -200, 0, 1e30], np.float32), (5000, 1))
    assert np.unique(chosen(spans([4, 1]), outputs, np.random.default_rng(3))[:, 0]).tolist() == [1, 3]


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_code_that_is_far_above_all_others_always_comes(code):
    logits = np.zeros((50, 4 + 1), np.float32)
    logits[:, code] = 1e3
    rows = chosen(spans([4, 1]), logits, np.random.default_rng(3))
    assert (rows == [code, 0]).all()  # and of one code only that, whatever its neighbours' logits


@pytest.mark.parametrize("argmax", [False, True])
def test_a_column_chooses_among_its_own_logits_however_large_those_of_others_are(argmax):
    sizes = [2, 12, 1, 3]
    logits = np.zeros((500, sum(sizes)), np.float32)
    logits[:, [1, 2 + 3, 2 + 12, 2 + 12 + 1 + 1]] = 0.1, 1e3, 500, 0.1
    rows = chosen(spans(sizes, argmax=argmax), logits, np.random.default_rng(3), argmax=argmax)
    expected = [{1}, {3}, {0}, {1}] if argmax else [{0, 1}, {3}, {0}, {0, 1, 2}]
    assert [set(column) for column in rows.T] == expected


class Picks:
    """Draws this number only."""

    def __init__(self, share: float) -> None:
        self._share = share

    def random(self, shape: tuple[int, ...], dtype: type) -> np.ndarray:
        return np.full(shape, self._share, dtype)


LOWEST, HIGHEST = 0.0, 1 - 2**-24  # what a generator draws of single precision


@pytest.mark.parametrize("size", [2, 12, 253, 254, 255, 256, 257, 300])
@pytest.mark.parametrize(("share", "ends"), [(HIGHEST, 0), (LOWEST, -1)])
def test_the_outermost_picks_choose_the_first_and_the_last_code_of_each_column(size, share, ends):
    sizes = [1, 2, size, size - 1]
    rows = chosen(spans(sizes), np.zeros((2, sum(sizes)), np.float32), Picks(share))  # type: ignore[arg-type]
    assert rows.tolist() == [[range(size)[ends] for size in sizes]] * 2


@pytest.mark.parametrize(("share", "expected"), [(HIGHEST, 1), (LOWEST, 2)])
def test_what_has_no_probability_is_not_chosen_by_the_outermost_picks_either(share, expected):
    logits = np.array([[-1e3, 0, 0, -1e3]], np.float32)
    assert chosen(spans([4]), logits, Picks(share)).tolist() == [[expected]]  # type: ignore[arg-type]


@pytest.mark.parametrize("argmax", [False, True])
@pytest.mark.parametrize(("sizes", "numbers"), [([], ()), ([1], ()), ([1, 1], (1,)), ([1, 1], (0, 1)), ([1, 2], (0,))])
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_columns_with_next_to_nothing_to_choose_have_their_rows_too(sizes, numbers, argmax, rows):
    chooser = spans(sizes, numbers, argmax=argmax, noise=np.full(len(numbers), 0.1))
    assert chooser.outputs == len(numbers) + sum(sizes) - (0 if argmax else len(sizes))
    values = chooser.values(np.zeros((chooser.outputs, rows), np.float32), np.random.default_rng(3))
    assert values.shape == (len(sizes), rows)
    assert np.isfinite(values).all()


def test_argmax_says_which_code_stands_at_the_place_of_the_largest():
    outputs = np.array([[9, 40, 40, 0, 3, 1], [0, 0, 1, 5, 4, 0]], np.float32)
    chooser = spans([4, 2], argmax=True, codes=[2, 0, 3, 1, 1, 0])
    assert chosen(chooser, outputs, np.random.default_rng(4), argmax=True).tolist() == [[0, 1], [1, 1]]


def test_argmax_takes_the_first_of_those_that_tanh_makes_equal():
    outputs = np.array([[5, 40, 60, 50], [-40, -60, 0.1, 0.2]], np.float32)
    assert chosen(spans([4], argmax=True), outputs, np.random.default_rng(4), argmax=True)[:, 0].tolist() == [1, 3]


def test_the_noise_is_added_to_the_share_and_cut_off_at_the_ends_of_a_component():
    outputs = np.tile(np.array([0.0, 9.0, 0.5, 1, 1, 1], np.float32), (20_000, 1))
    noisy = spans([1, 1, 1], (0, 1, 2), noise=[0.2, 0.5, 0], center=[0, 0, 0], scale=[10, 10, 10])
    middle, end, quiet = chosen(noisy, outputs, np.random.default_rng(5)).T
    assert middle.std() == pytest.approx(2, rel=0.03)
    assert middle.mean() == pytest.approx(0, abs=0.06)
    assert end.max() == pytest.approx(10)
    assert (end == end.max()).mean() == pytest.approx(0.5, abs=0.02)
    assert 10 - end[end < end.max()].mean() == pytest.approx(5 * np.sqrt(2 / np.pi), rel=0.05)
    assert quiet == pytest.approx(10 * np.tanh(0.5))


def test_numbers_keep_within_their_limits_and_whole_ones_are_rounded_after():
    said = {"center": np.zeros(4), "scale": np.full(4, 100.0), "low": [-1, 0.4], "high": [1, 9], "whole": [0, 1]}
    shares = np.array([[-7, 0.1], [0.3, 8.7], [7, 77], [0, 3.2]], np.float32) / 100
    outputs = np.hstack([np.arctanh(shares), np.zeros((4, 6), np.float32)])
    rows = chosen(spans([3, 2, 1], (0, 2), **said), outputs, np.random.default_rng(6))
    assert rows[:, 0] == pytest.approx([-1, 0.3, 1, 0], abs=1e-5)
    assert rows[:, 2].tolist() == [0, 9, 9, 3]


def test_an_hour_leans_the_logits_and_has_tables_of_its_own_and_the_others_do_not():
    lean = np.zeros((24, 2), np.float32)
    lean[5] = [0, 30]  # of two codes and three: the last one of those
    any_hour, at_five = (
        Table(False, np.array([-1.0, 1]), np.array([-1.0, 1])),
        Table(True, np.zeros(1), np.array([7.0])),
    )
    plans = [[any_hour], *([at_five] if hour == 5 else [any_hour] for hour in range(24))]
    arrays = {"center": [0], "scale": [1], "noise": [0], "low": [-9], "high": [9], "whole": [0], "lean": lean}
    chooser = Spans([1, 3], [0], {name: np.array(array) for name, array in arrays.items()}, False, plans)
    outputs = np.tile(np.array([[0.5], [0], [0]], np.float32), 3000)
    kept = outputs.copy()
    for hour, level, share in (
        (None, np.tanh(0.5), 1 / 3),
        (5, 7, 1),
        (6, np.tanh(0.5), 1 / 3),
        (None, np.tanh(0.5), 1 / 3),
    ):
        number, codes = chooser.values(outputs, np.random.default_rng(7), hour)
        assert number == pytest.approx(level, abs=1e-6)
        assert (codes == 2).mean() == pytest.approx(share, abs=0.04)
    assert np.array_equal(outputs, kept)


def changed(**arrays: np.ndarray) -> Bundle:
    return Bundle(BUNDLE.manifest, {**BUNDLE.arrays, **arrays}, "a.npz")


def with_value(name: str, place: int, value: float) -> dict[str, np.ndarray]:
    array = BUNDLE.arrays[name].copy()
    array[place] = value
    return {name: array}


CATEGORY = [column.name for column in BUNDLE.manifest.columns].index("light")
NUMBER = [column.name for column in BUNDLE.manifest.columns].index("temperature")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (with_value("kinds", CATEGORY, 3), r"kinds\.npy: must be 1 or more, those of the categories"),
        (with_value("kinds", CATEGORY, 0), r"kinds\.npy: must be"),
        (with_value("kinds", NUMBER, 0), r"kinds\.npy: must be"),
        (with_value("kinds", NUMBER, -2), r"kinds\.npy: must be"),
        (with_value("kinds", NUMBER, MOST_OUTPUTS), r"kinds\.npy: must be .* 20000 in all"),
        (with_value("kinds", NUMBER, 2**31 - 1), r"kinds\.npy: must be"),
        (with_value("kinds", NUMBER, 3), r"center: has shape"),
        (with_value("low", 0, 201), r"low\.npy: must be at most high"),
        (with_value("noise", 0, -0.1), r"low\.npy: must be .*noise at least 0"),
        (with_value("scale", 0, np.inf), r"scale: holds NaN"),
        ({"argmax": np.array([True, False])}, r"argmax: has shape"),
        ({"argmax": np.array([True])}, r"codes: missing"),
        (
            {"argmax": np.array([True]), "codes": np.zeros(sum(BUNDLE.arrays["kinds"]), "<i4")},
            r"codes\.npy: must name each",
        ),
    ],
)
def test_spans_that_do_not_fit_the_columns_are_refused_by_name(arrays, said):
    with pytest.raises(BundleError, match=rf"^a\.npz: {said}"):
        Spans.load(changed(**arrays))


def test_a_column_more_is_asked_for_where_the_hour_is_one():
    assert Spans.load(neural_bundle("ctgan", hours=True)).sizes[-1] == 24
    with pytest.raises(BundleError, match="kinds: has shape"):
        Spans.load(Bundle(neural_bundle("ctgan", hours=True).manifest, BUNDLE.arrays))
