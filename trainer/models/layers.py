"""Other layers for a network that say the same and cost the device less."""

import numpy as np
from numpy.typing import NDArray

from agent.models.network import skips

Floats = NDArray[np.float64]
Layer = tuple[Floats, Floats]  # weights (inputs, outputs) and biases (outputs,)


def turned(layers: list[Layer], conditions: int) -> tuple[list[Layer], Floats]:
    """Layers for noise that is turned so that the first hidden output needs one of it, the second two, and so on.

    Independent normals are such from whatever side they are looked at, so nothing that is drawn tells the difference;
    half of the first layer's products are with zeros. Source: the QR decomposition, Householder (1958).

    Args:
        layers: The first one's input is the noise and then the condition; with skip connections a layer's input is the
            last layer's output, then that layer's own input.
        conditions: How many entries the condition has.

    Returns:
        The layers, and the turn, shape (noise, noise): for `noise @ turn` they give what the given ones do for `noise`.
    """
    noise = len(layers[0][0]) - conditions
    turn = np.linalg.qr(layers[0][0][:noise], mode="complete").Q
    made = [(weight.copy(), bias) for weight, bias in layers]
    for weight, _ in made if skips([weight for weight, _ in layers]) else made[:1]:
        own = slice(len(weight) - conditions - noise, len(weight) - conditions)
        weight[own] = turn.T @ weight[own]
    first = made[0][0][:noise]
    first[np.tril_indices_from(first, -1)] = 0  # but for rounding they are
    return made, turn


def relative(logits: Floats, sizes: list[int]) -> Floats:
    """Logits, shape (…, all of all columns), against the first of their own column, which is left out.

    Args:
        logits: Or what is added up to such.
        sizes: How many each column has.
    """
    counts = np.array(sizes, np.intp)
    firsts = np.repeat(np.cumsum(counts) - counts, counts)
    others = np.flatnonzero(firsts != np.arange(len(firsts)))
    return np.asarray(logits[..., others] - logits[..., firsts[others]], np.float64)
