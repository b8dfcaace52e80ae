"""Regimes: a Markov chain that has always been running, at any seq."""

import numpy as np
from numpy.typing import NDArray

from agent.message.splitmix import Words
from agent.series.bisection import BITS, BLOCK, Bisection
from agent.series.blocks import Blocks
from agent.series.moments import Arrays, Floats, Moments
from agent.series.noise import span, uniforms

MOST_STATES = 64
TOLERANCE = 1e-9  # by which a row of probabilities may miss 1

States = NDArray[np.intp]


class Chain:
    """A Markov chain, with its transitions over every power of two of steps.

    Args:
        transitions: Probabilities from each state (row) to each, shape (states, states); rows add up to 1, and
            every state leads to every other, at once or by way of others. It may be periodic.

    Attributes:
        states: How many there are.
        shares: Of all readings, the share of each state, shape (states,); not finite: it cannot be computed.
    """

    def __init__(self, transitions: Floats) -> None:
        self.states = len(transitions)
        self.shares = stationary(transitions)
        self._onward = powers(transitions)
        self._back = np.ascontiguousarray(self._onward.transpose(0, 2, 1))

    @classmethod
    def load(cls, arrays: Arrays, name: str) -> "Chain":
        """The chain whose transitions are the array `name`.

        Raises:
            BundleError: It is missing or no square matrix of float64 probabilities of 2 to 64 states, rows do not
                add up to 1, or some state cannot be reached from another.
        """
        transitions: Floats = arrays.array(name, "<f8", (None, None))
        rows, columns = transitions.shape
        if rows != columns or not 2 <= rows <= MOST_STATES:
            raise arrays.error(name, f"has shape {transitions.shape}, must be a square of 2 to {MOST_STATES} states")
        if bool(np.any(transitions < 0)):
            raise arrays.error(name, "holds a negative probability")
        if float(np.abs(transitions.sum(axis=1) - 1).max()) > TOLERANCE:
            raise arrays.error(name, "has a row that does not add up to 1")
        if not reachable(transitions).all():
            raise arrays.error(name, "has a state that cannot be reached from another")
        chain = cls(transitions)
        if not np.isfinite(chain.shares).all():
            raise arrays.error(name, "holds probabilities that are too small to find the shares of the states")
        return chain

    def __call__(self, key: int) -> "Regime":
        return Regime(self, key)

    def first(self, chances: Floats) -> States:
        """States at any one reading, for uniforms of shape (n,)."""
        return _picked(np.broadcast_to(self.shares, (len(chances), self.states)), chances)

    def onward(self, bits: int, start: States, chances: Floats) -> States:
        """States 2**bits readings after `start`, for uniforms; all of shape (n,)."""
        return _picked(self._onward[bits][start], chances)

    def between(self, bits: int, left: States, right: States, chances: Floats) -> States:
        """States 2**bits readings after `left` and before `right`, for uniforms; all of shape (n,)."""
        return _picked(self._onward[bits][left] * self._back[bits][right], chances)


class _Bridges:
    """The law of a chain that is drawn by halves.

    Source: Asmussen and Hobolth, "Markov Bridges, Bisection and Variance Reduction" (2012).
    """

    def __init__(self, chain: Chain, key: int) -> None:
        self._chain, self._key = chain, key

    def ends(self) -> tuple[States, States]:
        start = self._chain.first(uniforms(self._key, span(0, 1)))
        return start, self._chain.onward(BITS, start, uniforms(self._key, span(-1, 1)))

    def chances(self, nodes: Words) -> Floats:
        return uniforms(self._key, nodes)

    def middles(self, bits: int, left: States, right: States, chances: Floats) -> States:
        return self._chain.between(bits - 1, left, right, chances)


class Regime:
    """The state of a chain at each reading, as a code from 0."""

    def __init__(self, chain: Chain, key: int) -> None:
        self._path = Bisection(_Bridges(chain, key))
        self._blocks = Blocks(BLOCK, self._make)

    def values(self, at: Moments) -> Floats:
        return self._blocks.take(at.seq)

    def _make(self, number: int) -> Floats:
        return self._path.block(number).astype(np.float64)


def powers(transitions: Floats) -> Floats:
    """The transitions over 2**k steps, for k from 0 to `BITS`; shape (BITS + 1, states, states)."""
    made = [_stochastic(transitions)]
    for _ in range(BITS):
        made.append(_stochastic(made[-1] @ made[-1]))
    return np.array(made)


def stationary(transitions: Floats) -> Floats:
    """The share of each state in the long run, shape (states,); not finite where probabilities are too small.

    Source: Grassmann, Taksar and Heyman, "Regenerative Analysis and Steady State Distributions for Markov Chains"
    (1985). It subtracts nothing, so that states that stay for long lose no digits.
    """
    left = transitions.astype(np.float64)
    shares = np.ones(len(left))
    with np.errstate(all="ignore"):
        for last in range(len(left) - 1, 0, -1):
            left[:last, last] /= left[last, :last].sum()
            left[:last, :last] += np.outer(left[:last, last], left[last, :last])
        for last in range(1, len(left)):
            shares[last] = shares[:last] @ left[:last, last]
            shares[: last + 1] /= shares[: last + 1].sum()
    return shares


def reachable(transitions: Floats) -> NDArray[np.bool_]:
    """Whether each state (row) leads to each other one in any number of steps, shape (states, states)."""
    paths = (transitions > 0) | np.eye(len(transitions), dtype=np.bool_)
    for _ in range(len(paths).bit_length()):
        paths = paths @ paths
    return paths


def _stochastic(matrix: Floats) -> Floats:
    """With rows that add up to 1: what rounding adds would double with every power."""
    rows: Floats = matrix / matrix.sum(axis=1, keepdims=True)
    return rows


def _picked(weights: Floats, chances: Floats) -> States:
    """A place in each row of `weights`, as likely as its weight, for uniforms."""
    sums = np.cumsum(weights, axis=1)
    picks: States = (sums < (chances * sums[:, -1])[:, None]).sum(axis=1)
    return picks
