"""Columns of which only certain combinations of codes occur, whatever a model draws."""

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle
from agent.models.sampler import ANYTHING, Given, Sampler, redrawn

MOST = 1000

Floats = NDArray[np.float64]


class Combined:
    """Draws rows of another sampler; what is none of the known combinations becomes one of those most like it.

    Args:
        sampler: Draws the rows.
        groups: Positions of columns, and their known codes, shape (combinations, columns), the most frequent first.
    """

    def __init__(self, sampler: Sampler, groups: list[tuple[list[int], Floats]]) -> None:
        self._sampler, self.consecutive = sampler, sampler.consecutive
        self._groups = [(columns, known, {tuple(row) for row in known.tolist()}) for columns, known in groups]

    def draw(self, count: int, rng: np.random.Generator, given: Given = ANYTHING) -> Floats:
        """See `Sampler.draw`."""
        if not given.values:
            return self._mended(self._sampler.draw(count, rng, given), rng)
        return redrawn(lambda size: self._mended(self._sampler.draw(size, rng, given), rng), count, given)

    def _mended(self, rows: Floats, rng: np.random.Generator) -> Floats:
        for columns, known, known_rows in self._groups:
            mend(rows, columns, known, known_rows, rng)
        return rows


def mend(
    rows: Floats, columns: list[int], known: Floats, known_rows: set[tuple[float, ...]], rng: np.random.Generator
) -> None:
    """Make each combination that is not known, in place, one of the known ones most like it: any, as chance has it."""
    codes = rows[:, columns]
    for code in sorted({tuple(row) for row in codes.tolist()} - known_rows):
        places = np.flatnonzero((codes == code).all(axis=1))
        alike = (known == code).sum(axis=1)
        rows[np.ix_(places, np.array(columns))] = known[rng.choice(np.flatnonzero(alike == alike.max()), len(places))]


def combined(sampler: Sampler, bundle: Bundle) -> Sampler:
    """The sampler of a bundle, with the combinations that its manifest names, if it names any.

    Raises:
        BundleError: An array is missing, or holds what are no codes of its columns.
    """
    groups = []
    columns = {column.name: (place, column.size or 0) for place, column in enumerate(bundle.manifest.columns)}
    for number, names in enumerate(bundle.manifest.combinations):
        known = bundle.array(f"combinations/{number}", "<i4", (None, len(names))).astype(np.float64)
        if not names or not set(names) <= set(columns) or not 1 <= len(known) <= MOST:
            raise bundle.error(f"combinations/{number}", f"must be 1 to {MOST} combinations of known columns")
        places, sizes = zip(*(columns[name] for name in names), strict=True)
        if bool(np.any((known < 0) | (known >= np.array(sizes)))):
            raise bundle.error(f"combinations/{number}", "holds what are no codes of its columns")
        groups.append((list(places), known))
    return Combined(sampler, groups) if groups else sampler
