"""Dense layers with rectifiers, plain or with skip connections."""

from collections.abc import Sequence
from itertools import count, takewhile
from typing import Self

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle
from agent.models.noise import MOST_NOISE, normals

MOST_LAYERS = 8
LARGEST = 1e30  # of single precision, with room to add
MOST_WIDE = 20_000  # numbers in one layer
MOST_DRAWN = 4096  # numbers of noise for a row
FAR = 8.0  # from zero: starts beyond are not left to the layers after, which would lose digits by them
RUN = 32  # outputs: with fewer, calls cost more than products save

Singles = NDArray[np.float32]


class Network:
    """Arrays: `weight/N` (inputs, outputs) and `bias/N` (outputs), N from 0, in half or single precision.

    Every layer but the last is rectified. The first one's input is the noise and then the condition. With
    skip connections a layer's input is the last layer's output, then that layer's own input.
    """

    def __init__(self, weights: list[Singles], biases: list[Singles], conditions: int) -> None:
        self.noise = len(weights[0]) - conditions
        self._skips = skips(weights)
        self._hidden: list[_Hidden] = []
        lack = np.zeros(self.noise, np.float32)  # by how much a layer's inputs are too small
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            layer = _Hidden(*_split(weight, bias, lack))
            self._hidden.append(layer)
            lack = np.concatenate([layer.lack, lack]) if self._skips else layer.lack
        self._last = _Last(*_split(weights[-1], biases[-1], lack))

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
        if inputs - conditions > MOST_DRAWN:
            raise bundle.error("weight/0", f"must take at most {MOST_DRAWN} numbers of noise")
        if widths[-1] != outputs or max(widths) > MOST_WIDE:
            raise bundle.error(f"weight/{layers[-1]}", f"must have {outputs} outputs, at most {MOST_WIDE}")
        if not _reach(weights, biases) < LARGEST:
            raise bundle.error("weight/0", "the weights are too large to be a network's")
        return cls(weights, biases, conditions)

    def drawn(self, count: int, rng: np.random.Generator) -> Singles:
        """Noise for `count` rows, shape (rows, noise)."""
        return normals((count, self.noise), rng)

    def outputs(self, noise: Singles, condition: NDArray[np.intp]) -> Singles:
        """What the last layer says, shape (outputs, rows), of noise, shape (rows, noise).

        Args:
            noise: See above.
            condition: The entry of the condition that is one, shape (rows,) or, the same for all, (1,);
                zero where there is none.
        """
        inputs = noise
        for layer in self._hidden:
            hidden = layer.outputs(inputs, condition)
            inputs = np.concatenate([hidden, inputs], axis=1) if self._skips else hidden
        return self._last.outputs(inputs, condition)


def skips(weights: Sequence[NDArray[np.floating]]) -> bool:
    """Whether these layers have skip connections: the second one's input is more than the first one's output."""
    return len(weights) > 1 and len(weights[1]) > weights[0].shape[1]


class _Hidden:
    """A layer that is rectified.

    A start that is the same for all rows, and not far from zero, is left to the layers after, as max(x + start, 0) is
    max(x, -start) + start: one step over the outputs instead of two.

    Attributes:
        lack: By how much the outputs are too small.
    """

    def __init__(self, weight: Singles, starts: Singles) -> None:
        self._width, self._runs = weight.shape[1], _runs(weight)
        self._starts, self._varies = starts, len(starts) > 1
        self._added = self._varies or float(np.abs(starts).max(initial=0.0)) > FAR
        self.lack = np.zeros(self._width, np.float32) if self._added else starts[0]

    def outputs(self, inputs: Singles, condition: NDArray[np.intp]) -> Singles:
        """Shape (rows, outputs)."""
        product = np.empty((len(inputs), self._width), np.float32)
        for run, weight in self._runs:
            np.matmul(inputs[:, : len(weight)], weight, out=product[:, run])
        if self._added:
            product += self._starts[condition] if self._varies else self._starts
        np.maximum(product, -self.lack, out=product)
        return product


class _Last:
    """The layer that is not rectified, with an output of all rows side by side."""

    def __init__(self, weight: Singles, starts: Singles) -> None:
        self._weight, self._starts = weight.T, starts.T

    def outputs(self, inputs: Singles, condition: NDArray[np.intp]) -> Singles:
        """Shape (outputs, rows)."""
        product: Singles = self._weight @ inputs.T
        product += self._starts[:, condition] if self._starts.shape[1] > 1 else self._starts
        return product


def _split(weight: Singles, bias: Singles, lack: Singles) -> tuple[Singles, Singles]:
    """A weight without the condition's rows, and its starts: what is added to the product for each entry of those."""
    own, entries = weight[: len(lack)], weight[len(lack) :]
    start = bias + lack @ own
    return own, entries + start if len(entries) else start[None]


def _runs(weight: Singles) -> list[tuple[slice, Singles]]:
    """Runs of outputs, each with its weight of the inputs up to the last that it uses; most weights are one run."""
    outputs = weight.shape[1]
    found: list[tuple[int, int, int]] = []
    for first in range(0, outputs, RUN):
        used = np.flatnonzero(weight[:, first : first + RUN].any(axis=1))
        inputs = int(used[-1]) + 1 if used.size else 0
        begin = found.pop()[0] if found and found[-1][2] == inputs else first
        found.append((begin, min(first + RUN, outputs), inputs))
    return [(slice(first, end), np.ascontiguousarray(weight[:inputs, first:end])) for first, end, inputs in found]


def _reach(weights: list[Singles], biases: list[Singles]) -> float:
    """An upper bound of what the layers can give."""
    bound, skipping = MOST_NOISE, skips(weights)
    for weight, bias in zip(weights, biases, strict=True):
        given = float((np.abs(weight.astype(np.float64)).sum(axis=0) * bound + np.abs(bias)).max(initial=0.0))
        bound = max(bound, given) if skipping else given
    return bound


def _layer(bundle: Bundle, name: str, shape: tuple[int | None, ...]) -> Singles:
    array = bundle.arrays.get(name)
    dtype = "<f2" if array is not None and array.dtype == np.float16 else "<f4"
    return bundle.array(name, dtype, shape).astype(np.float32)
