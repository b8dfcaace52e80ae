import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import BundleError
from agent.series.filtered import LONGEST, Response
from agent.series.noise import normals, span
from tests.agent.series.asked import KEY, are_independent, autocorrelations, is_normal, played
from tests.bundles import make_bundle

COUNT = 200_000


def weights(ar: list[float], ma: list[float], length: int = 2000) -> np.ndarray:
    """Of an ARMA series with standard normal noise, by its definition."""
    made: list[float] = []
    for k in range(length):
        past = sum(ar[i] * made[k - 1 - i] for i in range(min(len(ar), k)))
        made.append(past + [1.0, *ma, *[0.0] * length][k])
    return np.array(made)


def yule_walker(first: list[float], ar: list[float], count: int) -> list[float]:
    """Autocorrelations from the first ones on."""
    known = list(first)
    while len(known) < count:
        known.append(sum(c * known[-1 - i] for i, c in enumerate(ar)))
    return known


SERIES = {  # autocorrelations: Box, Jenkins and Reinsel, "Time Series Analysis", chapter 3
    "white noise": ([], [], [1.0] + [0.0] * 19),
    "AR(1)": ([0.8], [], yule_walker([1.0], [0.8], 20)),
    "AR(1) that alternates": ([-0.6], [], yule_walker([1.0], [-0.6], 20)),
    "AR(2)": ([1.2, -0.5], [], yule_walker([1.0, 1.2 / 1.5], [1.2, -0.5], 20)),
    "MA(2)": ([], [0.6, -0.3], [1.0, 0.42 / 1.45, -0.3 / 1.45] + [0.0] * 17),
    "ARMA(1, 1)": ([0.7], [0.4], yule_walker([1.0, 1.28 * 1.1 / 1.72], [0.7], 20)),
}


@pytest.mark.parametrize("name", SERIES)
def test_the_textbook_series_have_the_textbook_autocorrelations(name: str):
    ar, ma, theory = SERIES[name]
    response = weights(ar, ma)
    sample = played(Response(response), COUNT)
    allowed = 4 * np.sqrt((1 + 2 * np.sum(np.square(theory))) / COUNT)  # Bartlett's formula, at its largest
    assert np.abs(autocorrelations(sample, 19) - theory).max() < allowed
    spread, exact = float(sample.var()), float(np.sum(response**2))
    assert abs(spread / exact - 1) < 4 * np.sqrt(2 * (1 + 2 * np.sum(np.square(theory[1:]))) / COUNT)


def test_a_filtered_series_is_normal():
    response = weights([0.8], [])
    assert is_normal(played(Response(response), 40 * 20_000)[::40], float(np.linalg.norm(response)))


@given(
    length=st.sampled_from([1, 2, 3, 511, 512, 513, 1024, 1025]),
    first=st.integers(0, 5000) | st.just(2**53 - 100),
    seed=st.integers(0, 9),
)
@settings(max_examples=40)
def test_a_value_is_the_weighted_sum_of_the_noise_until_then(length: int, first: int, seed: int):
    response = np.random.default_rng(seed).normal(size=length)
    noise = normals(KEY, span(first - length + 1, length + 49))
    expected = np.convolve(noise, response, "valid")
    assert played(Response(response), 50, first=first) == pytest.approx(expected, abs=1e-11)


def test_the_longest_memory_is_applied_in_full():
    response = np.zeros(LONGEST)
    response[[0, -1]] = 1.0, 2.0
    noise = normals(KEY, span(1 - LONGEST, 2 * LONGEST))
    expected = noise[LONGEST:] + 2 * noise[1 : LONGEST + 1]
    assert np.abs(played(Response(response), LONGEST, first=1) - expected).max() < 1e-9


def test_white_noise_of_neighbouring_readings_is_independent_across_blocks():
    sample = played(Response(np.ones(1)), 512 * 20_000, first=0)
    assert are_independent(sample[511:-1:512], sample[512::512])


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (None, "missing"),
        (np.array([1.0, np.nan]), "NaN"),
        (np.array([np.inf]), "infinity"),
        (np.array([1e16]), "1e15"),
        (np.array([1], "<i8"), "int64"),
        (np.ones((2, 2)), "shape"),
        (np.ones(()), "shape"),
        (np.empty(0), "0 weights"),
        (np.ones(LONGEST + 1), "65537 weights"),
    ],
)
def test_weights_that_are_not_as_they_must_be_are_refused(array: np.ndarray | None, problem: str):
    timing = {} if array is None else {"series/response/0": array}
    with pytest.raises(BundleError, match=rf"series/response/0.*{problem}"):
        Response.load(make_bundle(timing=timing), "series/response/0")


def test_the_largest_weights_give_finite_values():
    bundle = make_bundle(timing={"series/response/3": np.full(LONGEST, 1e15)})
    assert np.isfinite(played(Response.load(bundle, "series/response/3"), 100)).all()
