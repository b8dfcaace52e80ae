"""SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014), without a state.

A number of its stream is a hash of the seed and of the number's place alone, so none needs those before it.
"""

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def splitmix(seed: int, places: Words) -> Words:
    """The numbers at these places (from 0) of the stream that begins at `seed`; what exceeds 64 bits is dropped."""
    words = places * _GAMMA
    words += np.uint64((seed + int(_GAMMA)) % 2**64)
    words ^= words >> np.uint64(30)
    words *= _FIRST
    words ^= words >> np.uint64(27)
    words *= _SECOND
    words ^= words >> np.uint64(31)
    return words
