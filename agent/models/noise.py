"""The noise of the neural kinds: standard normals of 16 bits, eight times faster than exact ones."""

import math
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

LEVELS = 65_536
MOST_NOISE = 10.0  # a normal is never beyond

Singles = NDArray[np.float32]


def normals(shape: tuple[int, ...], rng: np.random.Generator) -> Singles:
    """Standard normals, each one of 65,536 equally probable levels."""
    numbers = math.prod(shape)
    levels = rng.bit_generator.random_raw(-(-numbers // 4)).view(np.uint16)[:numbers]  # four of each 64 bits
    drawn = np.empty(shape, np.float32)
    np.take(_levels(), levels.reshape(shape).astype(np.intp), out=drawn, mode="wrap")  # all are within: no check
    return drawn


@cache
def _levels() -> Singles:
    """The middles of equally probable parts of the normal distribution, of variance 1."""
    inverse = NormalDist().inv_cdf
    middles = np.array([inverse((level + 0.5) / LEVELS) for level in range(LEVELS)])
    return np.asarray(middles / middles.std(), np.float32)
