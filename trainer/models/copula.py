"""Gaussian copula: fitted by SDV, exported as a factor and one monotone table a column."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from sdv.single_table import GaussianCopulaSynthesizer

from agent.reading import Column
from trainer.models import sdv_inside
from trainer.models.joint import Joint, dependent_groups
from trainer.models.quantiles import Quantiles
from trainer.table import typed, without_gaps

REACH = (
    6.5  # a standard normal beyond this is drawn once in 10^10; much further out, its probability has no digits left
)
LEVELS = 2000  # whole numbers with as many values or fewer become exact steps
TOLERANCE = 2e-4  # of a table, in the value's range and in probability

Floats = NDArray[np.float64]
Table = tuple[bool, Floats, Floats]


@dataclass(frozen=True)
class Copula:
    """A fitted copula, and how what SDV models becomes the table's columns again.

    Attributes:
        synthesizer: SDV's, fitted.
        columns: Of the table.
        modelled: The columns that SDV models: numbers, and categories alone or joined.
        quantiles: For each number: SDV models its place in the recorded order.
        joints: Categories that SDV models as one.
    """

    synthesizer: GaussianCopulaSynthesizer
    columns: list[Column]
    modelled: list[Column]
    quantiles: dict[str, Quantiles]
    joints: list[Joint]

    def sample(self, count: int) -> pd.DataFrame:
        """`count` rows, drawn by SDV."""
        rows = sdv_inside.sample(self.synthesizer, count)
        for column in self.columns:
            if not column.size:
                values = self.quantiles[column.name].decode(rows[column.name].to_numpy())
                rows[column.name] = np.rint(values) if column.integer else values
        for joint in self.joints:
            rows = rows.assign(**joint.split(rows[joint.column.name].astype(np.intp).to_numpy()))
        return typed(rows[[column.name for column in self.columns]], self.columns)

    def export(self) -> dict[str, NDArray[np.generic]]:
        """The bundle's arrays; see `agent.models.copula` for what they mean.

        Columns that were modelled as one have equal rows in the factor: each is a staircase over the same z.
        """
        latent = {column.name: (place, column) for place, column in enumerate(self.modelled)}
        for joint in self.joints:
            latent |= dict.fromkeys(joint.members, latent[joint.column.name])
        root = square_root(sdv_inside.correlation(self.synthesizer, self.modelled))
        factor = np.zeros((len(self.columns), len(self.columns)))
        tables = []
        for row, column in enumerate(self.columns):
            place, modelled = latent[column.name]
            factor[row, : len(root)] = root[place]
            tables.append(self._table(column, modelled))
        lengths = [len(z) for _, z, _ in tables]
        return {
            "factor": factor,
            "offsets": np.cumsum([0, *lengths]).astype("<i8"),
            "steps": np.array([step for step, _, _ in tables], "|b1"),
            "z": np.concatenate([z for _, z, _ in tables]).astype("<f8"),
            "value": np.concatenate([value for _, _, value in tables]).astype("<f8"),
        }

    def _table(self, column: Column, modelled: Column) -> Table:
        """The table of one column: exact steps where it has few values, else linear between knots."""
        if column.size:
            ordinal, codes = sdv_inside.category(self.synthesizer, modelled)
            joint = next((joint for joint in self.joints if joint.column == modelled), None)
            values = codes if joint is None else joint.split(codes.astype(np.intp))[column.name]
            return _steps(thresholds(ordinal, np.arange(0.5, len(codes) - 1, dtype=np.float64)), values)
        place, quantiles = sdv_inside.number(self.synthesizer, column), self.quantiles[column.name]
        low, high = quantiles.values[0], quantiles.values[-1]
        if column.integer and high - low <= LEVELS:
            levels = np.arange(low, high + 1, dtype=np.float64)
            middles = (levels[:-1] + levels[1:]) / 2
            return _steps(thresholds(lambda z: quantiles.decode(place(z)), middles), levels)
        kinks = thresholds(place, quantiles.places)
        return (False, *knots(lambda z: quantiles.decode(place(z)), kinks))


def fit(table: pd.DataFrame, columns: list[Column], rng: np.random.Generator) -> Copula:
    """Fit SDV's copula with the recording's own marginals and its combinations of categories.

    SDV's default, a beta distribution a column, fits no value that repeats (a light that is off, a box
    that stands still) and nothing with two humps. So each number is replaced by its place in the
    recorded order, which is uniform, as a category's place on the unit line is: SDV learns how the
    columns hang together, and each keeps its recorded distribution.
    """
    sdv_inside.check_versions()
    numbers = {column.name: table[column.name].to_numpy(np.float64) for column in columns if not column.size}
    quantiles = {name: Quantiles.of(values) for name, values in numbers.items()}
    changed = {name: quantiles[name].encode(values, rng) for name, values in numbers.items()}
    joints = []
    for number, members in enumerate(dependent_groups(table, columns), start=1):
        joint, codes = Joint.of(table, members, f"?joint {number}")
        joints.append(joint)
        changed[joint.column.name] = codes
    joined = {member for joint in joints for member in joint.members}
    modelled = [column for column in columns if column.name not in joined] + [joint.column for joint in joints]
    complete = without_gaps(table.assign(**changed)[[column.name for column in modelled]], rng)
    synthesizer = sdv_inside.fit_copula(typed(complete, modelled), modelled, "uniform")
    return Copula(synthesizer, columns, modelled, quantiles, joints)


def square_root(matrix: Floats) -> Floats:
    """A factor F with F @ F.T = `matrix`, which may be only semi-definite; each row's sign is settled."""
    values, vectors = np.linalg.eigh(matrix)
    vectors = vectors * np.where(vectors[np.abs(vectors).argmax(axis=0), range(len(values))] < 0, -1.0, 1.0)
    return np.ascontiguousarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def thresholds(value: Callable[[Floats], Floats], levels: Floats) -> Floats:
    """For each level the z at which the rising function `value` passes it, by bisection."""
    low, high = np.full(len(levels), -REACH), np.full(len(levels), REACH)
    for _ in range(60):
        middle = (low + high) / 2
        above = value(middle) > levels
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return high


def knots(value: Callable[[Floats], Floats], kinks: Floats) -> tuple[Floats, Floats]:
    """Knots between which the rising function `value` is linear to within the tolerance.

    A knot stands at every kink and at both ends of every plateau, so that a value that repeats is drawn
    exactly, and as often as it should be; between these, knots are added where a straight line misses most.
    """
    grid = np.unique(np.concatenate([np.linspace(-REACH, REACH, 4001), norm.ppf(np.linspace(5e-5, 1 - 5e-5, 20_000))]))
    ends = np.concatenate([_plateau_ends(value, grid), kinks])
    z = np.unique(np.concatenate([grid, ends]))
    y = np.maximum.accumulate(value(z))
    probability = norm.cdf(z)
    kept = sorted({0, len(z) - 1, *np.searchsorted(z, ends).tolist()})
    parts, keep = list(pairwise(kept)), set(kept)
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
