"""CTGAN, CopulaGAN and TVAE: fitted by SDV, exported as a network and what its outputs mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.errors import RecordingError
from agent.models.bundle import LARGEST
from agent.models.sampler import HOURS
from agent.reading import Column
from trainer.corrections import BY_HOUR, FREQUENCIES, SAMPLED
from trainer.inside import gan as inside
from trainer.inside.common import Quantile
from trainer.inside.common import sample as sdv_sample
from trainer.models.fitted import Arrays, Task
from trainer.models.frequencies import drawn, shares_of, shift_classes
from trainer.models.hourly import Hourly
from trainer.models.layers import Layer, relative, turned
from trainer.models.tables import Table, as_plan, knots
from trainer.table import typed, without_gaps

HOUR = "?hour"
SPREAD = 2.0  # of what a network says: it may lie further out than a standard normal does
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
        arrays = self._network(argmax) | self._meaning()
        if FREQUENCIES in made:
            shares = shares_of(self.table, self.columns)
            if len(arrays["condition"]):
                arrays["condition"] = self._condition(shares)
            shift_classes(arrays, self.columns, shares, self.task)
        tables = self._tables() if self.hours or self.kind == "copula-gan" else []
        if self.hours:
            return {**arrays, **self._by_hour(arrays, tables, BY_HOUR in made)}
        return {**arrays, **(as_plan([tables]) if tables else {})}

    @cached_property
    def _spans(self) -> list[inside.Span]:
        by_name = {span.column: span for span in inside.spans(self.synthesizer)}
        return [by_name[column.name] for column in self.columns]

    def _network(self, argmax: bool) -> dict[str, NDArray[Any]]:
        """SDV's layers with our order of outputs, in half precision."""
        *hidden, (weight, bias) = self._layers
        numbers, sizes = self._numbers, [span.size for span in self._spans]
        arrays: dict[str, NDArray[Any]] = {"argmax": np.array([argmax])}
        order = self._order(by_code=not argmax)
        weight, bias = weight[:, order], bias[order]
        if argmax:  # of equal ones SDV takes its own first
            codes = [np.arange(span.size) if span.codes is None else span.codes for span in self._spans]
            arrays["codes"] = np.concatenate(codes).astype("<i4")
        else:
            weight, bias = (np.hstack([a[..., :numbers], relative(a[..., numbers:], sizes)]) for a in (weight, bias))
        for number, (weights, biases) in enumerate([*hidden, (weight, bias)]):
            arrays[f"weight/{number}"], arrays[f"bias/{number}"] = weights.astype("<f2"), biases.astype("<f4")
        return arrays

    def _meaning(self) -> dict[str, NDArray[Any]]:
        """What becomes of the outputs."""
        numbers = [span for span in self._spans if span.codes is None]
        spread = inside.noise(self.synthesizer)
        limits = np.array([inside.limits(self.synthesizer, span.column) for span in numbers]).reshape(-1, 2)
        for span in numbers:
            if float(span.scale.max()) > LARGEST:
                raise RecordingError(
                    f"{span.column}: its numbers are too far apart for {self.kind}; choose gaussian-copula"
                )
        origin, unit = (
            np.repeat(of_all, np.array([span.size for span in numbers], np.intp)) for of_all in self._units(numbers)
        )
        nothing = [np.empty(0)]
        return {
            "kinds": np.array([span.size for span in self._spans], "<i4"),
            "center": (np.concatenate([span.center for span in numbers] or nothing) - origin) / unit,
            "scale": np.concatenate([span.scale for span in numbers] or nothing) / unit,
            "noise": np.zeros(len(numbers)) if spread is None else spread[self._order(True)[: len(numbers)]],
            "low": limits[:, 0].copy(),
            "high": limits[:, 1].copy(),
            "condition": inside.condition(self.synthesizer),
        }

    def _units(self, numbers: list[inside.Span]) -> tuple[Floats, Floats]:
        """What the network's numbers are counted from, and in: where tables follow, as if they were normals."""
        if self.kind == "copula-gan" or not self.hours:
            return np.zeros(len(numbers)), np.ones(len(numbers))
        deviations = np.array([self.table[span.column].std(ddof=0) for span in numbers])
        means = np.array([self.table[span.column].mean() for span in numbers])
        return means, np.where(deviations > 0, deviations, 1.0)

    def _order(self, by_code: bool) -> NDArray[np.intp]:
        """Which of SDV's outputs stands at each place of ours: one a number, then each column's logits."""
        outputs = inside.spans(self.synthesizer)
        widths = [span.size + (span.codes is None) for span in outputs]
        first = dict(zip((span.column for span in outputs), np.cumsum([0, *widths]).tolist(), strict=False))
        values = [first[span.column] for span in self._spans if span.codes is None]
        logits = []
        for span in self._spans:
            places = first[span.column] + (span.codes is None) + np.arange(span.size)
            logits.append(places[np.argsort(span.codes)] if by_code and span.codes is not None else places)
        return np.concatenate([values, *logits]).astype(np.intp)

    @property
    def _numbers(self) -> int:
        return sum(1 for column in self.columns if not column.size)

    @cached_property
    def _layers(self) -> list[Layer]:
        """SDV's layers for noise that is turned; what its batch normalisation comes to takes a while to find out."""
        layers = inside.layers(self.synthesizer, np.random.default_rng(self.task.seed))
        return turned(layers, conditions=len(inside.condition(self.synthesizer)))[0]

    def _tables(self) -> list[Table]:
        """From what the network says to numbers: CopulaGAN's curves; else straight lines."""
        numbers = [span for span in self._spans if span.codes is None]
        tables: list[Table] = []
        for span, origin, unit in zip(numbers, *self._units(numbers), strict=True):
            low, high = inside.limits(self.synthesizer, span.column)
            value = inside.normal_to_number(self.synthesizer, span.column)
            if value is not None:
                tables.append((False, *knots(partial(_clipped, value, low, high), np.empty(0), spread=SPREAD)))
            elif low < high:
                ends = np.array([low, high])
                tables.append((False, (ends - origin) / unit, ends))
            else:
                tables.append((True, np.zeros(1), np.array([low])))
        return tables

    def _by_hour(self, arrays: dict[str, NDArray[Any]], tables: list[Table], matched: bool) -> dict[str, NDArray[Any]]:
        """What differs by the hour of the day; unless matched, nothing but which rows are drawn."""
        codes = self._hours(self._drawn(arrays)[:, -1].astype(int))
        entries = self._entries(codes) if matched else np.full(HOURS, -1)
        by_hour = {"hours": codes.astype("<i4"), "entry": entries.astype("<i4")}
        if matched:
            lean, of_hours = Hourly({**arrays, **by_hour}, self.columns, self.table, self.task).matched()
        else:
            logits = len(arrays[max(name for name in arrays if name.startswith("bias/"))]) - self._numbers
            lean, of_hours = np.zeros((HOURS, logits), "<f4"), [tables] * HOURS
        return {**by_hour, "lean": lean, **as_plan([tables, *of_hours])}

    def _entries(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The condition's entry of each of these codes of the hour; -1 where there is no condition."""
        if not len(inside.condition(self.synthesizer)):
            return np.full(len(codes), -1)
        spans = inside.spans(self.synthesizer)
        entries = [(span.column, code) for span in spans if span.codes is not None for code in span.codes.tolist()]
        return np.array([entries.index((HOUR, code)) for code in codes.tolist()])

    def _condition(self, shares: Mapping[str, Floats]) -> Floats:
        """Each column as often as another, each of its codes as often as recorded."""
        spans = inside.spans(self.synthesizer)
        chances = [shares[span.column][span.codes.astype(int)] for span in spans if span.codes is not None]
        return np.asarray(np.concatenate(chances) / len(chances), np.float64)

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


def _clipped(value: Quantile, low: float, high: float, z: Floats) -> Floats:
    """The number, within its limits: far out, some distributions know none."""
    return np.asarray(np.clip(value(z), low, high), np.float64)
