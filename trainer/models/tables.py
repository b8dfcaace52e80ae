"""Making the agent's tables: steps where a rising function passes a level, knots between which it is straight."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

REACH = (
    6.5  # a standard normal beyond this is drawn once in 10^10; much further out, its probability has no digits left
)
TOLERANCE = 2e-4  # of a table, in the value's range and in probability

Floats = NDArray[np.float64]
Table = tuple[bool, Floats, Floats]


def thresholds(value: Callable[[Floats], Floats], levels: Floats) -> Floats:
    """For each level the z at which the rising function `value` passes it, by bisection."""
    low, high = np.full(len(levels), -REACH), np.full(len(levels), REACH)
    for _ in range(60):
        middle = (low + high) / 2
        above = value(middle) > levels
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return high


def knots(
    value: Callable[[Floats], Floats], kinks: Floats, tolerance: float = TOLERANCE, spread: float = 1.0
) -> tuple[Floats, Floats]:
    """Knots between which the rising function `value` is linear to within the tolerance.

    A knot stands at every kink and at both ends of every plateau, so that a value that repeats is drawn
    exactly, and as often as it should be; between these, knots are added where a straight line misses most.

    Args:
        value: The function, of numbers with a normal distribution.
        kinks: Where knots must be.
        tolerance: Most that a line may miss by, as a share of the value's range, and in probability.
        spread: Standard deviation of the numbers.
    """
    grid = np.concatenate([np.linspace(-REACH, REACH, 4001), norm.ppf(np.linspace(5e-5, 1 - 5e-5, 20_000))])
    grid = np.unique(grid) * spread
    ends = np.concatenate([_plateau_ends(value, grid), kinks])
    z = np.unique(np.concatenate([grid, ends]))
    y = np.maximum.accumulate(value(z))
    probability = norm.cdf(z / spread)
    places = refined(z, y, probability, [0, len(z) - 1, *np.searchsorted(z, ends).tolist()], tolerance)
    return z[places], y[places]


def refined(z: Floats, y: Floats, probability: Floats, kept: list[int], tolerance: float) -> list[int]:
    """Places between which straight lines follow a rising function: those in `kept`, and where a line misses most.

    Args:
        z: Rising, shape (points,).
        y: The function there.
        probability: Of a number below each z.
        kept: Places that must be among them, the first and the last too.
        tolerance: As in `knots`.
    """
    found = set(kept)
    parts = list(pairwise(sorted(found)))
    while parts:
        first, last = parts.pop()
        between = slice(first, last + 1)
        worst = _worst(z[between], y[between], probability[between], (float(y[-1] - y[0]), tolerance))
        if worst is not None:
            found.add(first + worst)
            parts += [(first, first + worst), (first + worst, last)]
    return sorted(found)


def _worst(z: Floats, y: Floats, probability: Floats, limits: tuple[float, float]) -> int | None:
    """Where a straight line misses most, in value or in probability; None: nowhere by more than the tolerance."""
    if len(z) < 3 or y[0] == y[-1]:
        return None
    span, tolerance = limits
    line = np.interp(z, z[[0, -1]], y[[0, -1]])
    error = np.maximum(np.abs(line - y) / span, np.abs(np.interp(line, y, probability) - probability))
    place = int(error[1:-1].argmax()) + 1
    return place if error[place] > tolerance else None


def _plateau_ends(value: Callable[[Floats], Floats], z: Floats) -> Floats:
    """Where the function leaves or reaches a plateau: clipping and underflow put probability there."""
    flat = np.diff(value(z)) == 0
    leaves, reaches = np.flatnonzero(flat[:-1] & ~flat[1:]) + 1, np.flatnonzero(~flat[:-1] & flat[1:]) + 1
    ends = []
    for places, low_side in ((leaves, True), (reaches, False)):
        level = value(z[places])
        low, high = (z[places], z[places + 1]) if low_side else (z[places - 1], z[places])
        for _ in range(50):
            middle = (low + high) / 2
            on_low = (value(middle) == level) if low_side else (value(middle) != level)
            low, high = np.where(on_low, middle, low), np.where(on_low, high, middle)
        ends += [low, high]
    return np.concatenate(ends)


def steps(z: Floats, values: Floats) -> Table:
    """A staircase; steps that no z reaches are left out."""
    z = np.concatenate([[-REACH - 1], z])
    kept = np.append(np.diff(z) > 0, True) & (z < REACH)
    return True, z[kept], values[kept]


def as_plan(rows: list[list[Table]]) -> dict[str, NDArray[Any]]:
    """Tables of each column in each row of a plan as a bundle's arrays; one that is the same stands once."""
    known: dict[int, int] = {}
    tables: list[Table] = []
    for table in (table for row in rows for table in row):
        if id(table) not in known:
            known[id(table)] = len(tables)
            tables.append(table)
    plan = np.array([[known[id(table)] for table in row] for row in rows], "<i4").reshape(len(rows), -1)
    return {"plan": plan, **as_arrays(tables)}


def as_arrays(tables: list[Table]) -> dict[str, NDArray[Any]]:
    """The tables as a bundle's arrays; see `agent.models.tables.read_tables`."""
    nothing = [np.empty(0)]
    return {
        "offsets": np.cumsum([0, *(len(z) for _, z, _ in tables)]).astype("<i8"),
        "steps": np.array([step for step, _, _ in tables], "|b1"),
        "z": np.concatenate([z for _, z, _ in tables] or nothing).astype("<f8"),
        "value": np.concatenate([value for _, _, value in tables] or nothing).astype("<f8"),
    }
