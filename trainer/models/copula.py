"""Gaussian copula: fitted by SDV, exported as a factor and one monotone table a column."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from agent.reading import Column
from numpy.typing import NDArray
from scipy.stats import norm
from sdv.single_table import GaussianCopulaSynthesizer

from trainer.models import sdv_inside

REACH = 8.0  # a standard normal beyond this is drawn once in 10^15
LEVELS = 2000  # whole numbers with as many values or fewer become exact steps
TOLERANCE = 1e-4  # of a table, in the value's range and in probability

Floats = NDArray[np.float64]
Table = tuple[bool, Floats, Floats]


@dataclass(frozen=True)
class Copula:
    """A fitted copula."""

    synthesizer: GaussianCopulaSynthesizer
    columns: list[Column]

    def sample(self, count: int) -> pd.DataFrame:
        """`count` rows, drawn by SDV."""
        return sdv_inside.sample(self.synthesizer, count)

    def export(self) -> dict[str, NDArray[np.generic]]:
        """The bundle's arrays; see `agent.models.copula` for what they mean."""
        tables = [table_of(sdv_inside.marginal(self.synthesizer, column)) for column in self.columns]
        lengths = [len(z) for _, z, _ in tables]
        return {
            "factor": square_root(sdv_inside.correlation(self.synthesizer, self.columns)),
            "offsets": np.cumsum([0, *lengths]).astype("<i8"),
            "steps": np.array([step for step, _, _ in tables], "|b1"),
            "z": np.concatenate([z for _, z, _ in tables]).astype("<f8"),
            "value": np.concatenate([value for _, _, value in tables]).astype("<f8"),
        }


def fit(table: pd.DataFrame, columns: list[Column]) -> Copula:
    """Fit SDV's copula; a category's place on the unit line is uniform, so its frequencies stay as recorded."""
    sdv_inside.check_versions()
    uniform = {column.name: "uniform" for column in columns if column.size}
    return Copula(sdv_inside.fit_copula(table, columns, uniform), columns)


def square_root(matrix: Floats) -> Floats:
    """A factor F with F @ F.T = `matrix`, which may be only semi-definite; each row's sign is settled."""
    values, vectors = np.linalg.eigh(matrix)
    vectors = vectors * np.where(vectors[np.abs(vectors).argmax(axis=0), range(len(values))] < 0, -1.0, 1.0)
    return np.ascontiguousarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def table_of(marginal: sdv_inside.Marginal) -> Table:
    """The table of one column: exact steps where it has few values, else linear between knots."""
    if marginal.column.size:
        z = thresholds(marginal.value, np.arange(len(marginal.codes) - 1) + 0.5)
        return _steps(z, np.array(marginal.codes, np.float64))
    if marginal.column.integer and marginal.high - marginal.low <= LEVELS:
        levels = np.arange(marginal.low, marginal.high + 1, dtype=np.float64)
        return _steps(thresholds(marginal.value, levels[:-1] + 0.5), levels)
    if marginal.high == marginal.low:
        return True, np.array([-REACH]), np.array([marginal.low])
    return (False, *knots(marginal.value))


def thresholds(value: Callable[[Floats], Floats], levels: Floats) -> Floats:
    """For each level the z at which the rising function `value` passes it, by bisection."""
    low, high = np.full(len(levels), -REACH), np.full(len(levels), REACH)
    for _ in range(60):
        middle = (low + high) / 2
        above = value(middle) > levels
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return high


def knots(value: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """The fewest knots between which the rising function `value` is linear to within the tolerance."""
    z = np.linspace(-REACH, REACH, 8001)
    z = np.unique(np.concatenate([z, _plateau_ends(value, z)]))
    y = np.maximum.accumulate(value(z))
    probability = norm.cdf(z)
    keep, parts = {0, len(z) - 1}, [(0, len(z) - 1)]
    while parts:
        first, last = parts.pop()
        worst = _worst(z[first : last + 1], y[first : last + 1], probability[first : last + 1], y[-1] - y[0])
        if worst is not None:
            keep.add(first + worst)
            parts += [(first, first + worst), (first + worst, last)]
    places = sorted(keep)
    return z[places], y[places]


def _worst(z: Floats, y: Floats, probability: Floats, span: float) -> int | None:
    """Where a straight line misses most, in value or in probability; None: nowhere by more than the tolerance."""
    if len(z) < 3 or y[0] == y[-1]:
        return None
    line = np.interp(z, z[[0, -1]], y[[0, -1]])
    error = np.maximum(np.abs(line - y) / span, np.abs(np.interp(line, y, probability) - probability))
    place = int(error[1:-1].argmax()) + 1
    return place if error[place] > TOLERANCE else None


def _plateau_ends(value: Callable[[Floats], Floats], z: Floats) -> Floats:
    """Where the function leaves or reaches a plateau: clipping and underflow put probability there."""
    flat = np.diff(value(z)) == 0
    leaves, reaches = np.flatnonzero(flat[:-1] & ~flat[1:]) + 1, np.flatnonzero(~flat[:-1] & flat[1:]) + 1
    ends = []
    for places, low_side in ((leaves, True), (reaches, False)):
        level = value(z[places])
        low, high = (z[places], z[places + 1]) if low_side else (z[places - 1], z[places])
        for _ in range(50):
            middle = (low + high) / 2
            on_low = (value(middle) == level) if low_side else (value(middle) != level)
            low, high = np.where(on_low, middle, low), np.where(on_low, high, middle)
        ends += [low, high]
    return np.concatenate(ends)


def _steps(z: Floats, values: Floats) -> Table:
    """A staircase; steps that no z reaches are left out."""
    z = np.concatenate([[-REACH - 1], z])
    kept = np.append(np.diff(z) > 0, True) & (z < REACH)
    return True, z[kept], values[kept]
