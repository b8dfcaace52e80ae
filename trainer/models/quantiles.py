"""A number's place in the recorded order, and back: the empirical distribution, without jumps."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PLATEAU = 1 / 2000  # a smaller share is an accident of the recording
KNOTS = 200  # more would only repeat the recording's noise
COARSER = 5  # how much of either, for a part of the recording such as an hour of the day


@dataclass(frozen=True)
class Quantiles:
    """The quantile function of recorded numbers.

    A number recorded often is a plateau as wide as its share. Of the others some are knots, between
    which the function is linear, so that new numbers come about.

    Attributes:
        places: Rising from 0 to 1, shape (knots,).
        values: The numbers there, rising, shape (knots,).
    """

    places: Floats
    values: Floats

    @classmethod
    def of(cls, numbers: Floats, exact: bool = False, part: bool = False) -> Self:
        """The quantile function of `numbers`.

        Args:
            numbers: Shape (rows,); NaN is left out.
            exact: Every number is a plateau.
            part: They are but a part of the recording.
        """
        distinct, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
        ends = np.cumsum(counts) / counts.sum()
        starts = ends - counts / counts.sum()
        plateau = (counts > 1) & (ends - starts >= PLATEAU * (COARSER if part else 1)) | exact
        single = _thinned(np.flatnonzero(~plateau), KNOTS // (COARSER if part else 1))
        kept = np.sort(np.concatenate([np.flatnonzero(plateau), single]))
        middle = (starts + ends) / 2
        lows, highs = np.where(plateau, starts, middle)[kept], np.where(plateau, ends, middle)[kept]
        places, values = np.column_stack([lows, highs]).ravel(), np.repeat(distinct[kept], 2)
        keep = np.append(True, (np.diff(places) > 0) | (np.diff(values) > 0))
        return cls(places[keep], values[keep])

    def encode(self, numbers: Floats, rng: np.random.Generator) -> Floats:
        """The place of each recorded number, 0 to 1; anywhere on its plateau where it has one; NaN stays NaN."""
        first = np.searchsorted(self.values, numbers, side="left")
        last = np.searchsorted(self.values, numbers, side="right") - 1
        between = np.interp(numbers, self.values, self.places)
        wide = last > first
        start, end = self.places[np.where(wide, first, 0)], self.places[np.where(wide, last, 0)]
        places: Floats = np.where(wide, start + (end - start) * rng.random(len(numbers)), between)
        return places

    def decode(self, places: Floats) -> Floats:
        """The number at each place."""
        numbers: Floats = np.interp(places, self.places, self.values)
        return numbers


def _thinned(places: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """At most so many of them, evenly, first and last among them."""
    if len(places) <= most:
        return places
    return places[np.linspace(0, len(places) - 1, most).round().astype(np.intp)]
