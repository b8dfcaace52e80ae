"""Columns of which only certain combinations of codes occur, whatever a model draws."""

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle
from agent.models.sampler import ANYTHING, Given, Sampler, redrawn

MOST = 1000

Floats = NDArray[np.float64]


class Combined:
    """Draws rows of another sampler; what is none of the known combinations becomes the one most like it.

    Args:
        sampler: Draws the rows.
        groups: Positions of columns, and their known codes, shape (combinations, columns), the most frequent first.
    """

    def __init__(self, sampler: Sampler, groups: list[tuple[list[int], Floats]]) -> None:
        self._sampler = sampler
        self._groups = [(columns, known, {tuple(row) for row in known.tolist()}) for columns, known in groups]

    def draw(self, count: int, rng: np.random.Generator, given: Given = ANYTHING) -> Floats:
        """See `Sampler.draw`."""
        if not given.values:
            return self._mended(self._sampler.draw(count, rng, given))
        return redrawn(lambda size: self._mended(self._sampler.draw(size, rng, given)), count, given)

    def _mended(self, rows: Floats) -> Floats:
        for columns, known, known_rows in self._groups:
            codes = rows[:, columns]
            for code in {tuple(row) for row in codes.tolist()} - known_rows:
                alike = (known == code).sum(axis=1)
                rows[np.ix_((codes == code).all(axis=1), columns)] = known[alike.argmax()]
        return rows


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
