import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.models.layers import Layer, relative, turned


def layers(noise: int, conditions: int, widths: list[int], skips: bool, rng: np.random.Generator) -> list[Layer]:
    made, inputs = [], noise + conditions
    for width in widths:
        made.append((rng.normal(size=(inputs, width)), rng.normal(size=width)))
        inputs = inputs + width if skips else width
    return made


def forward(layers: list[Layer], source: np.ndarray, skips: bool) -> np.ndarray:
    for weight, bias in layers[:-1]:
        hidden = np.maximum(source @ weight + bias, 0)
        source = np.hstack([hidden, source]) if skips else hidden
    weight, bias = layers[-1]
    return source @ weight + bias


@given(
    noise=st.integers(1, 7),
    conditions=st.integers(0, 4),
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    skips=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_turned_layers_say_of_turned_noise_what_the_others_say_of_noise(noise, conditions, widths, skips, seed):
    rng = np.random.default_rng(seed)
    given_ = layers(noise, conditions, widths, skips, rng)
    before = [weight.copy() for weight, _ in given_]
    made, turn = turned(given_, conditions)
    drawn, rest = rng.normal(size=(5, noise)), rng.normal(size=(5, conditions))
    expected = forward(given_, np.hstack([drawn, rest]), skips)
    found = forward(made, np.hstack([drawn @ turn, rest]), skips)
    assert found == pytest.approx(expected, abs=1e-9)
    assert turn @ turn.T == pytest.approx(np.eye(noise), abs=1e-12)  # so that turned normals are normals
    assert not np.tril(made[0][0][:noise], -1).any()
    assert all(np.array_equal(weight, was) for (weight, _), was in zip(given_, before, strict=True))


def softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits)
    return shares / shares.sum(axis=-1, keepdims=True)


@given(sizes=st.lists(st.integers(1, 6), min_size=1, max_size=5), seed=st.integers(0, 1000))
def test_relative_logits_have_the_probabilities_of_the_others(sizes, seed):
    logits = np.random.default_rng(seed).normal(size=(4, sum(sizes)))
    rest = relative(logits, sizes)
    assert rest.shape == (4, sum(sizes) - len(sizes))
    for size, column in zip(sizes, np.split(logits, np.cumsum(sizes)[:-1], axis=1), strict=True):
        own, rest = np.split(rest, [size - 1], axis=1)
        assert softmax(np.hstack([np.zeros((4, 1)), own])) == pytest.approx(softmax(column))


def test_relative_logits_of_no_columns_are_none():
    assert relative(np.empty((3, 0)), []).shape == (3, 0)
    assert relative(np.empty(0), []).shape == (0,)
