"""CTGAN, CopulaGAN and TVAE: fitted by SDV, exported as a network and what its outputs mean."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.models.network import Network
from agent.models.neural import NeuralSampler
from agent.models.sampler import HOURS
from agent.models.spans import Spans
from agent.reading import Column
from trainer.corrections import FREQUENCIES, SAMPLED
from trainer.inside import gan as inside
from trainer.inside.common import Quantile
from trainer.inside.common import sample as sdv_sample
from trainer.models.fitted import Arrays, Task
from trainer.models.layers import Layer, relative, turned
from trainer.models.tables import Table, as_arrays, knots
from trainer.table import typed, without_gaps

HOUR = "?hour"
SHIFTS, SHIFT_ROWS = 12, 20_000  # rounds of drawing rows and shifting logits
ARGMAX_SHIFTS = 24
SPREAD = 2.0  # of what a network says: it may lie further out than a standard normal does
OFTEN = 0.01  # share of rows: to wait for an hour that is drawn less often would take the agent too long
SLIGHT = 0.5 / SHIFT_ROWS  # share of a class that was not drawn at all

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
        """The bundle's arrays; see `agent.models.neural` for what they mean."""
        made = self.corrections if corrected else ()
        argmax = self.kind == "tvae" and SAMPLED not in made
        arrays = self._network(argmax) | self._meaning() | {"argmax": np.array([argmax])}
        if FREQUENCIES in made:
            arrays["condition"] = self._true_condition(arrays["condition"])
            self._shift(arrays)
        return arrays | (self._hours(self._drawn(arrays)[:, -1].astype(int)) if self.hours else {})

    @cached_property
    def _spans(self) -> list[inside.Span]:
        by_name = {span.column: span for span in inside.spans(self.synthesizer)}
        return [by_name[column.name] for column in self.columns]

    def _network(self, argmax: bool) -> dict[str, NDArray[Any]]:
        """SDV's layers with our order of outputs, in half precision."""
        *hidden, (weight, bias) = self._layers
        order, numbers = _order(inside.spans(self.synthesizer), self._spans), self._numbers
        sizes = [span.size for span in self._spans]
        weight, bias = weight[:, order], bias[order]
        if not argmax:
            weight, bias = (np.hstack([a[..., :numbers], relative(a[..., numbers:], sizes)]) for a in (weight, bias))
        arrays: dict[str, NDArray[Any]] = {}
        for number, (weights, biases) in enumerate([*hidden, (weight, bias)]):
            arrays[f"weight/{number}"], arrays[f"bias/{number}"] = weights.astype("<f2"), biases.astype("<f4")
        return arrays

    def _meaning(self) -> dict[str, NDArray[Any]]:
        """What becomes of the outputs."""
        numbers = [span for span in self._spans if span.codes is None]
        order = _order(inside.spans(self.synthesizer), self._spans)
        spread = inside.noise(self.synthesizer)
        limits = np.array([inside.limits(self.synthesizer, span.column) for span in numbers]).reshape(-1, 2)
        nothing = [np.empty(0)]
        return {
            "kinds": np.array([span.size for span in self._spans], "<i4"),
            "center": np.concatenate([span.center for span in numbers] or nothing),
            "scale": np.concatenate([span.scale for span in numbers] or nothing),
            "noise": np.zeros(len(numbers)) if spread is None else spread[order[: len(numbers)]],
            "low": limits[:, 0].copy(),
            "high": limits[:, 1].copy(),
            "condition": inside.condition(self.synthesizer),
        } | self._tables(numbers)

    @property
    def _numbers(self) -> int:
        return sum(1 for column in self.columns if not column.size)

    @cached_property
    def _layers(self) -> list[Layer]:
        """SDV's layers for noise that is turned; what its batch normalisation comes to takes a while to find out."""
        layers = inside.layers(self.synthesizer, np.random.default_rng(self.task.seed))
        return turned(layers, conditions=len(inside.condition(self.synthesizer)))[0]

    def _tables(self, numbers: list[inside.Span]) -> dict[str, NDArray[Any]]:
        """CopulaGAN's tables from what the network says to numbers."""
        tables: list[Table] = []
        for span in numbers:
            value = inside.normal_to_number(self.synthesizer, span.column)
            if value is None:
                return {}
            low, high = inside.limits(self.synthesizer, span.column)
            tables.append((False, *knots(partial(_clipped, value, low, high), np.empty(0), spread=SPREAD)))
        return as_arrays(tables)

    def _hours(self, drawn: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """For each hour of the day the code of the nearest one that is drawn often enough to wait for.

        Args:
            drawn: Codes of the hours of rows as the agent draws them.
        """
        recorded = np.unique(np.asarray(self.task.hours))
        shares = np.bincount(drawn, minlength=len(recorded)) / len(drawn)
        codes = np.flatnonzero(shares >= min(OFTEN, shares.max()))
        distance = np.abs((recorded[codes][None] - np.arange(HOURS)[:, None] + HOURS // 2) % HOURS - HOURS // 2)
        return {"hours": codes[distance.argmin(axis=1)].astype("<i4")}

    def _shares(self) -> dict[str, Floats]:
        """The recorded share of each code of each category."""
        counts = {c.name: np.bincount(self.table[c.name].astype(int), minlength=c.size) for c in self.columns if c.size}
        return {name: count / count.sum() for name, count in counts.items()}

    def _true_condition(self, condition: Floats) -> Floats:
        """Each column as often as another, each of its codes as often as recorded."""
        if not len(condition):
            return condition
        shares, spans = self._shares(), inside.spans(self.synthesizer)
        chances = [shares[span.column][span.codes.astype(int)] for span in spans if span.codes is not None]
        return np.asarray(np.concatenate(chances) / len(chances), np.float64)

    def _shift(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Shift the logits of the classes until each is drawn as often as it was recorded.

        Where the largest logit wins, a shift may do anything: each class then has a pace of its own, halved
        when the shift turns back. Source: Riedmiller, Braun, "The RPROP Algorithm" (1993).
        """
        name, argmax = max(name for name in arrays if name.startswith("bias/")), bool(arrays["argmax"][0])
        sizes = arrays["kinds"].tolist()
        pace = np.full(sum(sizes), 0.25 if argmax else 1.0)
        before = np.zeros_like(pace)
        for _ in range(ARGMAX_SHIFTS if argmax else SHIFTS):
            wanted = self._wanted(self._drawn(arrays), sizes)
            if argmax:
                pace, before = pace * np.where(wanted * before < 0, 0.5, 1.2), wanted
            shift = np.clip(wanted, -2, 2) * pace
            bias = arrays[name].copy()
            bias[self._numbers :] += (shift if argmax else relative(shift, sizes)).astype("<f4")
            arrays[name] = bias

    def _wanted(self, rows: Floats, sizes: list[int]) -> Floats:
        """The logarithm of how many times as often each logit's class should come; 0 for numbers."""
        shares, found = self._shares(), []
        for place, (column, size) in enumerate(zip(self.columns, sizes, strict=True)):
            drawn = np.bincount(rows[:, place].astype(int), minlength=size) / SHIFT_ROWS if column.size else None
            wanted = np.zeros(size) if drawn is None else np.log((shares[column.name] + SLIGHT) / (drawn + SLIGHT))
            found.append(wanted)
        return np.concatenate(found)

    def _drawn(self, arrays: Arrays) -> Floats:
        """Rows of all modelled columns, the hour among them."""
        layers = range(sum(1 for name in arrays if name.startswith("bias/")))
        weights = [arrays[f"weight/{layer}"].astype(np.float32) for layer in layers]
        network = Network(weights, [arrays[f"bias/{layer}"] for layer in layers], len(arrays["condition"]))
        numbers = [place for place, column in enumerate(self.columns) if not column.size]
        whole = {"whole": np.zeros(len(numbers))}
        spans = Spans(arrays["kinds"].tolist(), numbers, {**arrays, **whole}, bool(arrays["argmax"][0]))
        sampler = NeuralSampler(network, spans, arrays["condition"], [])
        return sampler.draw(SHIFT_ROWS, np.random.default_rng(self.task.seed))


def _order(outputs: list[inside.Span], spans: list[inside.Span]) -> NDArray[np.intp]:
    """Which of SDV's outputs stands at each place of ours: one a number, then each column's logits by code."""
    widths = [span.size + (span.codes is None) for span in outputs]
    first = dict(zip((span.column for span in outputs), np.cumsum([0, *widths]).tolist(), strict=False))
    values = [first[span.column] for span in spans if span.codes is None]
    logits = [
        first[span.column] + (1 + np.arange(span.size) if span.codes is None else np.argsort(span.codes))
        for span in spans
    ]
    return np.concatenate([values, *logits]).astype(np.intp)


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
