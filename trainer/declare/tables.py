"""Distributions as the agent's tables, exact also where little of a distribution lies within the limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from agent.models.tables import Table
from trainer.declare.distributions import Distribution
from trainer.models.tables import REACH, TOLERANCE, knots, refined, steps

LIMIT = 1e15  # of the numbers in a table: further out, a computer's numbers have no fractions
LEAST = 1e-12  # of a distribution, that lies within the limits
MISSED = 1e-9  # of what lies within the limits, that may be beyond LIMIT
STAIRS = 2000  # levels of a staircase; where there are more, a line is rounded, or levels are taken together
KNOTS = np.linspace(-REACH, REACH, 105)  # of every line: between them, also a heavy tail is nearly straight
DENSE = 100_000  # whole numbers that are all looked at; where there are more, about so many of them

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """What of a distribution lies above `low` and up to `high`."""

    distribution: Distribution
    low: float
    high: float

    @property
    def mass(self) -> float:
        """The probability of it."""
        return float(self.masses(np.array([self.low, self.high]))[0]) if self.low < self.high else 0.0

    def masses(self, edges: Floats) -> Floats:
        """The probability of what lies above each edge and up to the next, from the nearer end."""
        edges = np.floor(edges) if self.distribution.whole else edges  # some of scipy's give NaN between
        below, above = self.distribution.frozen.cdf(edges), self.distribution.frozen.sf(edges)
        masses: Floats = np.where(below[1:] < 0.5, np.diff(below), -np.diff(above))
        return masses

    def value(self, z: Floats) -> Floats:
        """The part's quantile at the probability of a standard normal below `z`, from the nearer end."""
        frozen, mass = self.distribution.frozen, self.mass
        below, above = frozen.cdf(self.low) + mass * ndtr(z), frozen.sf(self.high) + mass * ndtr(-z)
        value: Floats = np.where(below < above, frozen.ppf(np.minimum(below, 1)), frozen.isf(np.minimum(above, 1)))
        return value.clip(self.low, self.high)

    def levels(self, grid: int) -> tuple[int, int]:
        """The first and the last multiple of 1 / grid, in such units, that normals within REACH give."""
        first, last = round(self.low * grid + 0.5), round(self.high * grid - 0.5)
        if not self.distribution.whole:
            low, high = self.value(np.array([-REACH, REACH])) * grid
            return max(first, floor(low)), min(last, ceil(high))
        rare, start = self.mass * ndtr(-REACH), max(first, int(self.distribution.frozen.support()[0]))
        return (
            _first(lambda level: Part(self.distribution, self.low, level + 0.5).mass > rare, start),
            _first(lambda level: Part(self.distribution, level + 0.5, self.high).mass <= rare, start),
        )


def number_table(distribution: Distribution, *, denominator: int | None, low: float = -inf, high: float = inf) -> Table:
    """The table of a distribution, given that its value lies from `low` to `high`.

    Args:
        distribution: Of the values.
        denominator: The column holds how many parts, of so many to a whole, a value rounds to; None: the value.
        low: The smallest value.
        high: The largest.

    Raises:
        ValueError: Next to no value lies within these limits, or some are too large for the agent.
    """
    grid = 1 if distribution.whole else denominator
    with np.errstate(all="ignore"):
        part = _part(distribution, (low, high), grid, LIMIT / (denominator or 1))
        table = _table(part, denominator)
    if grid is None:
        table = table._replace(value=np.clip(table.value, low, high))
    if not (np.isfinite(table.z).all() and np.isfinite(table.value).all()):
        raise ValueError(f"{distribution} cannot be computed; choose parameters that are less extreme")
    return table


def weights_table(weights: Sequence[float]) -> Table:
    """The staircase of codes 0 to n - 1, each as often as its weight says; weights from 0, and not all 0."""
    return _staircase(np.arange(len(weights), dtype=float), np.array(weights, float))


def _part(distribution: Distribution, limits: tuple[float, float], grid: int | None, furthest: float) -> Part:
    """The part that lies within the limits, or rounds to a number within them."""
    asked = Part(distribution, *_edges(limits[0], limits[1], grid))
    part = Part(distribution, *_edges(max(limits[0], -furthest), min(limits[1], furthest), grid))
    if not asked.mass >= LEAST:
        steps_of = f" in steps of {f'1/{grid}' if grid > 1 else 1}" if grid and asked.low >= asked.high else ""
        raise ValueError(f"no value of {distribution} lies {_between(*limits)}{steps_of}")
    if not part.mass >= asked.mass * (1 - MISSED):
        raise ValueError(f"{distribution} gives numbers beyond {furthest:g}; set min and max, or other parameters")
    return part


