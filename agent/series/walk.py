"""The random walk, at any seq, and with walls."""

import math

import numpy as np

from agent.message.splitmix import Words
from agent.series.bisection import BITS, BLOCK, Bisection
from agent.series.blocks import Blocks
from agent.series.moments import Floats, Moments
from agent.series.noise import normals, span


class _Brownian:
    """The law of Brownian motion from 0, which at whole numbers is the walk with standard normal steps.

    In the middle of a gap it is normal about the mean of both ends, with a quarter of the gap as variance.

    Source: Lévy, "Processus stochastiques et mouvement brownien" (1948); Glasserman, "Monte Carlo Methods in
    Financial Engineering" (2003), section 3.1.
    """

    def __init__(self, key: int) -> None:
        self._key = key

    def ends(self) -> tuple[Floats, Floats]:
        return np.zeros(1), normals(self._key, span(0, 1)) * math.sqrt(2**BITS)

    def chances(self, nodes: Words) -> Floats:
        return normals(self._key, nodes)

    def middles(self, bits: int, left: Floats, right: Floats, chances: Floats) -> Floats:
        return (left + right) * 0.5 + chances * (math.sqrt(2**bits) / 2)


class RandomWalk:
    """`start` and the sum of `seq` independent normal steps; it bounces off the walls.

    Args:
        key: Of its steps.
        std: Standard deviation of a step.
        start: The value at seq 0, within the walls.
        low: Where a wall is; -infinity: nowhere.
        high: Where another is, above it; infinity: nowhere.
    """

    def __init__(
        self, key: int, std: float, start: float = 0.0, low: float = -math.inf, high: float = math.inf
    ) -> None:
        self._std, self._start, self._low, self._high = std, start, low, high
        self._path = Bisection(_Brownian(key))
        self._blocks = Blocks(BLOCK, self._make)

    def values(self, at: Moments) -> Floats:
        return self._blocks.take(at.seq)

    def _make(self, number: int) -> Floats:
        return folded(self._start + self._std * self._path.block(number), self._low, self._high)


def folded(free: Floats, low: float, high: float) -> Floats:
    """Where a path is that bounces off both walls (infinite: none), given where it were without them.

    Steps are as likely up as down, so the path and its mirror image beyond a wall are alike (Feller, "An
    Introduction to Probability Theory and Its Applications", volume 2, section X.5).
    """
    if math.isinf(low) and math.isinf(high):
        return free
    if math.isinf(low):
        return high - np.abs(high - free)
    if math.isinf(high):
        return low + np.abs(free - low)
    width = high - low
    inside = low + (width - np.abs(np.mod(free - low, 2 * width) - width))
    return np.minimum(np.maximum(inside, low), high)
