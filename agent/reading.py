"""Rows as a sampler draws them, and readings: rows with a sequence number and an event time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from agent.strict import Strict


class Column(Strict):
    """One column of a row.

    Attributes:
        size: Number of categories (codes 0 to size - 1); None: the column holds numbers.
        integer: The numbers are whole.
    """

    name: Annotated[str, Field(min_length=1, max_length=1024)]
    size: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    integer: bool = False


class Rows:
    """A block of sampled rows: one float64 matrix with named columns.

    Numbers stand as they are; a category stands as its code (0, 1, …), which the template turns into a
    label. One matrix instead of a dict of arrays makes taking a single row one slice.

    Args:
        index: Column name to position.
        matrix: Shape (rows, columns).
    """

    __slots__ = ("index", "matrix")

    def __init__(self, index: dict[str, int], matrix: NDArray[np.float64]) -> None:
        self.index = index
        self.matrix = matrix

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def column(self, name: str) -> NDArray[np.float64]:
        """The values of one column, shape (rows,)."""
        return self.matrix[:, self.index[name]]

    def numbers(self, name: str) -> list[float]:
        """The values of one column, as Python numbers: faster to write one by one."""
        numbers: list[float] = self.matrix[:, self.index[name]].tolist()
        return numbers

    def codes(self, name: str) -> list[int]:
        """The codes of a category column."""
        return [int(code) for code in self.matrix[:, self.index[name]].tolist()]

    def slice(self, start: int, stop: int) -> "Rows":
        """Rows `start` to `stop`, without copying."""
        return Rows(self.index, self.matrix[start:stop])

    def take(self, positions: Sequence[int]) -> "Rows":
        """The rows at `positions`, in that order."""
        return Rows(self.index, self.matrix[positions])


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows of the same columns, one after the other; at least one part."""
    return Rows(parts[0].index, np.concatenate([part.matrix for part in parts]))


@dataclass(frozen=True, slots=True)
class Readings:
    """Consecutive readings of one sensor, in the order of their event times.

    Attributes:
        rows: One sampled row a reading.
        event_ns: Event time of each, in nanoseconds since 1970 (UTC).
        seq: Sequence number of each, gapless per sensor.
    """

    rows: Rows
    event_ns: Sequence[int]
    seq: Sequence[int]

    def __len__(self) -> int:
        return len(self.event_ns)

    def take(self, positions: Sequence[int]) -> "Readings":
        """The readings at `positions`, in that order."""
        return Readings(
            self.rows.take(positions),
            [self.event_ns[i] for i in positions],
            [self.seq[i] for i in positions],
        )
