"""Gaussian copula: correlated normals, then one monotone table a column.

Source: Patki, Wedge, Veeramachaneni, "The Synthetic Data Vault" (2016), section IV.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle

CELLS = 32_768  # numbers at a time: the working set stays in a small processor's cache
SLIGHTEST = 1e-100  # rise from knot to knot: keeps every slope finite, whatever the values
BINS, REACH = 1024, 4.0  # of the guide: equal bins from -REACH to REACH
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


class Segments:
    """The tables of all columns as one list of straight segments, found without a search.

    A guide tells for each bin of z in which segment it begins; from there it is a step or two. So a
    block of rows takes a dozen array operations, however many columns it has.
    """

    def __init__(self, tables: list[Table]) -> None:
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

    def values(self, z: Floats) -> Floats:
        """The values of correlated normals, shape (rows, columns)."""
        bins = ((np.minimum(np.maximum(z, -REACH), REACH) + REACH) * (BINS / (2 * REACH))).astype(np.intp)
        segment = self._guide[np.minimum(bins, BINS - 1) + self._bins].ravel()
        flat = z.ravel()
        late = np.flatnonzero(flat >= self._end[segment])
        while late.size:
            segment[late] += 1
            late = late[flat[late] >= self._end[segment[late]]]
        values: Floats = self._value[segment] + self._slope[segment] * (flat - self._start[segment])
        return values.reshape(z.shape)


class CopulaSampler:
    """Draws rows as `table(factor @ noise)`.

    Arrays: `factor` (columns, columns), a square root of the correlation matrix; `offsets`
    (columns + 1), where each column's table begins in `z` and `value`; `steps` (columns), whether the
    table is a staircase (category codes and whole numbers) or linear. `z` rises within a table.
    """

    def __init__(self, factor: Floats, tables: list[Table], integer: list[bool]) -> None:
        self._mix = np.ascontiguousarray(factor.T)
        self._segments = Segments(tables or [Table(True, np.zeros(1), np.zeros(1))])
        self._rounded = [place for place, whole in enumerate(integer) if whole and not tables[place].steps]
        self._rows = max(1, CELLS // max(1, len(tables)))

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """A sampler of `bundle`.

        Raises:
            BundleError: An array is missing, misshapen, not finite, or a table does not rise.
        """
        columns = bundle.manifest.columns
        count = len(columns)
        factor = bundle.array("factor", "<f8", (count, count))
        offsets = bundle.array("offsets", "<i8", (count + 1,))
        steps = bundle.array("steps", "|b1", (count,))
        z = bundle.array("z", "<f8", (None,))
        value = bundle.array("value", "<f8", z.shape)
        if offsets[0] != 0 or offsets[-1] != len(z) or bool(np.any(offsets[1:] <= offsets[:-1])):
            raise bundle.error("offsets.npy", f"must rise from 0 to {len(z)}")
        tables = []
        for column, step, start, stop in zip(columns, steps, offsets[:-1], offsets[1:], strict=True):
            knots, values = z[start:stop], value[start:stop]
            if bool(np.any(np.diff(knots) < SLIGHTEST)):
                raise bundle.error("z.npy", f"the table of {column.name!r} does not rise")
            whole = column.size is None or bool(
                np.all((values == np.rint(values)) & (values >= 0) & (values < column.size))
            )
            if not whole or (column.size is not None and not step):
                raise bundle.error(
                    "value.npy", f"the table of {column.name!r} holds no codes of its {column.size} categories"
                )
            tables.append(Table(bool(step), knots, values))
        return cls(factor, tables, [column.integer for column in columns])

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """`count` rows, shape (count, columns)."""
        columns = len(self._mix)
        if count <= self._rows:
            return self.decode(rng.standard_normal((count, columns)) @ self._mix)
        rows = np.empty((count, columns))
        for start in range(0, count, self._rows):
            stop = min(start + self._rows, count)
            rows[start:stop] = self.decode(rng.standard_normal((stop - start, columns)) @ self._mix)
        return rows

    def decode(self, z: Floats) -> Floats:
        """The rows of correlated normals, both of shape (rows, columns)."""
        rows = self._segments.values(z)
        if self._rounded:
            rows[:, self._rounded] = np.rint(rows[:, self._rounded])
        return rows


def _slopes(table: Table) -> Floats:
    """Of the level segment before the first knot, of those between knots, and of the level one after the last."""
    rises = np.zeros(len(table.z) - 1) if table.steps else np.diff(table.value) / np.diff(table.z)
    return np.concatenate([[0.0], rises, [0.0]])
