"""Correlated normals of which some are known: exactly, or to lie in certain intervals."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STANDARD = NormalDist()
_NOTHING = 1e-9  # a variance below this is a column that others determine


@dataclass(frozen=True)
class Condition:
    """What is known of one column's normal.

    Attributes:
        column: Its position.
        low: Where each interval begins, rising; of a known point too.
        high: Where each ends.
    """

    column: int
    low: Floats
    high: Floats

    @property
    def is_point(self) -> bool:
        return len(self.low) == 1 and bool(self.low[0] == self.high[0])


class Normal:
    """Draws from a multivariate normal of mean 0 under conditions.

    Known points and the first interval hold exactly; further intervals are the caller's to reject by.

    Args:
        covariance: Shape (columns, columns).
        conditions: What is known.
    """

    def __init__(self, covariance: Floats, conditions: list[Condition]) -> None:
        self._mean, self._covariance = np.zeros(len(covariance)), covariance.copy()
        for point in (condition for condition in conditions if condition.is_point):
            if self._covariance[point.column, point.column] > _NOTHING:
                gain = self._condition_on(point.column)
                self._mean += gain * (point.low[0] - self._mean[point.column])
        self._interval = next((condition for condition in conditions if not condition.is_point), None)
        self._gain: Floats | None = None
        if self._interval is not None and self._covariance[self._interval.column, self._interval.column] > _NOTHING:
            self._spread = math.sqrt(self._covariance[self._interval.column, self._interval.column])
            self._gain = self._condition_on(self._interval.column)
        values, vectors = np.linalg.eigh(self._covariance)
        self._mix = (vectors * np.sqrt(np.maximum(values, 0.0))).T

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """`count` rows, shape (count, columns)."""
        rows: Floats = self._mean + rng.standard_normal((count, len(self._mean))) @ self._mix
        if self._interval is not None and self._gain is not None:
            middle = float(self._mean[self._interval.column])
            ends = (self._interval.low - middle) / self._spread, (self._interval.high - middle) / self._spread
            rows += np.outer(truncated(*ends, count, rng) * self._spread, self._gain)
        return rows

    def _condition_on(self, column: int) -> Floats:
        """Take one column as known; returns how far each column follows it."""
        gain: Floats = self._covariance[:, column] / self._covariance[column, column]
        self._covariance -= np.outer(gain, self._covariance[column])
        return gain


def truncated(low: Floats, high: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Standard normals that lie in one of the intervals, shape (count,)."""
    masses = np.array([_mass(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)])
    shares = masses / masses.sum() if masses.sum() > 0 else np.full(len(masses), 1 / len(masses))
    picks = rng.choice(len(shares), count, p=shares).tolist()
    return np.array([_within(float(low[k]), float(high[k]), u) for k, u in zip(picks, rng.random(count), strict=True)])


def _below(z: float) -> float:
    """Probability of a standard normal below `z`, exact far out on the left."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _mass(low: float, high: float) -> float:
    """Probability of an interval; on the right it is taken as on the left, where digits are left."""
    return _below(high) - _below(low) if low < 0 else _below(-low) - _below(-high)


def _within(low: float, high: float, share: float) -> float:
    """The normal that has this share of the interval's probability below it."""
    if low >= 0:
        return -_within(-high, -low, 1.0 - share)
    probability = _below(low) + share * (_below(high) - _below(low))
    z = _STANDARD.inv_cdf(probability) if 0.0 < probability < 1.0 else (low if probability <= 0 else high)
    return min(max(z, low, -40.0), high, 40.0)
