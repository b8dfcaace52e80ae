"""Gaussian copula: correlated normals, then one monotone table a column.

Source: Patki, Wedge, Veeramachaneni, "The Synthetic Data Vault" (2016), section IV.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle
from agent.models.normal import Condition, Normal
from agent.models.sampler import ANYTHING, NEVER, Given, UnmetError, redrawn
from agent.models.tables import Segments, Table, read_tables

CELLS = 32_768  # numbers at a time: the working set stays in a small processor's cache

Floats = NDArray[np.float64]


class CopulaSampler:
    """Draws rows as `table(factor @ noise)`.

    Arrays: `factor` (columns, columns), a square root of the correlation matrix; `offsets` (tables + 1),
    where each table begins in `z` and `value`; `steps` (tables), whether it is a staircase (category codes
    and whole numbers) or linear; `plan` (1, 24 or 168, columns), the table of each column, in each hour of
    the day or week where they differ. `z` rises within a table.
    """

    consecutive = False

    def __init__(self, factor: Floats, tables: list[Table], plan: NDArray[np.integer], integer: list[bool]) -> None:
        self._factor, self._mix = factor, np.ascontiguousarray(factor.T)
        self._tables, self._plan, self._integer = tables, plan, np.array(integer, np.bool_)
        self._rows = max(1, CELLS // max(1, len(factor)))
        self._hour, self._segments = -1, Segments([])
        self._enter(0)

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """A sampler of `bundle`.

        Raises:
            BundleError: An array is missing, misshapen, not finite, or a table does not rise.
        """
        columns = bundle.manifest.columns
        count = len(columns)
        factor = bundle.array("factor", "<f8", (count, count))
        tables = read_tables(bundle)
        plan = bundle.array("plan", "<i4", (bundle.manifest.hours or 1, count))
        if bool(np.any((plan < 0) | (plan >= len(tables)))):
            raise bundle.error("plan.npy", f"must name tables 0 to {len(tables) - 1}")
        for place, column in enumerate(columns):
            for table in np.unique(plan[:, place]) if column.size else ():
                if not tables[table].holds_codes(column.size):
                    raise bundle.error("value.npy", f"the table of {column.name!r} holds no codes of its categories")
        return cls(factor, tables, plan, [column.integer for column in columns])

    def draw(self, count: int, rng: np.random.Generator, given: Given = ANYTHING) -> Floats:
        """`count` rows, shape (count, columns); see `Sampler.draw`."""
        self._enter(given.hour if len(self._plan) > 1 else 0)
        if given.values:
            return self._draw_given(count, rng, given)
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

    def _draw_given(self, count: int, rng: np.random.Generator, given: Given) -> Floats:
        """Exact for numbers and for one category; what further categories ask for is drawn until it comes."""
        tables = self._chosen()
        conditions = [_condition(place, tables[place], allowed) for place, allowed in given.values]
        normal = Normal(self._factor @ self._factor.T, conditions)
        return redrawn(lambda rows: self.decode(normal.draw(rows, rng)), count, given)

    def _enter(self, hour: int | None) -> None:
        """Use the tables of this hour."""
        if hour == self._hour:
            return
        if hour is None:
            raise ValueError("the rows of this bundle differ by the hour: say which")
        self._hour = hour
        tables = self._chosen()
        self._segments = Segments(tables)
        self._rounded = [place for place in np.flatnonzero(self._integer).tolist() if not tables[place].steps]

    def _chosen(self) -> list[Table]:
        return [self._tables[table] for table in self._plan[self._hour]]


def _condition(column: int, table: Table, allowed: tuple[float, ...]) -> Condition:
    """Where a column's normal has to lie for it to have one of the values."""
    ends = [table.where(value) for value in allowed]
    low, high = (np.concatenate(part) for part in zip(*ends, strict=True))
    if not len(low):
        raise UnmetError(NEVER, column)
    return Condition(column, low, high)
