"""Monotone tables: how a normal becomes a column's value, for all columns of a row at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle

SLIGHTEST = 1e-100  # rise from knot to knot: keeps every slope finite, whatever the values
BINS, REACH = 1024, 4.0  # of the guide: equal bins from -REACH to REACH
STEPS = 3  # from one segment to the next, before a search
SLACK = 1e-9  # a bin begins this much earlier: rounding never puts a number into a segment after its own

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


class Table(NamedTuple):
    """The monotone function that turns one column's normals into its values.

    A staircase (the value of the last knot at or below z) or linear between its knots; level outside.
    """

    steps: bool
    z: Floats
    value: Floats

    def holds_codes(self, size: int) -> bool:
        """Whether it is a staircase of codes 0 to size - 1."""
        codes = (self.value == np.rint(self.value)) & (self.value >= 0) & (self.value < size)
        return self.steps and bool(np.all(codes))

    def where(self, value: float) -> tuple[Floats, Floats]:
        """The intervals of z that give `value`: where each begins and ends; none where no z does."""
        if self.steps:
            ends = np.append(self.z[1:], np.inf)
            begins = np.append(-np.inf, self.z[1:])
            found = self.value == value
            return begins[found], ends[found]
        first, last = np.searchsorted(self.value, value, "left"), np.searchsorted(self.value, value, "right")
        if first < last:
            low = -np.inf if first == 0 else self.z[first]
            high = np.inf if last == len(self.value) else self.z[last - 1]
            return np.array([low]), np.array([high])
        if first in (0, len(self.value)):
            return np.empty(0), np.empty(0)
        point = np.interp(value, self.value, self.z)
        return np.array([point]), np.array([point])


class Segments:
    """The tables of all columns as one list of straight segments.

    A guide tells for each bin of z in which segment it begins. From there it is a step or two, and a binary
    search where knots crowd. So a block of rows takes few array operations, however many columns it has.
    """

    def __init__(self, tables: list[Table]) -> None:
        tables = tables or [Table(True, np.zeros(1), np.zeros(1))]
        lengths = [len(table.z) + 1 for table in tables]  # a level segment before the first knot, one after the last
        firsts = np.cumsum([0, *lengths[:-1]])
        edges = np.linspace(-REACH, REACH, BINS, endpoint=False) - SLACK
        guides = [np.searchsorted(table.z, edges, side="right") for table in tables]
        for guide in guides:
            guide[0] = 0  # the first bin reaches down to minus infinity
        self._guide: Places = np.concatenate([first + guide for first, guide in zip(firsts, guides, strict=True)])
        self._start = np.concatenate([table.z[[0, *range(len(table.z))]] for table in tables])
        self._end = np.concatenate([[*table.z, np.inf] for table in tables])
        self._value = np.concatenate([table.value[[0, *range(len(table.z))]] for table in tables])
        self._slope = np.concatenate([_slopes(table) for table in tables])
        self._bins: Places = np.arange(len(tables)) * BINS
        self._last: Places = np.cumsum(lengths) - 1
        most = max(int(np.diff(guide, append=len(table.z)).max()) for guide, table in zip(guides, tables, strict=True))
        self._strides = [1 << power for power in reversed(range(most.bit_length()))]

    def values(self, z: Floats) -> Floats:
        """The values of correlated normals, shape (rows, columns)."""
        bins = ((np.minimum(np.maximum(z, -REACH), REACH) + REACH) * (BINS / (2 * REACH))).astype(np.intp)
        segment = self._guide[np.minimum(bins, BINS - 1) + self._bins].ravel()
        flat = z.ravel()
        late, steps = np.flatnonzero(flat >= self._end[segment]), 0
        while late.size and steps < STEPS:
            segment[late] += 1
            late, steps = late[flat[late] >= self._end[segment[late]]], steps + 1
        if late.size:
            segment[late] = self._found(flat[late], segment[late], self._last[late % z.shape[1]])
        values: Floats = self._value[segment] + self._slope[segment] * (flat - self._start[segment])
        return values.reshape(z.shape)

    def _found(self, z: Floats, segment: Places, last: Places) -> Places:
        """The segments of `z`, from these to the last ones of their tables."""
        for stride in self._strides:
            ahead = np.minimum(segment + stride, last)
            segment = np.where(z >= self._start[ahead], ahead, segment)
        return segment


def read_tables(bundle: Bundle) -> list[Table]:
    """The tables of a bundle.

    Raises:
        BundleError: An array is missing, misshapen or not finite, or a table does not rise.
    """
    steps = bundle.array("steps", "|b1", (None,))
    offsets = bundle.array("offsets", "<i8", (len(steps) + 1,))
    z = bundle.array("z", "<f8", (None,))
    value = bundle.array("value", "<f8", z.shape)
    if offsets[0] != 0 or offsets[-1] != len(z) or bool(np.any(offsets[1:] <= offsets[:-1])):
        raise bundle.error("offsets.npy", f"must rise from 0 to {len(z)}")
    ends = zip(steps, offsets[:-1], offsets[1:], strict=True)
    tables = [Table(bool(step), z[start:stop], value[start:stop]) for step, start, stop in ends]
    if any(bool(np.any(np.diff(table.z) < SLIGHTEST)) for table in tables):
        raise bundle.error("z.npy", "a table does not rise")
    return tables


def read_plan(bundle: Bundle, rows: int, columns: int) -> list[list[Table]]:
    """The tables of each column in each row of the bundle's `plan`.

    Raises:
        BundleError: As of `read_tables`, or the plan names a table that is not there.
    """
    tables = read_tables(bundle)
    plan = bundle.array("plan", "<i4", (rows, columns))
    if bool(np.any((plan < 0) | (plan >= len(tables)))):
        raise bundle.error("plan.npy", f"must name tables 0 to {len(tables) - 1}")
    return [[tables[table] for table in row] for row in plan.tolist()]


def _slopes(table: Table) -> Floats:
    """Of the level segment before the first knot, of those between knots, and of the level one after the last."""
    rises = np.zeros(len(table.z) - 1) if table.steps else np.diff(table.value) / np.diff(table.z)
    return np.concatenate([[0.0], rises, [0.0]])
