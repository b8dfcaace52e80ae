"""A number's place in the recorded order, and back: the empirical distribution, without jumps."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Quantiles:
    """The quantile function of recorded numbers.

    A number recorded once is one knot, and between two of these the function is linear, so that new
    numbers come about. A number recorded more often is a plateau as wide as its share.

    Attributes:
        places: Rising from 0 to 1, shape (knots,).
        values: The numbers there, rising, shape (knots,).
    """

    places: Floats
    values: Floats

    @classmethod
    def of(cls, numbers: Floats) -> Self:
        """The quantile function of `numbers`, shape (rows,), NaN left out."""
        distinct, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
        ends = np.cumsum(counts) / counts.sum()
        starts = ends - counts / counts.sum()
        once = counts == 1
        middle = (starts + ends) / 2
        places = np.column_stack([np.where(once, middle, starts), np.where(once, middle, ends)]).ravel()
        values = np.repeat(distinct, 2)
        keep = np.append(True, (np.diff(places) > 0) | (np.diff(values) > 0))
        return cls(places[keep], values[keep])

    def encode(self, numbers: Floats, rng: np.random.Generator) -> Floats:
        """The place of each recorded number, 0 to 1; anywhere on its plateau where it has one; NaN stays NaN."""
        first = np.minimum(np.searchsorted(self.values, numbers, side="left"), len(self.values) - 1)
        last = np.searchsorted(self.values, numbers, side="right") - 1
        start, end = self.places[first], self.places[last]
        return np.where(np.isnan(numbers), np.nan, start + (end - start) * rng.random(len(numbers)))

    def decode(self, places: Floats) -> Floats:
        """The number at each place."""
        numbers: Floats = np.interp(places, self.places, self.values)
        return numbers
