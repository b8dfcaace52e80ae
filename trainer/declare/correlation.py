"""Normals whose tables give columns of asked rank correlations.

Source: Cario and Nelson, "Modeling and Generating Random Vectors with Arbitrary Marginal Distributions and
Correlation Matrix" (1997): for each pair that correlation of its normals is sought which gives the one asked for.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import ceil, erfc, exp, floor, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from agent.errors import ConfigError
from agent.models.tables import Segments, Table

REACH, CELLS = 8.0, 2000  # the line of a table is seen as so many steps, from -REACH to REACH
TERMS = 1000  # of a series
HALVINGS = 50  # of an interval of correlations
SLACK = 1e-3  # by which a correlation or an eigenvalue may be beyond what is possible, from rounding
ROUNDS = 200  # of projections
MARGINS = (*np.arange(0, 0.5, 0.01).tolist(), 1.0)  # least eigenvalues, until rounding does no harm

Floats = NDArray[np.float64]
Correlations = Mapping[tuple[int, int], float]


class CorrelationError(ConfigError):
    """No columns have the rank correlations that are asked for.

    Attributes:
        problems: Why, each with what is possible instead.
        nearest: Correlations that are possible, if each of those asked for is, but not all together.
    """

    def __init__(self, problems: Sequence[str], nearest: Correlations | None = None) -> None:
        super().__init__("; ".join(problems))
        self.problems, self.nearest = list(problems), nearest


class Ranks:
    """The mean rank of a column's value, as a staircase of its normal, of mean 0 and standard deviation 1.

    Attributes:
        edges: Where a step ends and the next begins, shape (steps - 1,).
        rank: Of each step, shape (steps,); 0 if there is only one.
        terms: Its coefficients in the normalised Hermite polynomials from the first to that of TERMS.
    """

    def __init__(self, table: Table, integer: bool) -> None:
        cells = 1 if table.steps else CELLS
        inner = table.z[np.abs(table.z) < REACH]
        edges = np.unique(np.concatenate([np.linspace(-REACH, REACH, cells + 1), inner]))
        values = Segments([table]).values((edges[:-1] + edges[1:])[:, None] / 2)[:, 0]
        self.edges = edges[1:-1][np.diff(np.rint(values) if integer else values) > 0]
        below = np.concatenate([[0], ndtr(self.edges), [1]])
        rank = (below[:-1] + below[1:] - 1) / 2
        self.rank = rank / (sqrt(np.diff(below) @ rank**2) if len(rank) > 1 else 1)
        self.terms = self._terms()

    def _terms(self) -> Floats:
        """By the integral of a Hermite polynomial with the normal density: the one before it, times the density."""
        jumps, terms = np.diff(self.rank), np.empty(TERMS)
        last, this = np.zeros(len(self.edges)), np.exp(-(self.edges**2) / 2) / sqrt(2 * pi)
        for n in range(1, TERMS + 1):
            terms[n - 1] = this @ jumps / sqrt(n)
            last, this = this, (self.edges * this - sqrt(n - 1) * last) / sqrt(n)
        return terms


class Pair:
    """How the rank correlation of two columns follows from the correlation of their normals.

    By Mehler's formula it is a power series; `low` and `high`, what it is at -1 and 1, are exact.
    """

    def __init__(self, one: Ranks, other: Ranks) -> None:
        self._terms = one.terms * other.terms
        self.low, self.high = (
            _aligned(one, -other.edges[::-1], other.rank[::-1]),
            _aligned(one, other.edges, other.rank),
        )

    def ranked(self, correlation: float) -> float:
        """The rank correlation. Of the terms that are left out their sum is known, and how they fall: as n^-3/2."""
        end, sign = (self.high, 1) if correlation > 0 else (self.low, -1)
        orders, size = np.arange(1, TERMS + 1), abs(correlation)
        terms = self._terms * sign**orders
        fall = -TERMS * log(max(size, 0.1))
        left = exp(-fall) - sqrt(pi * fall) * erfc(sqrt(fall))
        return float(terms @ size**orders + (end - terms.sum()) * left)

    def normal(self, asked: float) -> float:
        """The correlation of the normals, by bisection: the rank correlation rises with it."""
        if asked == 0:
            return 0.0
        low, high = -1.0, 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.ranked(middle) < asked else (low, middle)
        return high

    def problem(self, one: str, other: str, asked: float) -> str | None:
        """Why it cannot be what is asked for; None: it can."""
        low, high = ceil((self.low - SLACK) * 100) / 100, floor((self.high + SLACK) * 100) / 100
        if asked == 0 or self.low - SLACK <= asked <= self.high + SLACK:
            return None
        head = f"the rank correlation of {one} and {other} cannot be {asked:g}"
        if self.low == self.high == 0:
            return f"{head}: one of them is always the same"
        return f"{head}: with these distributions it can be from {low:.2f} to {high:.2f}"


def factor_of(
    tables: Sequence[Table], names: Sequence[str], spearman: Correlations, integer: Sequence[bool] | None = None
) -> Floats:
    """The square root of a correlation matrix of normals whose tables give the asked rank correlations.

    Args:
        tables: Of the columns.
        names: Of the columns, for messages.
        spearman: Spearman's rank correlation by pair of columns; 0 for those that are not named.
        integer: Whether a column's values are rounded; None: no column's are.

    Returns:
        Lower triangular, shape (columns, columns), each row of length 1.

    Raises:
        CorrelationError: The distributions or the other correlations do not allow one of them.
    """
    asked = {pair: rank for pair, rank in spearman.items() if rank != 0}
    columns = sorted({column for pair in asked for column in pair})
    ranks = {column: Ranks(tables[column], integer is not None and integer[column]) for column in columns}
    pairs = {(i, j): Pair(ranks[i], ranks[j]) for i, j in {*combinations(columns, 2), *asked}}
    wrong = [pairs[pair].problem(names[pair[0]], names[pair[1]], rank) for pair, rank in asked.items()]
    if any(wrong):
        raise CorrelationError([problem for problem in wrong if problem])
    factor, matrix = np.eye(len(tables)), _matrix(columns, pairs, asked)
    if not _possible(matrix):
        raise _impossible(names, asked, _nearest(columns, pairs, matrix))
    factor[np.ix_(columns, columns)] = _root(matrix)
    return factor


def _aligned(one: Ranks, edges: Floats, rank: Floats) -> float:
    """The rank correlation of columns whose normals are the same."""
    ends = np.unique(np.concatenate([[-np.inf], one.edges, edges]))
    ranks = one.rank[np.searchsorted(one.edges, ends, "right")] * rank[np.searchsorted(edges, ends, "right")]
    return float(np.diff(ndtr(np.append(ends, np.inf))) @ ranks)


def _matrix(columns: list[int], pairs: Mapping[tuple[int, int], Pair], asked: Correlations) -> Floats:
    """The correlation matrix of the normals of these columns."""
    matrix = np.eye(len(columns))
    for (one, other), rank in asked.items():
        i, j = columns.index(one), columns.index(other)
        matrix[i, j] = matrix[j, i] = pairs[one, other].normal(rank)
    return matrix


def _possible(matrix: Floats) -> bool:
    return not len(matrix) or bool(np.linalg.eigvalsh(matrix)[0] >= -SLACK)


def _root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    upper: Floats = np.asarray(np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0))).T, mode="r"))
    root = upper.T * np.where(np.diag(upper) < 0, -1.0, 1.0)
    lower: Floats = root / np.linalg.norm(root, axis=1, keepdims=True)
    return lower


def _projected(matrix: Floats, least: float) -> Floats:
    """The nearest correlation matrix with eigenvalues of at least `least`.

    Source: Higham, "Computing the nearest correlation matrix — a problem from finance" (2002), algorithm 3.3.
    """
    nearest, correction = matrix, np.zeros_like(matrix)
    for _ in range(ROUNDS):
        moved = nearest - correction
        values, vectors = np.linalg.eigh(moved)
        raised = (vectors * np.maximum(values, least)) @ vectors.T
        nearest, correction = raised.copy(), raised - moved
        np.fill_diagonal(nearest, 1)
    return nearest


def _nearest(columns: list[int], pairs: Mapping[tuple[int, int], Pair], matrix: Floats) -> dict[tuple[int, int], float]:
    """The nearest rank correlations that are possible, with two decimals, and as they are rounded."""
    for margin in MARGINS:
        near = np.clip(_projected(matrix, margin), -1, 1)
        found = {
            (columns[i], columns[j]): round(pairs[columns[i], columns[j]].ranked(float(near[i, j])), 2)
            for i, j in combinations(range(len(columns)), 2)
        }
        allowed = all(pairs[pair].problem("", "", rank) is None for pair, rank in found.items())
        if allowed and _possible(_matrix(columns, pairs, found)):
            break
    return found


def _impossible(names: Sequence[str], asked: Correlations, nearest: dict[tuple[int, int], float]) -> CorrelationError:
    def told(correlations: Correlations) -> str:
        return ", ".join(f"{names[i]} and {names[j]} {rank:.2f}" for (i, j), rank in correlations.items() if rank)

    problem = f"no columns have all these rank correlations: {told(asked)}; the nearest that some have: {told(nearest)}"
    return CorrelationError([problem], nearest)
