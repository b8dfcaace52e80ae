import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import BundleError
from agent.models.bundle import Bundle
from agent.models.network import MOST_DRAWN, MOST_LAYERS, MOST_WIDE, Network
from tests.made import copula_bundle

MANIFEST = copula_bundle().manifest

Layers = list[tuple[np.ndarray, np.ndarray]]


def bundle(layers: Layers, weights: str = "<f4") -> Bundle:
    arrays = {f"weight/{n}": weight.astype(weights) for n, (weight, _) in enumerate(layers)}
    return Bundle(MANIFEST, arrays | {f"bias/{n}": bias.astype("<f4") for n, (_, bias) in enumerate(layers)}, "a.npz")


def layers(inputs: int, widths: list[int], skips: bool, seed: int = 0, scale: float = 0.5) -> Layers:
    rng, made = np.random.default_rng(seed), []
    for width in widths:
        made.append((rng.normal(0, scale, (inputs, width)).astype("<f2"), rng.normal(0, scale, width).astype("<f4")))
        inputs = inputs + width if skips else width
    return made


def plain_forward(layers: Layers, source: np.ndarray, skips: bool) -> np.ndarray:
    """What the layers give, in double precision, one after the other."""
    for number, (weight, bias) in enumerate(layers):
        output = source @ weight.astype(np.float64) + bias
        if number == len(layers) - 1:
            return output
        hidden = np.maximum(output, 0)
        source = np.concatenate([hidden, source], axis=1) if skips else hidden
    raise AssertionError


@given(
    noise=st.integers(1, 6),
    conditions=st.integers(0, 5),
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    skips=st.booleans(),
    precision=st.sampled_from(["<f2", "<f4"]),
    rows=st.integers(0, 7),
    seed=st.integers(0, 1000),
)
def test_the_outputs_are_those_of_a_plain_forward_pass(noise, conditions, widths, skips, precision, rows, seed):
    made = layers(noise + conditions, widths, skips, seed)
    network = Network.load(bundle(made, precision), conditions, widths[-1])
    rng = np.random.default_rng(seed)
    drawn, entries = rng.standard_normal((rows, noise), np.float32), rng.integers(0, max(1, conditions), rows)
    source = np.concatenate([drawn, np.eye(conditions)[entries]], axis=1) if conditions else drawn
    expected = plain_forward(made, source.astype(np.float64), skips)
    found = network.outputs(drawn, entries).T
    assert network.noise == noise
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("conditions", [0, 1, 3])
def test_an_entry_for_all_rows_gives_what_one_for_each_does(skips, conditions):
    network = Network.load(bundle(layers(4 + conditions, [5, 6, 7], skips)), conditions, 7)
    drawn = np.random.default_rng(1).standard_normal((9, 4), np.float32)
    entry = np.array([max(0, conditions - 1)])
    assert np.array_equal(network.outputs(drawn, entry), network.outputs(drawn, entry.repeat(9)))


@pytest.mark.parametrize("skips", [False, True])
def test_layers_as_large_as_sdv_makes_them_agree_too(skips):
    made = layers(128 + 40, [256, 256, 300], skips, scale=0.05)
    network = Network.load(bundle(made), 40, 300)
    rng = np.random.default_rng(1)
    drawn, entries = rng.standard_normal((500, 128), np.float32), rng.integers(0, 40, 500)
    expected = plain_forward(made, np.concatenate([drawn, np.eye(40)[entries]], axis=1), skips)
    assert np.abs(network.outputs(drawn, entries).T - expected).max() < 1e-5


@pytest.mark.parametrize("conditions", [0, 3])
@pytest.mark.parametrize("skips", [False, True])
def test_biases_far_from_zero_cost_no_digits(skips, conditions):
    made = layers(60 + conditions, [64, 64, 9], skips, scale=0.1)
    made[0][1][::2] = made[1][1][1::2] = -1e4
    network = Network.load(bundle(made), conditions, 9)
    rng = np.random.default_rng(1)
    drawn, entries = rng.standard_normal((100, 60), np.float32), rng.integers(0, max(1, conditions), 100)
    source = np.concatenate([drawn, np.eye(conditions)[entries]], axis=1) if conditions else drawn
    expected = plain_forward(made, source.astype(np.float64), skips)
    assert np.abs(network.outputs(drawn, entries).T - expected).max() < 1e-5


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize(("noise", "width"), [(128, 128), (100, 70), (70, 100), (40, 33), (31, 32)])
def test_inputs_that_a_layer_does_not_use_are_left_out(noise, width, skips):
    made = layers(noise, [width, width, 9], skips, scale=0.1)
    made[0] = np.triu(made[0][0]), made[0][1]
    network = Network.load(bundle(made), 0, 9)
    drawn = np.random.default_rng(1).standard_normal((20, noise), np.float32)
    expected = plain_forward(made, drawn, skips)
    assert np.abs(network.outputs(drawn, np.zeros(1, np.intp)).T - expected).max() < 1e-5
    products = sum(weight.size for _, weight in network._hidden[0]._runs)
    assert products <= noise * width - 32 * min(noise - 32, width - 32) or min(noise, width) <= 32
    assert len(network._hidden[1]._runs) == 1  # where all are used, in one call


def test_a_layer_that_uses_none_of_its_inputs_gives_its_biases():
    made = [(np.zeros((3, 40)), np.full(40, 2.0)), (np.zeros((40, 2)), np.array([5.0, -7]))]
    assert Network.load(bundle(made), 0, 2).outputs(np.ones((1, 3), np.float32), np.zeros(1, np.intp)).tolist() == [
        [5],
        [-7],
    ]


