"""The recurrent network against a plain one, written out row by row."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from agent.errors import BundleError, ConditionError
from agent.models import bundle as bundles
from agent.models.bundle import Bundle
from agent.models.recurrent import RecurrentNetwork
from agent.models.sampler import Given
from agent.models.sequence import SequenceSampler
from tests.made_sequence import LENGTH, sequence_bundle

MESSAGE: dict[str, Any] = {
    "node": "object",
    "members": {
        "light": {"node": "category", "column": "light", "labels": ["off", "dim", "on"]},
        "temperature": {"node": "number", "column": "temperature", "format": {}},
        "door": {"node": "category", "column": "door", "labels": ["shut", "open"]},
        "persons": {"node": "number", "column": "persons", "format": {"denominator": 1, "decimals": 0}},
    },
}


def bundle(**options: Any) -> Bundle:
    return sequence_bundle(MESSAGE, **options)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def plainly(arrays: dict[str, np.ndarray], noise: np.ndarray, picks: np.ndarray, hour: int) -> Iterator[np.ndarray]:
    """Rows of one segment: values, then codes; noise (rows, numbers), picks (rows, choices); all in float64."""
    a = {name: array.astype(np.float64) for name, array in arrays.items()}
    sizes, numbers = arrays["choices"].tolist(), len(arrays["absent"])
    width = len(a["reset"])
    h, entering = np.zeros(width), a["start"][hour]
    for eps, u in zip(noise, picks, strict=True):
        by_state = h @ a["recurrent"]
        r = sigmoid(entering[:width] + by_state[:width])
        z = sigmoid(entering[width : 2 * width] + by_state[width : 2 * width])
        n = np.tanh(entering[2 * width :] + r * (by_state[2 * width :] + a["reset"]))
        h = (1 - z) * n + z * h
        output = np.append(h, 1) @ a["output"]
        output[2 * numbers :] += a["lean"][hour]
        codes, one_hot, first = [], [], 2 * numbers
        for size, pick in zip(sizes, u, strict=True):
            weights = np.exp(output[first : first + size])
            codes.append(int((np.cumsum(weights)[:-1] <= pick * weights.sum()).sum()))
            one_hot += [float(code == codes[-1]) for code in range(size)]
            first += size
        values = output[:numbers] + np.log1p(np.exp(output[numbers : 2 * numbers])) * eps
        for number, choice in enumerate(arrays["absent"]):
            if choice >= 0 and codes[choice] == 1:
                values[number] = 0
        entering = a["body"][hour] + np.concatenate([values, one_hot]) @ a["input"]
        yield np.concatenate([values, codes])


@pytest.mark.parametrize("unwritten", [False, True])
@pytest.mark.parametrize("hour", [None, 0, 17])
def test_each_row_is_what_a_plain_network_says(hour: int | None, unwritten: bool):
    made = bundle(hours=hour is not None, unwritten=unwritten)
    rng = np.random.default_rng(1)
    made.arrays["lean"][:] = rng.normal(size=made.arrays["lean"].shape)
    numbers, choices = len(made.arrays["absent"]), len(made.arrays["choices"])
    noise = rng.standard_normal((20, numbers, 7), np.float32)
    picks = rng.random((20, choices, 7), np.float32)
    rows = SequenceSampler.load(made).decode(noise, picks, hour or 0)
    assert rows.shape == (7, 20, 4)
    for segment in range(7):
        plain = np.array(list(plainly(dict(made.arrays), noise[:, :, segment], picks[:, :, segment], hour or 0)))
        deviations = (rows[segment, :, 1] - 0.4) / 0.006
        assert np.abs(deviations - plain[:, 0]).max() < 1e-6 * np.abs(plain[:, 0]).max()
        assert np.array_equal(rows[segment, :, 3], np.rint(4 + 0.08 * plain[:, 1]))
        assert np.array_equal(rows[segment][:, [0, 2]], plain[:, numbers : numbers + 2])


def test_rows_of_a_segment_follow_each_other_and_segments_begin_anew():
    made = bundle()
    drawn = SequenceSampler.load(made).draw(3 * LENGTH + 2, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    noise = rng.standard_normal((LENGTH, 2, 4), np.float32)
    picks = rng.random((LENGTH, 2, 4), np.float32)
    for segment in range(4):
        plain = np.array(list(plainly(dict(made.arrays), noise[:, :, segment], picks[:, :, segment], 0)))
        part = drawn[segment * LENGTH : (segment + 1) * LENGTH]
        assert np.allclose(part[:, 1], 0.4 + 0.006 * plain[: len(part), 0], atol=1e-7)


def test_the_hour_chooses_what_the_network_is_told():
    made = bundle(hours=True)
    made.arrays["start"][:, :] = made.arrays["start"][:1]
    made.arrays["body"][:, :] = made.arrays["body"][:1]
    sampler = SequenceSampler.load(made)
    assert np.array_equal(at(sampler, 3), at(sampler, 9))
    made.arrays["body"][9] += 0.5
    sampler = SequenceSampler.load(made)
    assert np.array_equal(at(sampler, 3), at(sampler, 4))
    assert not np.array_equal(at(sampler, 3), at(sampler, 9))
    with pytest.raises(ValueError, match="say which"):
        sampler.draw(1, np.random.default_rng(0))


def at(sampler: SequenceSampler, hour: int) -> np.ndarray:
    return sampler.draw(50, np.random.default_rng(0), Given(hour))


def test_an_hour_leans_towards_a_class_and_the_others_draw_as_if_it_did_not():
    made = bundle(hours=True)
    before = {hour: at(SequenceSampler.load(made), hour) for hour in (3, 4)}
    made.arrays["lean"][3, :3] = [0, 0, 8]
    sampler = SequenceSampler.load(made)
    leaning = at(sampler, 3)
    assert (leaning[:, 0] == 2).mean() > 0.9 > (before[3][:, 0] == 2).mean() + 0.2
    assert np.array_equal(at(sampler, 4), before[4])
    assert np.array_equal(at(sampler, 3), leaning)


@pytest.mark.parametrize("far", [90.0, 1e3, 1e6, -1e6])
def test_however_far_an_hour_leans_one_of_the_codes_is_drawn(far: float):
    made = bundle(hours=True)
    made.arrays["output"][:, 4:] *= 0.1  # without a lean the logits would be gentle
    made.arrays["lean"][3] = [0, far, 0, far, 0]
    drawn = at(SequenceSampler.load(made), 3)
    assert np.isfinite(drawn).all()
    assert set(drawn[:, 0]) == ({1.0} if far > 0 else {0.0, 2.0})
    assert set(drawn[:, 2]) == ({0.0} if far > 0 else {1.0})


def test_of_what_an_hour_never_has_nothing_is_drawn_in_vain(mocker):
    made = bundle(hours=True)
    made.arrays["lean"][3, 1] = -1e5
    sampler = SequenceSampler.load(made)
    run = mocker.spy(RecurrentNetwork, "run")
    for values in (((0, (1.0,)),), ((2, (0.0, 1.0)), (0, (1.0,)))):
        with pytest.raises(ConditionError, match="the model never draws that"):
            sampler.draw(5, np.random.default_rng(0), Given(3, values))
    run.assert_not_called()
    assert set(sampler.draw(200, np.random.default_rng(0), Given(3, ((0, (1.0, 2.0)),)))[:, 0]) == {2.0}
    assert set(sampler.draw(200, np.random.default_rng(0), Given(4, ((0, (1.0,)),)))[:, 0]) == {1.0}


def test_a_network_of_one_output_leaves_the_arrays_of_its_bundle_alone():
    message = {"node": "category", "column": "light", "labels": ["on"]}
    made = bundles.from_bytes(sequence_bundle(message, hours=True).to_bytes())
    sampler = SequenceSampler.load(made)
    assert not made.arrays["output"].flags.writeable
    assert set(at(sampler, 3)[:, 0]) == set(at(sampler, 4)[:, 0]) == {0.0}


def test_values_that_are_given_are_all_that_is_drawn():
    drawn = SequenceSampler.load(bundle()).draw(300, np.random.default_rng(0), Given(values=((0, (2.0,)), (2, (1.0,)))))
    assert set(drawn[:, 0]) == {2.0}
    assert set(drawn[:, 2]) == {1.0}
    assert len(np.unique(drawn[:, 1])) == 300


def test_a_bundle_of_constants_only_draws_empty_rows():
    message = {"node": "object", "members": {"a": {"node": "constant", "value": 1}}}
    assert SequenceSampler.load(sequence_bundle(message)).draw(LENGTH + 1, np.random.default_rng(0)).shape == (
        LENGTH + 1,
        0,
    )


def test_steep_logits_choose_the_largest():
    made = bundle(scale=1e5)
    drawn = SequenceSampler.load(made).draw(500, np.random.default_rng(0))
    assert np.isfinite(drawn).all()
    assert set(drawn[:, 0]) <= {0.0, 1.0, 2.0}


def test_a_code_with_no_probability_is_never_drawn():
    made = bundle()
    made.arrays["output"][:, 4 + 1] = 0
    made.arrays["output"][-1, 4 + 1] = -1e5
    drawn = SequenceSampler.load(made).draw(3000, np.random.default_rng(0))
    assert set(drawn[:, 0]) == {0.0, 2.0}


@pytest.mark.parametrize("far", [0.0, 9.0, 18.0, 79.0])
def test_a_choice_does_not_depend_on_how_large_the_logits_of_another_are(far: float):
    made, count = bundle(), 20_000
    made.arrays["output"][:, 4:] = 0
    made.arrays["output"][-1, 4:] = [far, far, far, 0, 1]
    network = RecurrentNetwork.load(made, 2, [3, 2], 1)
    picks = np.tile((np.arange(count) + np.float32(0.5)) / np.float32(count), (1, 2, 1)).astype(np.float32)
    light, door = network.run(np.zeros((1, 2, count), np.float32), picks, 0)[0, 2:]
    assert np.bincount(light.astype(int)) / count == pytest.approx(np.full(3, 1 / 3), abs=1e-3)
    assert door.mean() == pytest.approx(sigmoid(np.array(1.0)), abs=1e-3)


def test_logits_of_many_codes_that_are_all_large_stay_finite():
    made, size = bundle(), 10_000
    made.arrays["choices"] = np.array([3, 2, size], "<i4")
    made.arrays["input"] = np.zeros((7 + size, made.arrays["input"].shape[1]), "<f4")
    made.arrays["output"] = np.zeros((len(made.arrays["output"]), 9 + size), "<f4")
    made.arrays["output"][-1, 9:] = 79.9
    made.arrays["lean"] = np.zeros((1, 5 + size), "<f4")
    network, picks = RecurrentNetwork.load(made, 2, [3, 2], 1), np.full((1, 3, 1), 0.5, np.float32)
    assert network.run(np.zeros((1, 2, 1), np.float32), picks, 0)[0, 2:, 0].tolist() == pytest.approx(
        [1, 1, 5000], abs=9
    )


def test_the_last_pick_of_all_chooses_no_code_without_probability():
    made = bundle()
    made.arrays["output"][:, 4:] = 0
    made.arrays["output"][-1, 8] = -1e5
    network, picks = RecurrentNetwork.load(made, 2, [3, 2], 1), np.full((1, 2, 1), 1 - 2**-24, np.float32)
    assert network.run(np.zeros((1, 2, 1), np.float32), picks, 0)[0, 2:, 0].tolist() == [2, 0]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("length", [0], "must be 1 to"),
        ("length", [10**8], "must be 1 to"),
        ("choices", [3, 3], "must be those of the categories"),
        ("choices", [3], "must be those of the categories"),
        ("choices", [3, 2, 0], "must be those of the categories"),
        ("choices", [3, 2, 2**31 - 1], "must be those of the categories"),
        ("absent", [0, 2], "must name choices"),
        ("absent", [-2, 0], "must name choices"),
        ("absent", [-1], "must name choices"),
        ("plan", [[0, 2]], "must name tables 0 to 1"),
        ("plan", [[-1, 0]], "must name tables"),
        ("reset", np.zeros(0, "<f4"), "must hold 1 to"),
        ("reset", np.zeros(600, "<f4"), "must hold 1 to"),
        ("reset", np.full(8, 1e7, "<f4"), "beyond 1e"),
        ("output", np.zeros((9, 8), "<f4"), "has shape"),
        ("lean", np.zeros((24, 5), "<f4"), r"lean: has shape \(24, 5\), must be \(1, 5\)"),
        ("lean", np.zeros((1, 4), "<f4"), "lean: has shape"),
        ("lean", np.zeros((1, 5), "<f8"), "lean: is float64, must be <f4"),
        ("lean", np.full((1, 5), np.nan, "<f4"), "lean: holds NaN"),
        ("lean", np.full((1, 5), -np.inf, "<f4"), "lean: holds NaN, infinity"),
        ("lean", np.full((1, 5), -2e6, "<f4"), r"lean.npy: holds a number beyond 1e\+06"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, value: object, problem: str):
    made = bundle()
    array = np.array(value) if isinstance(value, np.ndarray) else np.array(value, "<i4")
    hostile = Bundle(made.manifest, {**made.arrays, name: array}, "some.npz")
    with pytest.raises(BundleError, match=problem):
        SequenceSampler.load(hostile)


@pytest.mark.parametrize("name", ["start", "input", "output", "lean", "plan"])
def test_a_bundle_without_one_of_its_arrays_is_refused_by_name(name: str):
    made = bundle()
    rest = {known: array for known, array in made.arrays.items() if known != name}
    with pytest.raises(BundleError, match=f"some.npz: {name}: missing"):
        SequenceSampler.load(Bundle(made.manifest, rest, "some.npz"))


def test_segments_that_would_fill_the_memory_are_refused():
    made = sequence_bundle(MESSAGE, unwritten=True)
    wide = {"choices": np.append(made.arrays["choices"], np.ones(500, "<i4")), "length": np.array([10_000], "<i4")}
    wide |= {
        name: np.pad(made.arrays[name], [(0, 500), (0, 0)][:: 1 if name == "input" else -1])
        for name in ("input", "output", "lean")
    }
    with pytest.raises(BundleError, match="a segment would hold more"):
        SequenceSampler.load(Bundle(made.manifest, {**made.arrays, **wide}))
