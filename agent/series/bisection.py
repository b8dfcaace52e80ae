"""A path that is drawn by halves: first at its two ends, then in the middle of every gap, given what is beside it.

So its value at any of 2**54 places takes no more than 54 draws, and blocks of neighbours share most of theirs.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.message.splitmix import Words
from agent.series.moments import Floats
from agent.series.noise import span

BITS = 54  # the path is 2**54 steps long: beyond every seq
BLOCK_BITS = 10
BLOCK = 2**BLOCK_BITS  # places that are drawn together
_TOP = BITS - BLOCK_BITS  # halvings from the whole path to a block

Values = NDArray[Any]


class Law(Protocol):
    """How a path is drawn."""

    def ends(self) -> tuple[Values, Values]:
        """The values at places 0 and 2**54, each of shape (1,)."""
        ...

    def chances(self, nodes: Words) -> Floats:
        """The random numbers of middles, shape (n,). Middle 1 is the path's; those of n's halves are 2n and 2n + 1."""
        ...

    def middles(self, bits: int, left: Values, right: Values, chances: Floats) -> Values:
        """The values amid gaps of 2**bits steps, given those at both ends and a random number; all of shape (n,)."""
        ...


class _Gap(NamedTuple):
    node: int  # the number of its middle
    left: Values
    right: Values


class Bisection:
    """Draws a path, block by block.

    The gaps that led to the last block are kept: the next one shares all of them but the last few.
    """

    def __init__(self, law: Law) -> None:
        self._law = law
        self._gaps = [_Gap(1, *law.ends())]

    def block(self, number: int) -> Values:
        """The values at places `number` * BLOCK (`number` from 0) and the BLOCK - 1 after it."""
        node, left, right = self._gap(number)
        chances = self._law.chances(_beneath(node))
        values = np.empty(BLOCK + 1, left.dtype)
        values[0], values[BLOCK] = left[0], right[0]
        for bits in range(BLOCK_BITS, 0, -1):
            gap, done = 2**bits, 2 ** (BLOCK_BITS - bits)
            beside = values[:-1:gap], values[gap::gap]
            values[gap // 2 :: gap] = self._law.middles(bits, *beside, chances[done - 1 : 2 * done - 1])
        return values[:BLOCK]

    def _gap(self, number: int) -> _Gap:
        """The gap that is block `number`."""
        wanted = [2**_TOP + number >> _TOP - depth for depth in range(_TOP + 1)]
        while self._gaps[-1].node != wanted[len(self._gaps) - 1]:
            self._gaps.pop()
        depth = len(self._gaps) - 1
        chances = self._law.chances(np.array(wanted[depth:_TOP], np.uint64))
        for place, node in enumerate(wanted[depth + 1 :]):
            _, left, right = self._gaps[-1]
            middle = self._law.middles(BITS - depth - place, left, right, chances[place : place + 1])
            self._gaps.append(_Gap(node, middle, right) if node % 2 else _Gap(node, left, middle))
        return self._gaps[-1]


def _beneath(node: int) -> Words:
    """The middles within the gap of a block, from the widest to the narrowest, shape (BLOCK - 1,)."""
    return np.concatenate([span(node << depth, 2**depth) for depth in range(BLOCK_BITS)])
