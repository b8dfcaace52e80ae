import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest

from agent.errors import BundleError
from agent.models.bundle import Bundle
from agent.models.manifest import Manifest
from agent.models.network import Network
from agent.models.neural import CHUNK, NeuralSampler
from agent.models.sampler import Given
from agent.models.spans import Spans
from agent.models.tables import Table
from tests.chance import chi_square, ks
from tests.made import manifest_of
from tests.made_neural import against_first, neural_arrays, neural_bundle


def with_arrays(bundle: Bundle, **arrays: np.ndarray) -> Bundle:
    return Bundle(bundle.manifest, {**bundle.arrays, **arrays}, "a.npz")


def echo(condition: np.ndarray, reach: float = 2, tables: Sequence[list[Table]] = ()) -> NeuralSampler:
    """A sampler of a number, 3 · tanh(first noise) up to `reach`, and of a category: the condition's entry."""
    size = len(condition)
    weight = np.zeros((2 + size, 1 + size - 1), np.float32)
    weight[0, 0] = 1
    weight[2:, 1:] = against_first(90 * np.eye(size), [size])
    network = Network([weight], [np.zeros(size, np.float32)], size)
    arrays = {"center": [0], "scale": [3], "noise": [0], "low": [-reach], "high": [reach], "whole": [0]}
    made = {name: np.array(array, float) for name, array in arrays.items()} | {"lean": np.zeros((24, size - 1))}
    return NeuralSampler(network, Spans([1, size], [0], made, False, tables), condition, [])


def test_the_entries_of_the_condition_come_as_often_as_it_says():
    condition = np.array([0.5, 0, 0.1, 0.4])
    rows = echo(condition).draw(20_000, np.random.default_rng(0))
    assert chi_square(np.bincount(rows[:, 1].astype(int), minlength=4), condition) < 1
    repeated = rows[1:, 1] == rows[:-1, 1]
    assert repeated.mean() == pytest.approx((condition**2).sum(), abs=0.02)  # each row has an entry of its own


def test_a_condition_that_sums_to_a_little_less_than_one_names_no_entry_beyond_its_last():
    class Last:
        """Draws an entry by what is nearest to one."""

        @property
        def bit_generator(self) -> "Last":
            return self

        def random_raw(self, count: int) -> np.ndarray:
            return np.full(count, 2**64 - 1, np.uint64)

        def random(self, *_: object) -> np.ndarray:
            return np.full(_[0], np.nextafter(1, 0)) if len(_) == 1 else np.full(_[0], 0.5, np.float32)

    rows = echo(np.array([0.5, 0.4999999])).draw(3, Last())  # type: ignore[arg-type]
    assert rows[:, 1].tolist() == [1, 1, 1]


def test_numbers_are_what_the_network_says_of_the_noise_within_their_limits():
    sampler = echo(np.array([0.3, 0.7]))
    noise = np.array([[0, 5], [0.5, -5], [-0.2, 1], [9, 9], [-9, 0]], np.float32)
    rows = sampler.decode(noise, np.array([0, 1, 1, 0, 0]), np.random.default_rng(0))
    assert rows[:, 0] == pytest.approx([0, 3 * np.tanh(0.5), 3 * np.tanh(-0.2), 2, -2], abs=1e-6)
    assert rows[:, 1].tolist() == [0, 1, 1, 0, 0]


def test_the_table_of_a_copula_gan_is_looked_up_before_the_limits():
    looked_up = echo(np.array([1.0]), tables=[[Table(False, np.array([-3.0, 3]), np.array([-1.0, 4]))]])
    noise = np.array([[0, 0], [-0.4, 0], [9, 0]], np.float32)
    rows = looked_up.decode(noise, np.zeros(3, np.intp), np.random.default_rng(0))
    assert rows[:, 0] == pytest.approx([1.5, 1.5 + 2.5 * np.tanh(-0.4), 2], abs=1e-6)


def test_the_noise_is_normal():
    rng = np.random.default_rng(3)
    noise = np.arctanh(echo(np.array([1.0]), reach=3).draw(100_000, rng)[:, 0] / 3)
    assert ks(noise, rng.standard_normal(200_000)) < 1
    assert noise.std() == pytest.approx(1, abs=0.01)


def test_chunks_do_not_show():
    sampler = NeuralSampler.load(neural_bundle("ctgan"))
    rows = sampler.draw(2 * CHUNK + 7, np.random.default_rng(1))
    assert len(np.unique(rows[:, 0])) > 2 * CHUNK
    first = NeuralSampler.load(neural_bundle("ctgan")).draw(CHUNK, np.random.default_rng(1))
    assert np.array_equal(rows[:CHUNK], first)


@pytest.mark.parametrize("kind", ["ctgan", "copula-gan", "tvae"])
def test_the_column_of_the_hour_is_drawn_but_not_written(kind):
    bundle = neural_bundle(kind, hours=True)
    sampler = NeuralSampler.load(bundle)
    assert sampler.draw(50, np.random.default_rng(0)).shape == (50, len(bundle.manifest.columns))
    rows = sampler.draw(50, np.random.default_rng(0), Given(hour=3))
    assert rows.shape == (50, len(bundle.manifest.columns))


