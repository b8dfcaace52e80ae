"""Random numbers by place: each is a function of a key and of its own place alone."""

import math

import numpy as np
from numpy.typing import NDArray

from agent.message.splitmix import Words, splitmix
from agent.series.moments import Floats

_APART = 2**63  # half the stream, from the radius of a normal to its angle


def uniforms(key: int, places: Words) -> Floats:
    """Uniform on (0, 1), never 0 or 1: odd multiples of 2**-53.

    Args:
        key: 0 to 2**64 - 1.
        places: In the key's stream, any shape; a negative one stands as its remainder modulo 2**64.
    """
    words = splitmix(key, places)
    words >>= np.uint64(12)
    shares = words.astype(np.float64)
    shares += 0.5
    shares *= 2.0**-52
    return shares


def normals(key: int, places: Words) -> Floats:
    """Standard normals, independent from place to place; arguments as of `uniforms`, places within 2**62 of 0.

    Two keys that differ in nothing but their highest bit have normals that hang together.

    Source: Box and Muller, "A Note on the Generation of Random Normal Deviates" (1958).
    """
    radius = np.log(uniforms(key, places))
    radius *= -2.0
    np.sqrt(radius, out=radius)
    angle = uniforms(key ^ _APART, places)  # the stream of key + 2**63 is that of key, 2**63 places on
    angle *= 2 * math.pi
    radius *= np.cos(angle)
    return radius


def branch(key: int, place: int) -> int:
    """A key of its own for whatever stands at `place` (from 0) beneath `key`."""
    return int(splitmix(key, np.array([place], np.uint64))[0])


def span(first: int, count: int) -> Words:
    """The places `first` (which may be negative) and the `count` - 1 after it."""
    places: NDArray[np.int64] = np.arange(first, first + count, dtype=np.int64)
    return places.view(np.uint64)
