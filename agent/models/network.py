"""Dense layers with rectifiers, plain or with skip connections, in one matrix product a layer."""

from functools import cache
from itertools import count, takewhile
from statistics import NormalDist
from typing import Self

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle

MOST_LAYERS = 8
LEVELS = 65_536
MOST_NOISE = 10.0  # a standard normal is never beyond
LARGEST = 1e30  # of single precision, with room to add
MOST_WIDE = 20_000  # numbers in one layer

Singles = NDArray[np.float32]


class Network:
    """Arrays: `weight/N` (inputs, outputs) and `bias/N` (outputs), N from 0, in half or single precision.

    Every layer but the last is rectified. The first one's input is the noise and then the condition. With
    skip connections a layer's input is the last layer's output, then that layer's own input.
    """

    def __init__(self, weights: list[Singles], biases: list[Singles], conditions: int) -> None:
        self.noise = len(weights[0]) - conditions
        self._skips = len(weights) > 1 and len(weights[1]) > weights[0].shape[1]
        self._weights, self._starts = [], []  # what a layer adds to its product: a row for each entry of the condition
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            inputs = len(weight) - (conditions if self._skips or layer == 0 else 0)
            self._weights.append(weight[:inputs])
            self._starts.append(weight[inputs:] + bias if inputs < len(weight) else bias[None])
        self._zeros = np.zeros(max(len(bias) for bias in biases), np.float32)

    @classmethod
    def load(cls, bundle: Bundle, conditions: int, outputs: int) -> Self:
        """The network of `bundle`, with so many outputs.

        Raises:
            BundleError: A layer is missing, misshapen or not finite.
        """
        layers = list(takewhile(lambda n: f"weight/{n}" in bundle.arrays, count()))
        if not 1 <= len(layers) <= MOST_LAYERS:
            raise bundle.error("weight/0", f"there must be 1 to {MOST_LAYERS} layers")
        weights = [_layer(bundle, f"weight/{n}", (None, None)) for n in layers]
        biases = [_layer(bundle, f"bias/{n}", (weight.shape[1],)) for n, weight in zip(layers, weights, strict=True)]
        inputs = len(weights[0])
        widths = [weight.shape[1] for weight in weights]
        plain = [inputs, *widths[:-1]]
        skipping = [inputs + sum(widths[:n]) for n in layers]
        if [len(weight) for weight in weights] not in (plain, skipping) or inputs <= conditions:
            raise bundle.error("weight/0", "the layers do not fit each other, nor the condition")
        if widths[-1] != outputs or max(widths) > MOST_WIDE:
            raise bundle.error(f"weight/{layers[-1]}", f"must have {outputs} outputs, at most {MOST_WIDE}")
        if not _reach(weights, biases, skips=[len(weight) for weight in weights] == skipping) < LARGEST:
            raise bundle.error("weight/0", "the weights are too large to be a network's")
        return cls(weights, biases, conditions)

    def drawn(self, count: int, rng: np.random.Generator) -> Singles:
        """Noise for `count` rows, shape (rows, noise): normals of 16 bits, eight times faster than exact ones."""
        numbers = count * self.noise
        levels = rng.bit_generator.random_raw(-(-numbers // 4)).view(np.uint16)[:numbers]  # four of each 64 bits
        return _normals().take(levels).reshape(count, self.noise)

    def outputs(self, noise: Singles, condition: NDArray[np.intp]) -> Singles:
        """The last layer's outputs, shape (rows, outputs), of noise, shape (rows, noise).

        Args:
            noise: See above.
            condition: The entry of the condition that is one, shape (rows,) or, the same for all, (1,);
                zero where there is none.
        """
        inputs = noise
        product: Singles = inputs @ self._weights[0]
        product += self._starts[0][condition]
        for weight, start in zip(self._weights[1:], self._starts[1:], strict=True):
            hidden = np.maximum(product, self._zeros[: product.shape[1]])  # twice as fast as against a scalar 0
            inputs = np.concatenate([hidden, inputs], axis=1) if self._skips else hidden
            product = inputs @ weight
            product += start[condition] if len(start) > 1 else start
        return product


def _reach(weights: list[Singles], biases: list[Singles], skips: bool) -> float:
    """An upper bound of what the layers can give."""
    bound = MOST_NOISE
    for weight, bias in zip(weights, biases, strict=True):
        given = float((np.abs(weight.astype(np.float64)).sum(axis=0) * bound + np.abs(bias)).max(initial=0.0))
        bound = max(bound, given) if skips else given
    return bound


@cache
def _normals() -> Singles:
    """The middles of equally probable parts of the normal distribution, of variance 1."""
    inverse = NormalDist().inv_cdf
    middles = np.array([inverse((level + 0.5) / LEVELS) for level in range(LEVELS)])
    return np.asarray(middles / middles.std(), np.float32)


def _layer(bundle: Bundle, name: str, shape: tuple[int | None, ...]) -> Singles:
    array = bundle.arrays.get(name)
    dtype = "<f2" if array is not None and array.dtype == np.float16 else "<f4"
    return bundle.array(name, dtype, shape).astype(np.float32)
