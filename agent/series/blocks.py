"""Values by seq, made in blocks that always begin and end at the same places.

A block is the same bytes whoever asks for which part of it, which array operations on parts of it need not be.
"""

from collections.abc import Callable, Sequence

import numpy as np

from agent.series.moments import Floats

KEPT = 2  # blocks: readings that are made once more are seldom older


class Blocks:
    """Values at every seq from 0.

    Args:
        size: Values in a block.
        make: The block of a number (from 0), shape (size,).
    """

    def __init__(self, size: int, make: Callable[[int], Floats]) -> None:
        self._size, self._make = size, make
        self._kept: dict[int, Floats] = {}

    def take(self, seq: Sequence[int]) -> Floats:
        """A new array of the values at `seq`, shape (n,)."""
        if len(seq) == 1:
            number, place = divmod(int(seq[0]), self._size)
            return self._block(number)[place : place + 1].copy()
        places = np.arange(seq.start, seq.stop, seq.step) if isinstance(seq, range) else np.array(seq, np.int64)
        numbers, inside = np.divmod(places, self._size)
        starts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist()]
        stops = [*starts[1:], len(places)]
        parts = zip(numbers[starts].tolist(), starts, stops, strict=True)
        return np.concatenate([self._block(number)[inside[start:stop]] for number, start, stop in parts])

    def _block(self, number: int) -> Floats:
        block = self._kept.get(number)
        if block is None:
            block = self._make(number)
            if len(self._kept) == KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[number] = block
        return block
