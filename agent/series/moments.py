"""What a series is asked for, and what answers: values that are a function of a key, of seq and of time alone.

So a reading that is made once more is the same again, to the last bit, whatever was made before it, by one object
or by several, one at a time or many at once. Nothing of it is stored.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.errors import BundleError

Floats = NDArray[np.float64]

MOST_SEQ = 2**53  # the largest sequence number


def _no_column(name: str) -> Floats:
    raise KeyError(name)


class Moments(NamedTuple):
    """Readings to make values for.

    Attributes:
        seq: Sequence number of each, 0 to 2**53; consecutive ones are fastest. At least one.
        unix_s: Event time of each, in seconds since 1970 (UTC), shape (n,).
        local_s: The same on the sensor's own clock: seconds since 1970-01-01 00:00 as that clock shows it.
        column: The values of a column in the readings' rows, shape (n,), by its name.
    """

    seq: Sequence[int]
    unix_s: Floats
    local_s: Floats
    column: Callable[[str], Floats] = _no_column


class Generator(Protocol):
    """One term of a series, for one sensor; not to be shared between threads."""

    def values(self, at: Moments) -> Floats:
        """A new array of a value for each of `at`, shape (n,); the same ones whenever it is asked."""
        ...


Maker = Callable[[int], Generator]
"""Makes the generator of a key, 0 to 2**64 - 1. It holds what sensors share that play one bundle."""


class Arrays(Protocol):
    """Where the numbers of a term are: a bundle."""

    def array(self, name: str, dtype: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """An array of this kind and shape, without NaN, infinity or numbers beyond 1e15; else BundleError."""
        ...

    def error(self, member: str, problem: str) -> BundleError:
        """An error that names the bundle and the member."""
        ...
