"""What every model kind owes the agent. A new kind adds a bundle made by hand to `EXAMPLES`."""

from collections.abc import Callable

import numpy as np
import pytest

from agent.errors import BundleError
from agent.models.bundle import Bundle
from agent.models.registry import SAMPLERS, sampler_of
from tests.made import copula_bundle, play
from tests.made_declared import declared_bundle
from tests.made_neural import neural_bundle
from tests.made_sequence import sequence_bundle

EXAMPLES: dict[str, Callable[[], Bundle]] = {
    "gaussian-copula": copula_bundle,
    "ctgan": lambda: neural_bundle("ctgan"),
    "copula-gan": lambda: neural_bundle("copula-gan"),
    "tvae": lambda: neural_bundle("tvae", plain=True),
    "par": sequence_bundle,
    "declared": declared_bundle,
}


@pytest.fixture(params=SAMPLERS)
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return EXAMPLES[request.param]()


def with_array(bundle: Bundle, name: str, array: np.ndarray | None) -> Bundle:
    arrays = {key: value for key, value in bundle.arrays.items() if key != name}
    return Bundle(bundle.manifest, arrays if array is None else {**arrays, name: array}, "some.npz")


def test_every_kind_has_an_example():
    assert set(EXAMPLES) == set(SAMPLERS)


@pytest.mark.parametrize("count", [0, 1, 2, 5000])
def test_as_many_rows_are_drawn_as_asked_for(bundle: Bundle, count: int):
    drawn = sampler_of(bundle).draw(count, np.random.default_rng(0))
    assert drawn.shape == (count, len(bundle.manifest.columns))
    assert drawn.dtype == np.float64


def test_the_same_generator_draws_the_same_rows(bundle: Bundle):
    first, second = (sampler_of(bundle).draw(100, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, sampler_of(bundle).draw(100, np.random.default_rng(8)))


def test_one_sampler_draws_other_rows_each_time(bundle: Bundle):
    sampler, rng = sampler_of(bundle), np.random.default_rng(7)
    assert not np.array_equal(sampler.draw(50, rng), sampler.draw(50, rng))


def test_nothing_touches_the_global_random_state(bundle: Bundle):
    before = np.random.get_state()[1].tolist()
    sampler_of(bundle).draw(10, np.random.default_rng(7))
    assert np.random.get_state()[1].tolist() == before


def test_every_number_is_finite_and_every_code_is_one(bundle: Bundle):
    drawn = sampler_of(bundle).draw(20_000, np.random.default_rng(0))
    assert np.isfinite(drawn).all()
    for column, values in zip(bundle.manifest.columns, drawn.T, strict=True):
        if column.size:
            assert set(values) == set(range(column.size))
        if column.integer:
            assert np.array_equal(values, np.rint(values))


def test_messages_can_be_written_of_what_is_drawn(bundle: Bundle):
    assert len(play(bundle, 200)) == 200


def test_arrays_are_not_changed_by_drawing(bundle: Bundle):
    before = {name: array.copy() for name, array in bundle.arrays.items()}
    sampler_of(bundle).draw(100, np.random.default_rng(0))
    assert all(np.array_equal(before[name], array) for name, array in bundle.arrays.items())


def test_an_array_that_is_missing_or_misshapen_is_refused_by_name(bundle: Bundle):
    for name, array in bundle.arrays.items():
        if name.startswith(("arrival/", "period/", "totals/")):  # no part of a sampler
            continue
        other = np.dtype("<i8") if array.dtype.kind == "f" else np.dtype("<f8")
        hostile = [None, array.astype(other), array[None], array[:-1], np.array(0, array.dtype)]
        if (name, bundle.manifest.kind) == ("weight/0", "tvae"):
            del hostile[3]  # less noise is a network, too
        if name != "condition":  # and so is one without a condition
            hostile.append(array[:0])
        hostile = [
            wrong for wrong in hostile if wrong is None or wrong.shape != array.shape or wrong.dtype != array.dtype
        ]
        if array.dtype.kind == "f" and array.size:
            for bad in (np.nan, np.inf, -np.inf, 1e300):
                spoilt = array.copy()
                with np.errstate(over="ignore"):
                    spoilt.flat[-1] = bad
                hostile.append(spoilt)
        for wrong in hostile:
            with pytest.raises(BundleError, match=r"^some\.npz: [\w/]+(\.npy)?: .*; export the bundle again") as caught:
                sampler_of(with_array(bundle, name, wrong))
            assert "\n" not in str(caught.value)


def test_an_unknown_kind_is_refused_with_those_that_are_known():
    bundle = copula_bundle()
    manifest = bundle.manifest.model_copy(update={"kind": "os.system"})
    with pytest.raises(BundleError, match=r"manifest\.json: kind 'os\.system' is unknown; known: gaussian-copula"):
        sampler_of(Bundle(manifest, bundle.arrays))