def _between(low: float, high: float) -> str:
    if -inf < low and high < inf:
        return f"between min = {low:g} and max = {high:g}"
    return f"above min = {low:g}" if high == inf else f"below max = {high:g}"


def _edges(low: float, high: float, grid: int | None) -> tuple[float, float]:
    """Above and up to which the values lie that are from `low` to `high`, or round to a multiple of 1 / grid there."""
    if grid is None:
        return float(np.nextafter(low, -inf)), high
    first, last = np.rint(low * grid), np.rint(high * grid)
    first, last = first + (first / grid < low), last - (last / grid > high)
    return float((first - 0.5) / grid), float((last + 0.5) / grid)


def _table(part: Part, denominator: int | None) -> Table:
    if part.distribution.whole:
        return _of_whole_numbers(part, denominator)
    if denominator is None:
        return Table(False, *knots(part.value, KNOTS))
    first, last = part.levels(denominator)
    if last - first < STAIRS:
        levels = np.arange(first, last + 1.0)
        return _staircase(levels, part.masses(np.append(levels - 0.5, last + 0.5) / denominator))
    z, value = knots(part.value, KNOTS)
    low, high = np.rint(part.low * denominator + 0.5), np.rint(part.high * denominator - 0.5)
    return Table(False, z, np.clip(value * denominator, low - 0.25, high + 0.25))


def _of_whole_numbers(part: Part, denominator: int | None) -> Table:
    first, last = part.levels(1)
    levels = np.arange(first, last + 1.0) if last - first < DENSE else _some(first, last)
    masses = part.masses(np.append(first - 0.5, levels + 0.5))
    if len(levels) <= STAIRS:
        return _staircase(levels * (denominator or 1), masses)
    return _rounded(levels, masses) if denominator == 1 else _together(levels * (denominator or 1), masses)


def _some(first: int, last: int) -> Floats:
    """About DENSE whole numbers from `first` to `last`, more of them near the first."""
    evenly, near = np.linspace(first, last, DENSE), first - 1 + np.geomspace(1, last - first + 1, DENSE // 4)
    return np.unique(np.rint(np.concatenate([evenly, near])))


def _staircase(levels: Floats, masses: Floats) -> Table:
    there = masses > 0
    return Table(*steps(_thresholds(masses[there]), levels[there]))


def _rounded(levels: Floats, masses: Floats) -> Table:
    """The line that is between two levels where a normal passes from one to the other."""
    z = np.concatenate([[-REACH - 1], _thresholds(masses), [REACH + 1]])
    value = np.concatenate([[levels[0] - 0.25], levels[:-1] + 0.5, [levels[-1] + 0.25]])
    rises = np.append(np.diff(z) > 0, True) & (np.abs(z) <= REACH + 1)
    z, value = z[rises], value[rises]
    places = refined(z, value, ndtr(z), [0, len(z) - 1], TOLERANCE)
    return Table(False, z[places], value[places])


def _together(levels: Floats, masses: Floats) -> Table:
    """The staircase of the middle level, by probability, of every STAIRS-th of it."""
    reached = np.append(0.0, np.cumsum(masses))
    firsts = np.unique(np.floor(reached[1:] / reached[-1] * STAIRS), return_index=True)[1]
    middles = (reached[firsts] + np.append(reached[firsts[1:]], reached[-1])) / 2
    return _staircase(levels[np.searchsorted(reached[1:], middles)], np.add.reduceat(masses, firsts))


def _thresholds(masses: Floats) -> Floats:
    """The normals at which one level ends and the next begins, shape (levels - 1,), from the nearer end."""
    below, above = np.cumsum(masses)[:-1], np.cumsum(masses[::-1])[-2::-1]
    z: Floats = np.where(below < above, ndtri(below / (below + above)), -ndtri(above / (below + above)))
    return z.clip(-REACH - 1, REACH + 1)


def _first(holds: Callable[[int], bool], start: int) -> int:
    """The first whole number from `start` on from which `holds` does."""
    step = 1
    while not holds(start + step - 1):
        step *= 2
    low, high = start + step // 2 - 1, start + step - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
