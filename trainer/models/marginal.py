"""A column's recorded distribution, of its own in each hour of the day where they differ."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, ks_2samp

from agent.models.sampler import HOURS
from trainer.models.quantiles import Quantiles

Floats = NDArray[np.float64]
Hours = NDArray[np.int64]

FEWEST = 20  # rows to know an hour by; with fewer, those of the hours beside it are taken too
CERTAIN = 1e-4  # chance of taking an hour for different that is not
SLIGHT = 0.1  # KS distance or total variation below which an hour is like the day
SLIGHT_SHARE = 0.02  # the same of total variation where an hour of its own costs no table


@dataclass(frozen=True)
class Marginal:
    """The distribution of one column.

    Attributes:
        by_hour: One quantile function for the whole day, or one for each hour.
        codes: The column holds codes of categories.
    """

    by_hour: list[Quantiles]
    codes: bool

    @classmethod
    def of(cls, numbers: Floats, codes: bool, hours: Hours | None) -> Self:
        """The distribution of `numbers`, shape (rows,), NaN left out."""
        if hours is None or not _differ(numbers, codes, hours):
            return cls([Quantiles.of(numbers, exact=codes)], codes)
        parts = [numbers[_about(hours, numbers, hour)] for hour in range(HOURS)]
        return cls([Quantiles.of(part, exact=codes, part=True) for part in parts], codes)

    @property
    def hourly(self) -> bool:
        return len(self.by_hour) > 1

    def encode(self, numbers: Floats, hours: Hours | None, rng: np.random.Generator) -> Floats:
        """The place of each number in its hour's order, 0 to 1; NaN stays NaN."""
        if not self.hourly or hours is None:
            return self.by_hour[0].encode(numbers, rng)
        places = np.empty(len(numbers))
        for hour in np.unique(hours):
            places[hours == hour] = self.by_hour[hour].encode(numbers[hours == hour], rng)
        return places

    def decode(self, places: Floats, hours: Hours | None) -> Floats:
        """The number at each place."""
        if not self.hourly or hours is None:
            return self.by_hour[0].decode(places)
        numbers = np.empty(len(places))
        for hour in np.unique(hours):
            numbers[hours == hour] = self.by_hour[hour].decode(places[hours == hour])
        return numbers


def shares_by_hour(codes: Floats, size: int, hours: Hours | None) -> Floats:
    """The share of each code, shape (1 or 24, size), NaN left out.

    Args:
        codes: Of one category, shape (rows,).
        size: How many codes there are.
        hours: Of the day, of each row; None: the one share is that of all rows.

    Where no hour differs from the rest beyond chance, all have the share of the whole.
    """
    there = ~np.isnan(codes)
    whole = shares(codes[there], size)[None]
    if hours is None:
        return whole
    about = [_about(hours, codes, hour) & there for hour in range(HOURS)]
    tests = (_difference(codes[near], codes[there & ~near], True) for near in about if 0 < near.sum() < there.sum())
    if not any(distance > SLIGHT_SHARE and chance * HOURS < CERTAIN for distance, chance in tests):
        return np.repeat(whole, HOURS, axis=0)
    return np.array([shares(codes[near], size) for near in about])


def shares(codes: Floats, size: int) -> Floats:
    """The share of each of so many codes, shape (size,)."""
    return np.bincount(codes.astype(np.intp), minlength=size) / len(codes)


def _about(hours: Hours, numbers: Floats, hour: int) -> NDArray[np.bool_]:
    """The rows of an hour that have a number, with those of the hours beside it until there are enough."""
    distance = np.abs((hours - hour + HOURS // 2) % HOURS - HOURS // 2)
    distance = np.where(np.isnan(numbers), HOURS, distance)
    reach = next((r for r in range(HOURS // 2 + 1) if (distance <= r).sum() >= FEWEST), HOURS // 2)
    return distance <= reach


def _differ(numbers: Floats, codes: bool, hours: Hours) -> bool:
    """Whether some hour's distribution is not that of the rest, beyond chance and by more than a little."""
    there = ~np.isnan(numbers)
    numbers, hours = numbers[there], hours[there]
    parts = [_about(hours, numbers, hour) for hour in np.unique(hours)]
    parts = [part for part in parts if FEWEST <= part.sum() < len(part)]
    tests = (_difference(numbers[part], numbers[~part], codes) for part in parts)
    return any(distance > SLIGHT and chance * HOURS < CERTAIN for distance, chance in tests)


def _difference(one: Floats, other: Floats, codes: bool) -> tuple[float, float]:
    """How far two samples are apart, and how probable that is by chance."""
    if not codes:
        found = ks_2samp(one, other, method="asymp")
        return float(found.statistic), float(found.pvalue)
    labels = np.unique(np.concatenate([one, other]))
    counts = np.array([[(sample == label).sum() for label in labels] for sample in (one, other)])
    if len(labels) < 2:
        return 0.0, 1.0
    shares = counts / counts.sum(axis=1, keepdims=True)
    return float(np.abs(shares[0] - shares[1]).sum() / 2), float(chi2_contingency(counts).pvalue)
