"""What every model kind gives the agent, and the readings' rows drawn from it."""

from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle
from agent.reading import Rows

BLOCK = 1024


class Sampler(Protocol):
    """Draws rows of one model kind.

    `load` validates the bundle's arrays (BundleError) and is called once; `draw` may then be called any
    number of times, from one thread at a time.
    """

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """A sampler of `bundle`."""
        ...

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """`count` rows, shape (count, columns), in the manifest's order of columns; codes for categories."""
        ...


class Source:
    """An endless supply of rows, drawn in blocks: the amortised cost of a row is a fraction of a single one's."""

    def __init__(self, sampler: Sampler, columns: list[str], rng: np.random.Generator, block: int = BLOCK) -> None:
        self._sampler, self._rng, self._size = sampler, rng, block
        self._index = {name: position for position, name in enumerate(columns)}
        self._block = Rows(self._index, np.empty((0, len(columns))))
        self._next = 0

    def next(self) -> Rows:
        """The next row."""
        start = self._next
        if start >= len(self._block):
            self._block, start = self._draw(self._size), 0
        self._next = start + 1
        return self._block.slice(start, start + 1)

    def take(self, count: int) -> Rows:
        """The next `count` rows, the same ones that `count` calls of `next` would give."""
        parts = []
        while count > 0:
            if self._next >= len(self._block):
                self._block, self._next = self._draw(self._size), 0
            stop = min(self._next + count, len(self._block))
            parts.append(self._block.matrix[self._next : stop])
            count -= stop - self._next
            self._next = stop
        return Rows(self._index, np.concatenate(parts) if parts else self._block.matrix[:0])

    def _draw(self, count: int) -> Rows:
        return Rows(self._index, self._sampler.draw(count, self._rng))
