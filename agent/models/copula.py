"""Gaussian copula: correlated normals, then one monotone table a column.

Source: Patki, Wedge, Veeramachaneni, "The Synthetic Data Vault" (2016), section IV.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle

CHUNK = 4096  # rows at a time: the working set stays in a small processor's cache
SLIGHTEST = 1e-100  # rise from knot to knot: keeps every slope finite, whatever the values

Floats = NDArray[np.float64]


class CopulaSampler:
    """Draws rows as `table(factor @ noise)`.

    Arrays: `factor` (columns, columns), a square root of the correlation matrix; `offsets`
    (columns + 1), where each column's table begins in `z` and `value`; `steps` (columns), whether the
    table is a staircase (category codes and whole numbers: the value of the last knot at or below z) or
    linear between its knots. `z` rises within a table.
    """

    def __init__(self, factor: Floats, tables: list[tuple[bool, Floats, Floats]], integer: list[bool]) -> None:
        self._mix = np.ascontiguousarray(factor.T)
        self._tables = tables
        self._integer = integer

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
            tables.append((bool(step), knots, values))
        return cls(factor, tables, [column.integer for column in columns])

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """`count` rows, shape (count, columns)."""
        columns = len(self._tables)
        rows = np.empty((count, columns), order="F")
        for start in range(0, count, CHUNK):
            stop = min(start + CHUNK, count)
            self.decode(rng.standard_normal((stop - start, columns)) @ self._mix, rows[start:stop])
        return rows

    def decode(self, z: Floats, rows: Floats) -> None:
        """Fill `rows` from correlated normals, both of shape (rows, columns)."""
        for position, ((step, knots, values), integer) in enumerate(zip(self._tables, self._integer, strict=True)):
            if step:
                rows[:, position] = values[np.searchsorted(knots[1:], z[:, position], side="right")]
            else:
                table = np.interp(z[:, position], knots, values)
                rows[:, position] = np.rint(table) if integer else table
