"""Gaussian copula: fitted by SDV, exported as a factor and one monotone table a column."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.models.sampler import HOURS
from agent.reading import Column
from trainer.inside import copula as inside
from trainer.inside.common import Quantile, sample
from trainer.models.fitted import Task
from trainer.models.joint import Joint, dependent_groups
from trainer.models.marginal import Marginal
from trainer.models.quantiles import Quantiles
from trainer.models.tables import TOLERANCE, Table, as_arrays, knots, steps, thresholds
from trainer.table import typed, without_gaps

LEVELS = 2000  # whole numbers with as many values or fewer become exact steps
HOURLY_LEVELS, HOURLY_TOLERANCE = 100, 5e-3  # an hour's own table is known by fewer rows, and there are 24 of them

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Copula:
    """A fitted copula, and how what SDV models becomes the table's columns again.

    Attributes:
        task: What was learnt.
        synthesizer: SDV's, fitted to places: numbers from 0 to 1.
        modelled: The columns that SDV models: numbers, and categories alone or joined.
        marginals: Of each modelled column.
        joints: Categories that SDV models as one.
    """

    task: Task
    synthesizer: Any
    modelled: list[Column]
    marginals: dict[str, Marginal]
    joints: list[Joint]
    corrections: tuple[str, ...] = ()
    losses: pd.DataFrame | None = None

    @property
    def hours(self) -> bool:
        return any(marginal.hourly for marginal in self.marginals.values())

    @property
    def sampled_by_hour(self) -> bool:
        return True

    def sample(self, count: int) -> pd.DataFrame:
        """`count` rows, drawn by SDV, at hours as they occur in the recording."""
        places, hours = sample(self.synthesizer, count), self.task.some_hours(count)
        rows = pd.DataFrame(index=places.index)
        for column in self.modelled:
            values = self.marginals[column.name].decode(places[column.name].to_numpy(np.float64), hours)
            rows[column.name] = np.rint(values) if column.integer or column.size else values
        for joint in self.joints:
            rows = rows.assign(**joint.split(rows[joint.column.name].to_numpy().astype(np.intp)))
        return typed(rows[[column.name for column in self.task.columns]], self.task.columns)

    def export(self, corrected: bool) -> dict[str, NDArray[Any]]:
        """The bundle's arrays; see `agent.models.copula` for what they mean.

        Columns that were modelled as one have equal rows in the factor: each is a staircase over the same z.
        """
        latent = {column.name: (place, column) for place, column in enumerate(self.modelled)}
        for joint in self.joints:
            latent |= dict.fromkeys(joint.members, latent[joint.column.name])
        columns, hours = self.task.columns, HOURS if self.hours else 1
        root = square_root(inside.correlation(self.synthesizer, self.modelled))
        factor = np.zeros((len(columns), len(columns)))
        tables: list[Table] = []
        plan = np.zeros((hours, len(columns)), "<i4")
        for position, column in enumerate(columns):
            place, modelled = latent[column.name]
            factor[position, : len(root)] = root[place]
            made = self._tables(column, modelled)
            plan[:, position] = np.arange(len(tables), len(tables) + len(made))
            tables += made
        return {"factor": factor, "plan": plan, **as_arrays(tables)}

    def _tables(self, column: Column, modelled: Column) -> list[Table]:
        """The table of one column, or one for each hour: exact steps where it has few values, else linear."""
        place, marginal = inside.number(self.synthesizer, modelled), self.marginals[modelled.name]
        joint = next((joint for joint in self.joints if joint.column == modelled), None)
        levels, tolerance = (HOURLY_LEVELS, HOURLY_TOLERANCE) if marginal.hourly else (LEVELS, TOLERANCE)
        made = []
        for quantiles in marginal.by_hour:
            if marginal.codes:
                codes = quantiles.values[::2]
                values = codes if joint is None else joint.split(codes.astype(np.intp))[column.name]
                made.append(steps(thresholds(place, quantiles.places[1:-1:2]), values))
            else:
                made.append(_number_table(column, place, quantiles, levels, tolerance))
        return made


def _number_table(column: Column, place: Quantile, quantiles: Quantiles, most: int, tolerance: float) -> Table:
    low, high = quantiles.values[0], quantiles.values[-1]
    if column.integer and high - low <= most:
        levels = np.arange(low, high + 1, dtype=np.float64)
        middles = (levels[:-1] + levels[1:]) / 2
        return steps(thresholds(lambda z: quantiles.decode(place(z)), middles), levels)
    kinks = thresholds(place, quantiles.places)
    return (False, *knots(lambda z: quantiles.decode(place(z)), kinks, tolerance))


def fit(task: Task) -> Copula:
    """Fit SDV's copula with the recording's own marginals and its combinations of categories.

    SDV's default, a beta distribution a column, fits no value that repeats (a light that is off, a box
    that stands still) and nothing with two humps. So each value is replaced by its place in the recorded
    order, or in that of its hour of the day, which is uniform: SDV learns how the columns hang together,
    and each keeps its recorded distribution.
    """
    task.seed_libraries()
    table, rng = task.table, task.rng
    joints = []
    for number, members in enumerate(dependent_groups(table, task.columns, task.together), start=1):
        joint, codes = Joint.of(table, members, f"?joint {number}")
        joints.append(joint)
        table = table.assign(**{joint.column.name: codes})
    joined = {member for joint in joints for member in joint.members}
    modelled = [column for column in task.columns if column.name not in joined] + [joint.column for joint in joints]
    numbers = {column.name: table[column.name].to_numpy(np.float64) for column in modelled}
    marginals = {c.name: Marginal.of(numbers[c.name], bool(c.size), task.hours) for c in modelled}
    places = {name: marginals[name].encode(values, task.hours, rng) for name, values in numbers.items()}
    complete = without_gaps(pd.DataFrame(places), rng)
    uniform = [Column(name=column.name) for column in modelled]
    return Copula(task, inside.fit(complete, uniform, "uniform"), modelled, marginals, joints)


def square_root(matrix: Floats) -> Floats:
    """A factor F with F @ F.T = `matrix`, which may be only semi-definite; each row's sign is settled."""
    values, vectors = np.linalg.eigh(matrix)
    vectors = vectors * np.where(vectors[np.abs(vectors).argmax(axis=0), range(len(values))] < 0, -1.0, 1.0)
    return np.ascontiguousarray(vectors * np.sqrt(np.maximum(values, 0.0)))
