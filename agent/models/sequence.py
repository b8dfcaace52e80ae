"""PAR: segments of consecutive rows, many drawn side by side by one recurrent network."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle
from agent.models.recurrent import RecurrentNetwork
from agent.models.sampler import ANYTHING, Given, redrawn, require_drawn
from agent.models.tables import Segments, read_plan

MOST_ROWS = 10_000  # in a segment
SIDE_BY_SIDE = 256  # segments
CELLS = 2**21  # random numbers held at a time

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class SequenceSampler:
    """Draws segments; the network's state is carried from each row to the next, and every segment begins anew.

    Arrays: the network's (see `RecurrentNetwork`); `length` (1), rows of a segment; `plan` (1 or 24, numbers),
    the table of each number in each hour of the day where rows differ by it, and the tables (`offsets`, `steps`,
    `z`, `value`; see `agent.models.tables`), which turn the network's numbers into the columns'.
    """

    consecutive = True

    def __init__(
        self, network: RecurrentNetwork, length: int, tables: list[Segments], columns: list[int], whole: list[int]
    ) -> None:
        """`tables`: of each hour; `columns`: sizes, 0 for a number; `whole`: positions of integers."""
        self._network, self._length, self._tables, self._whole = network, length, tables, whole
        self._numbers = [place for place, size in enumerate(columns) if not size]
        self._categories = [place for place, size in enumerate(columns) if size]
        self._columns = len(columns)

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """A sampler of `bundle`.

        Raises:
            BundleError: An array is missing, misshapen, not finite, or does not fit the others.
        """
        columns = [column.size or 0 for column in bundle.manifest.columns]
        whole = [place for place, c in enumerate(bundle.manifest.columns) if c.integer and not c.size]
        numbers, hours = columns.count(0), bundle.manifest.hours or 1
        network = RecurrentNetwork.load(bundle, numbers, [size for size in columns if size], hours)
        length = int(bundle.array("length", "<i4", (1,))[0])
        if not 1 <= length <= MOST_ROWS:
            raise bundle.error("length.npy", f"must be 1 to {MOST_ROWS}")
        if length * (network.numbers + network.choices) > CELLS:
            raise bundle.error("length.npy", f"must be less: a segment would hold more than {CELLS} numbers and codes")
        by_hour = [Segments(tables) for tables in read_plan(bundle, hours, numbers)]
        return cls(network, length, by_hour, columns, whole)

    def draw(self, count: int, rng: np.random.Generator, given: Given = ANYTHING) -> Floats:
        """`count` rows, shape (count, columns), one segment after another; see `Sampler.draw`.

        Rows without the values that are given are left out: those that stay are no longer consecutive.
        """
        hour = given.hour if len(self._tables) > 1 else 0
        if hour is None:
            raise ValueError("the rows of this bundle differ by the hour: say which")
        self._require_drawn(given, hour)
        if given.values:  # of whole segments: their first rows are not like the others
            return redrawn(lambda size: self._rows(max(size, self._length), rng, hour), count, given)
        return self._rows(count, rng, hour)

    def decode(self, noise: Singles, picks: Singles, hour: int = 0) -> Floats:
        """The rows of noise, shape (segments, rows, columns).

        Args:
            noise: Standard normals, shape (rows, numbers, segments).
            picks: Uniform from 0 to 1, shape (rows, choices, segments).
            hour: Of the day, where rows differ by it.
        """
        drawn = self._network.run(noise, picks, hour).transpose(2, 0, 1).astype(np.float64)
        rows = np.empty((*drawn.shape[:2], self._columns))
        numbers = drawn[:, :, : len(self._numbers)]
        if self._numbers:
            values = self._tables[hour].values(numbers.reshape(-1, len(self._numbers)))
            rows[:, :, self._numbers] = values.reshape(numbers.shape)
            rows[:, :, self._whole] = np.rint(rows[:, :, self._whole])
        first = self._network.numbers
        rows[:, :, self._categories] = drawn[:, :, first : first + len(self._categories)]
        return rows

    def _require_drawn(self, given: Given, hour: int) -> None:
        """Raise UnmetError if, of some category, none of the codes that are given is drawn in the hour."""
        for place, codes in given.values:
            if place in self._categories:
                require_drawn(self._network.never(self._categories.index(place), hour), place, codes)

    def _rows(self, count: int, rng: np.random.Generator, hour: int) -> Floats:
        """`count` rows, of no more segments than it takes."""
        rows, length = np.empty((count, self._columns)), min(max(count, 1), self._length)
        numbers, choices = self._network.numbers, self._network.choices
        most = max(1, min(SIDE_BY_SIDE, CELLS // (length * max(1, numbers + choices))))
        for start in range(0, count, most * length):
            segments = min(most, -(-(count - start) // length))
            noise = rng.standard_normal((length, numbers, segments), np.float32)
            picks = rng.random((length, choices, segments), np.float32)
            part = self.decode(noise, picks, hour).reshape(segments * length, self._columns)
            rows[start : start + len(part)] = part[: count - start]
        return rows
