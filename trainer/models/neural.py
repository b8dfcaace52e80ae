"""CTGAN, CopulaGAN and TVAE: fitted by SDV, exported as a network and what its outputs mean."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.models.sampler import HOURS
from agent.reading import Column
from trainer.corrections import BY_HOUR, FREQUENCIES, SAMPLED
from trainer.inside import gan as inside
from trainer.inside.common import sample as sdv_sample
from trainer.models.fitted import Arrays, Task
from trainer.models.frequencies import drawn, shares_of, shift_classes
from trainer.models.hourly import Hourly
from trainer.models.outputs import Outputs
from trainer.models.tables import Table, as_plan
from trainer.table import typed, without_gaps

HOUR = "?hour"
OFTEN = 0.01  # share of rows: to wait for an hour that is drawn less often would take the agent too long

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Neural:
    """A fitted network.

    Attributes:
        task: What was learnt.
        kind: A key of `inside.SYNTHESIZERS`.
        synthesizer: SDV's, fitted.
        columns: That it models: the task's, and the hour of the day where the recording covers one.
        table: What it learnt, without gaps.
    """

    task: Task
    kind: str
    synthesizer: Any
    columns: list[Column]
    table: pd.DataFrame

    @property
    def hours(self) -> bool:
        return self.task.hours is not None

    @property
    def sampled_by_hour(self) -> bool:
        return False

    @property
    def corrections(self) -> tuple[str, ...]:
        return self.task.corrections(self.kind)

    @property
    def losses(self) -> pd.DataFrame:
        """The losses of each epoch."""
        return inside.losses(self.synthesizer)

    def sample(self, count: int) -> pd.DataFrame:
        """`count` rows, drawn by SDV."""
        rows = sdv_sample(self.synthesizer, count)
        whole = {c.name: np.rint(rows[c.name].to_numpy(np.float64)) for c in self.task.columns if c.integer}
        return rows.assign(**whole)[[column.name for column in self.task.columns]]

    def export(self, corrected: bool) -> Arrays:
        """The bundle's arrays; see `agent.models.neural` for what they mean.

        Raises:
            RecordingError: Numbers lie so far apart that the agent would refuse the bundle.
        """
        made = self.corrections if corrected else ()
        argmax = self.kind == "tvae" and SAMPLED not in made
        arrays = self._outputs.network(argmax) | self._outputs.meaning()
        if FREQUENCIES in made:
            shares = shares_of(self.table, self.columns)
            if len(arrays["condition"]):
                arrays["condition"] = self._outputs.true_condition(shares)
            shift_classes(arrays, self.columns, shares, self.task)
        tables = self._outputs.tables() if self.hours or self.kind == "copula-gan" else []
        if self.hours:
            return {**arrays, **self._by_hour(arrays, tables, BY_HOUR in made)}
        return {**arrays, **(as_plan([tables]) if tables else {})}

    @cached_property
    def _outputs(self) -> Outputs:
        return Outputs(self.kind, self.synthesizer, self.columns, self.table, self.hours, self.task.seed)

    def _by_hour(self, arrays: dict[str, NDArray[Any]], tables: list[Table], matched: bool) -> dict[str, NDArray[Any]]:
        """What differs by the hour of the day; unless matched, nothing but which rows are drawn."""
        codes = self._hours(self._drawn(arrays)[:, -1].astype(int))
        entries = self._outputs.entries(HOUR, codes) if matched else np.full(HOURS, -1)
        by_hour = {"hours": codes.astype("<i4"), "entry": entries.astype("<i4")}
        if matched:
            hourly = Hourly({**arrays, **by_hour}, self.columns, self.table, self.task)
            lean, of_hours = hourly.matched()
            by_hour["entry"] = np.array(hourly.entries, "<i4")
        else:
            logits = sum(arrays["kinds"]) - (0 if arrays["argmax"][0] else len(arrays["kinds"]))
            lean, of_hours = np.zeros((HOURS, logits), "<f4"), [tables] * HOURS
        return {**by_hour, "lean": lean, **as_plan([tables, *of_hours])}

    def _hours(self, codes_drawn: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each hour of the day the code of the nearest one that is drawn often enough to wait for.

        Args:
            codes_drawn: Codes of the hours of rows as the agent draws them.
        """
        recorded = np.unique(np.asarray(self.task.hours))
        shares = np.bincount(codes_drawn, minlength=len(recorded)) / len(codes_drawn)
        codes = np.flatnonzero(shares >= min(OFTEN, shares.max()))
        distance = np.abs((recorded[codes][None] - np.arange(HOURS)[:, None] + HOURS // 2) % HOURS - HOURS // 2)
        return np.asarray(codes[distance.argmin(axis=1)])

    def _drawn(self, arrays: Arrays) -> Floats:
        """Rows of all modelled columns, the hour among them, as the agent draws them."""
        return drawn(arrays, self.columns, np.random.default_rng(self.task.seed))


def fit(kind: str, task: Task) -> Neural:
    """Fit SDV's synthesizer of this kind; where the recording covers a day, with the hour as one more category."""
    task.seed_libraries()
    table, columns = without_gaps(task.table, task.rng), list(task.columns)
    if task.hours is not None:
        recorded = np.unique(task.hours)
        table = table.assign(**{HOUR: np.searchsorted(recorded, task.hours).astype(np.float64)})
        columns.append(Column(name=HOUR, size=len(recorded)))
    synthesizer = inside.fit(kind, typed(table, columns), columns, task.epochs, task.report)
    return Neural(task, kind, synthesizer, columns, table)