def test_the_condition_asks_for_an_hour_that_has_an_entry_of_it():
    condition = np.array([0.5, 0.25, 0.25])
    plain = echo(condition)
    hours = [1] * 12 + [2] * 12
    asked = NeuralSampler(plain._network, plain._spans, condition, hours, [1] * 12 + [-1] * 12)
    rng = np.random.default_rng(4)
    assert set(asked._rows(500, rng, 3)[:, 1]) == {1.0}
    assert set(asked._rows(500, rng, 20)[:, 1]) == {0.0, 1.0, 2.0}


def test_a_condition_that_asks_for_an_hour_and_gets_none_is_refused():
    bundle = neural_bundle("ctgan", hours=True)
    asking = np.full(24, -1, "<i4")
    asking[4] = 1
    assert NeuralSampler.load(with_arrays(bundle, entry=asking)) is not None
    weight = bundle.arrays["weight/2"].astype(np.float32)
    weight[-2, -23 + 3] = -1e4  # the entry's say in the logit of that hour's code
    with pytest.raises(BundleError, match=r"^a\.npz: hours\.npy: names codes that hardly come"):
        NeuralSampler.load(with_arrays(bundle, entry=asking, **{"weight/2": weight.astype("<f2")}))


@pytest.mark.parametrize("kind", ["ctgan", "copula-gan", "tvae"])
def test_a_bundle_of_constants_only_draws_empty_rows(kind):
    message = {"node": "object", "members": {"a": {"node": "constant", "value": 1}}}
    manifest = Manifest.model_validate(manifest_of(message) | {"kind": kind})
    sampler = NeuralSampler.load(Bundle(manifest, neural_arrays([], kind, plain=kind == "tvae")))
    assert sampler.draw(3, np.random.default_rng(0)).shape == (3, 0)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"condition": np.array([0.5, 0.5, 0.1])}, r"condition\.npy: must be probabilities that sum to 1"),
        ({"condition": np.array([0.5, 0.7, -0.2])}, r"condition\.npy: must be probabilities"),
        ({"condition": np.full(9, 1 / 9)}, "weight/0: the layers do not fit each other, nor the condition"),
        ({"hours": np.full(24, 24, "<i4")}, r"hours\.npy: names codes that the column of hours does not have"),
        ({"hours": np.full(24, -1, "<i4")}, r"hours\.npy: names codes"),
        ({"hours": np.zeros(23, "<i4")}, "hours: has shape"),
        ({"entry": np.full(24, 3, "<i4")}, r"entry\.npy: names entries that the condition does not have"),
        ({"entry": np.full(24, -2, "<i4")}, r"entry\.npy: names entries"),
        ({"entry": np.full(23, -1, "<i4")}, "entry: has shape"),
        ({"lean": np.zeros((24, 3), "<f4")}, "lean: has shape"),
        ({"lean": np.full_like(neural_bundle("ctgan", hours=True).arrays["lean"], np.inf)}, "lean: holds NaN"),
        (
            {"lean": np.ones_like(neural_bundle("ctgan", hours=True).arrays["lean"])},
            r"lean\.npy: must be 0 in the logits",
        ),
        ({"plan": np.full_like(neural_bundle("ctgan", hours=True).arrays["plan"], 99)}, r"plan\.npy: must name tables"),
    ],
)
def test_a_condition_or_hours_that_do_not_fit_are_refused_by_name(arrays, said):
    bundle = with_arrays(neural_bundle("ctgan", hours=True), **arrays)
    with pytest.raises(BundleError, match=rf"^a\.npz: {said}"):
        NeuralSampler.load(bundle)


def test_an_hour_whose_rows_never_come_is_refused_before_it_is_played():
    bundle = neural_bundle("ctgan", hours=True)
    bias = bundle.arrays["bias/2"].copy()
    bias[-23 + 4] = -1e4  # of the fifth code after the first
    with pytest.raises(BundleError, match=r"^a\.npz: hours\.npy: names codes that hardly come in 2048 rows"):
        NeuralSampler.load(with_arrays(bundle, **{"bias/2": bias}))
    unused = np.where(np.arange(24) == 5, 4, np.arange(24)).astype("<i4")
    NeuralSampler.load(with_arrays(bundle, **{"bias/2": bias, "hours": unused}))


@pytest.mark.parametrize("sizes", [[9000, 9000], [12, *[1] * 4000]])
def test_rows_of_many_codes_take_little_memory(sizes: list[int]):
    labels = {f"c{place}": list(range(size)) for place, size in enumerate(sizes)}
    members = {name: {"node": "category", "column": name, "labels": labels[name]} for name in labels}
    manifest = Manifest.model_validate(manifest_of({"node": "object", "members": members}) | {"kind": "ctgan"})
    sampler = NeuralSampler.load(Bundle(manifest, neural_arrays(manifest.columns, "ctgan", plain=True)))
    tracemalloc.start()
    rows = sampler.draw(2048, np.random.default_rng(0))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (rows.max(axis=0) < sizes).all()
    assert most - rows.nbytes < 150 * 2**20
