"""What every model kind gives the agent, and the readings' rows drawn from it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from agent.errors import ConditionError
from agent.models.bundle import Bundle
from agent.reading import Rows

BLOCK = 1024
HOURS = 24
GIVEN_BLOCK = 16  # as BLOCK, under conditions: what is rare would take long to draw ahead
NEVER = "the model never draws that; ask for a value that was recorded"
MOST_TRIES = 500_000  # rows drawn for a condition before it is given up

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Given:
    """What rows have to be like.

    Attributes:
        hour: Of the day (0 to 23) or of the week from Monday (0 to 167), local to the sensor; None: any.
        values: Positions of columns, and the values that each may have.
        told: Of each of these, what was asked for, for messages: `state = busy`.
    """

    hour: int | None = None
    values: tuple[tuple[int, tuple[float, ...]], ...] = ()
    told: tuple[str, ...] = ()

    def words(self, position: int | None = None) -> str:
        """What was asked for, for messages: of one column, or in all."""
        pairs = zip(self.values, self.told, strict=False)
        return ", ".join(dict.fromkeys(told for (at, _), told in pairs if position in (None, at)))

    def holds(self, rows: Floats) -> NDArray[np.bool_]:
        """Which rows have the values, shape (rows,)."""
        fits = np.ones(len(rows), np.bool_)
        for position, allowed in self.values:
            fits &= np.isclose(rows[:, position, None], allowed, rtol=1e-6, atol=1e-9).any(axis=1)
        return fits

    def exact(self, rows: Floats) -> Floats:
        """Rows that hold, with the very values: a table may be off in the last digits."""
        for position, allowed in self.values:
            values = np.asarray(allowed)
            rows[:, position] = values[np.abs(rows[:, position, None] - values).argmin(axis=1)]
        return rows


ANYTHING = Given()


class UnmetError(ConditionError):
    """Rows are never, or next to never, as given.

    Args:
        problem: Why.
        position: Of the column whose values it is; None: of all together.
    """

    def __init__(self, problem: str, position: int | None = None) -> None:
        super().__init__(problem)
        self.position = position


class Sampler(Protocol):
    """Draws rows, any number of times, from one thread at a time.

    Attributes:
        consecutive: Rows that are drawn together follow each other in time.
    """

    consecutive: bool

    def draw(self, count: int, rng: np.random.Generator, given: Given = ANYTHING) -> Floats:
        """`count` rows, shape (count, columns), in the manifest's order of columns; codes for categories.

        A bundle whose manifest says `hours` needs `given.hour`.

        Raises:
            UnmetError: The model never, or next to never, draws rows such as are given.
        """
        ...


class Kind(Sampler, Protocol):
    """A sampler of one model kind."""

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """A sampler of `bundle`.

        Raises:
            BundleError: An array is not as it must be; nothing is left to find out later.
        """
        ...


def require_drawn(never: NDArray[np.bool_], position: int, codes: tuple[float, ...]) -> None:
    """Raise UnmetError if none of the codes that are given of a column is ever drawn.

    Args:
        never: Which of its codes never are, shape (codes,).
        position: The column's.
        codes: That are given; any of them would do.
    """
    if not any(0 <= code < len(never) and not never[int(code)] for code in codes):
        raise UnmetError(NEVER, position)


def redrawn(draw: Callable[[int], Floats], count: int, given: Given) -> Floats:
    """`count` rows of those that `draw(count)` gives for which `given.values` hold.

    Raises:
        UnmetError: They are too rare.
    """
    parts, found, tried, size = [], 0, 0, count
    while found < count:
        rows = draw(size)
        parts.append(given.exact(rows[given.holds(rows)]))
        found, tried = found + len(parts[-1]), tried + size
        if found < count and tried >= max(MOST_TRIES, 100 * count):
            came = f"messages like that came in {found} of {tried} rows drawn, too seldom to be played"
            raise UnmetError(f"{came}; ask for fewer fields at once, or for what comes more often")
        size = min(max(count, BLOCK), 16 * BLOCK)
    return np.concatenate(parts)[:count] if parts else draw(0)


def drawn(sampler: Sampler, count: int, rng: np.random.Generator, given: Given) -> Floats:
    """`count` rows of a sampler.

    Raises:
        ConditionError: Rows are never, or next to never, as given; it names what was asked for.
    """
    try:
        return sampler.draw(count, rng, given)
    except UnmetError as error:
        asked = given.words(error.position)
        raise ConditionError(f"{asked}: {error}" if asked else str(error)) from error


class Source:
    """An endless supply of rows, drawn in blocks: the amortised cost of a row is a fraction of a single one's."""

    def __init__(
        self,
        sampler: Sampler,
        columns: list[str],
        rng: np.random.Generator,
        block: int = BLOCK,
        given: Given = ANYTHING,
    ) -> None:
        self._sampler, self._rng, self._given = sampler, rng, given
        self._most = min(block, GIVEN_BLOCK) if given.values else block
        self._size = self._most
        self._index = {name: position for position, name in enumerate(columns)}
        self._block = Rows(self._index, np.empty((0, len(columns))))
        self._next = 0

    def enter(self, hour: int) -> None:
        """From now on, rows of this hour."""
        if hour != self._given.hour:
            self._given = replace(self._given, hour=hour)
            self._next = len(self._block)  # what is left of the last hour is dropped
            self._size = self._most if self._sampler.consecutive else min(self._most, GIVEN_BLOCK)

    def next(self) -> Rows:
        """The next row."""
        start = self._next
        if start >= len(self._block):
            self._block, start = self._draw(), 0
        self._next = start + 1
        return self._block.slice(start, start + 1)

    def take(self, count: int) -> Rows:
        """The next `count` rows, the same ones that `count` calls of `next` would give."""
        parts = []
        while count > 0:
            if self._next >= len(self._block):
                self._block, self._next = self._draw(), 0
            stop = min(self._next + count, len(self._block))
            parts.append(self._block.matrix[self._next : stop])
            count -= stop - self._next
            self._next = stop
        return Rows(self._index, np.concatenate(parts) if parts else self._block.matrix[:0])

    def _draw(self) -> Rows:
        """The next block; those of an hour grow, as an hour may have few readings, of rows that are drawn in vain."""
        size, self._size = self._size, min(2 * self._size, self._most)
        return Rows(self._index, drawn(self._sampler, size, self._rng, self._given))