@pytest.mark.parametrize("skips", [False, True])
def test_what_is_hidden_is_rectified_and_the_last_layer_is_not(skips):
    height = 2 if skips else 1
    made = [(np.array([[1.0]]), np.array([-1.0])), (np.array([[1.0]] + [[0.0]] * (height - 1)), np.array([-5.0]))]
    outputs = Network.load(bundle(made), 0, 1).outputs(np.array([[-3], [0.5], [4]], np.float32), np.zeros(3, np.intp))
    assert outputs.ravel().tolist() == [-5, -5, -2]


def test_eight_layers_are_played_and_nine_are_refused():
    made = layers(2, [2] * (MOST_LAYERS + 1), skips=True)
    Network.load(bundle(made[:-1]), 0, 2)
    with pytest.raises(BundleError, match="1 to 8 layers"):
        Network.load(bundle(made), 0, 2)


def swapped(layers_: Layers, number: int, weight: np.ndarray, bias: np.ndarray | None = None) -> Layers:
    return [(weight, bias if bias is not None else b) if n == number else (w, b) for n, (w, b) in enumerate(layers_)]


GOOD = layers(5, [4, 3, 6], skips=True)
PLAIN = layers(5, [4, 3, 6], skips=False)


@pytest.mark.parametrize(
    ("hostile", "conditions", "outputs", "said"),
    [
        ([], 0, 6, "weight/0: there must be 1 to 8 layers"),
        (GOOD, 0, 7, "weight/2: must have 7 outputs"),
        (GOOD, 5, 6, "weight/0: the layers do not fit each other, nor the condition"),
        (GOOD, 6, 6, "weight/0: the layers do not fit"),
        ([GOOD[0], GOOD[2]], 0, 6, "weight/0: the layers do not fit"),
        ([PLAIN[0], PLAIN[1], GOOD[2]], 0, 6, "weight/0: the layers do not fit"),
        (swapped(GOOD, 1, np.zeros((8, 3))), 0, 6, "weight/0: the layers do not fit"),
        (swapped(GOOD, 1, np.zeros((9, 4))), 0, 6, "bias/1: has shape"),
        (swapped(GOOD, 1, np.zeros(9)), 0, 6, "weight/1: has shape"),
        (swapped(GOOD, 1, np.full((9, 3), np.nan)), 0, 6, "weight/1: holds NaN"),
        (swapped(GOOD, 2, np.full((12, 6), 9e14)), 0, 6, None),
        ([(np.full(weight.shape, 1e12), bias) for weight, bias in GOOD], 0, 6, "weight/0: the weights are too large"),
        ([(np.full(weight.shape, -1e12), bias) for weight, bias in PLAIN], 0, 6, "weight/0: the weights are too large"),
        (
            [
                (np.full((5, 4), 9e14), np.zeros(4)),
                (np.zeros((9, 3)), np.ones(3)),
                (np.full((12, 6), 9e14), np.zeros(6)),
            ],
            0,
            6,
            "weight/0: the weights are too large",
        ),
        (
            [
                (np.full((5, 4), 9e14), np.zeros(4)),
                (np.zeros((4, 3)), np.ones(3)),
                (np.full((3, 6), 9e14), np.zeros(6)),
            ],
            0,
            6,
            None,
        ),
        (
            [(np.zeros((5, 4)), np.full(4, 9e14)), (np.full((4, 6), 9e14), np.zeros(6))],
            0,
            6,
            "weight/0: the weights are too large",
        ),
        ([(np.zeros((5, 0)), np.zeros(0)), (np.zeros((0, 6)), np.zeros(6))], 0, 6, None),
        ([(np.zeros((MOST_DRAWN + 3, 1)), np.zeros(1))], 2, 1, "weight/0: must take at most 4096 numbers of noise"),
        ([(np.zeros((MOST_DRAWN + 2, 1)), np.zeros(1))], 2, 1, None),
        ([(np.zeros((1, MOST_WIDE + 1)), np.zeros(MOST_WIDE + 1))], 0, MOST_WIDE + 1, "at most 20000"),
        (
            [(np.zeros((1, MOST_WIDE + 1)), np.zeros(MOST_WIDE + 1)), (np.zeros((MOST_WIDE + 1, 1)), np.zeros(1))],
            0,
            1,
            "at most 20000",
        ),
    ],
)
def test_weights_that_are_no_networks_are_refused_and_what_is_let_in_stays_finite(hostile, conditions, outputs, said):
    if said is not None:
        with pytest.raises(BundleError, match=rf"^a\.npz: .*{said}.*; export the bundle again"):
            Network.load(bundle(hostile), conditions, outputs)
        return
    network = Network.load(bundle(hostile), conditions, outputs)
    drawn = np.full((2, network.noise), 10, np.float32)
    assert np.isfinite(network.outputs(drawn, np.zeros(2, np.intp))).all()


@pytest.mark.parametrize("missing", ["weight/0", "weight/1", "bias/0", "bias/2"])
def test_a_layer_that_is_missing_is_refused(missing):
    whole = bundle(GOOD)
    with pytest.raises(BundleError, match=r"^a\.npz: "):
        Network.load(Bundle(MANIFEST, {k: v for k, v in whole.arrays.items() if k != missing}, "a.npz"), 0, 6)


@pytest.mark.parametrize("name", ["weight/1", "bias/1"])
@pytest.mark.parametrize("dtype", ["<f8", "<i4", "|b1"])
def test_a_layer_of_another_precision_is_refused_by_name(name, dtype):
    whole = bundle(GOOD)
    with pytest.raises(BundleError, match=rf"^a\.npz: {name}: is "):
        Network.load(Bundle(MANIFEST, {**whole.arrays, name: whole.arrays[name].astype(dtype)}, "a.npz"), 0, 6)
