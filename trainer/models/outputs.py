"""A fitted network's layers, and what becomes of its outputs, as a bundle has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.errors import RecordingError
from agent.models.bundle import LARGEST
from agent.reading import Column
from trainer.inside import gan as inside
from trainer.inside.common import Quantile
from trainer.models.layers import Layer, relative, turned
from trainer.models.tables import Table, knots

SPREAD = 2.0  # of what a network says: it may lie further out than a standard normal does

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outputs:
    """What SDV's network says, column by column.

    Attributes:
        kind: A key of `inside.SYNTHESIZERS`.
        synthesizer: SDV's, fitted.
        columns: That it models, the hour of the day last where `hours`.
        table: What it learnt.
        hours: Whether the bundle's rows differ by the hour of the day.
        seed: For what its batch normalisation comes to.
    """

    kind: str
    synthesizer: Any
    columns: list[Column]
    table: pd.DataFrame
    hours: bool
    seed: int

    def network(self, argmax: bool) -> dict[str, NDArray[Any]]:
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

    def meaning(self) -> dict[str, NDArray[Any]]:
        """What becomes of the outputs.

        Raises:
            RecordingError: Numbers lie so far apart that the agent would refuse the bundle.
        """
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

    def tables(self) -> list[Table]:
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

    def true_condition(self, shares: Mapping[str, Floats]) -> Floats:
        """Each column as often as another, each of its codes as often as recorded."""
        spans = inside.spans(self.synthesizer)
        chances = [shares[span.column][span.codes.astype(int)] for span in spans if span.codes is not None]
        return np.asarray(np.concatenate(chances) / len(chances), np.float64)

    def entries(self, column: str, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The condition's entry of each of these codes of a column; -1 where there is no condition."""
        if not len(inside.condition(self.synthesizer)):
            return np.full(len(codes), -1)
        spans = inside.spans(self.synthesizer)
        entries = [(span.column, code) for span in spans if span.codes is not None for code in span.codes.tolist()]
        return np.array([entries.index((column, code)) for code in codes.tolist()])

    @cached_property
    def _spans(self) -> list[inside.Span]:
        by_name = {span.column: span for span in inside.spans(self.synthesizer)}
        return [by_name[column.name] for column in self.columns]

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
        layers = inside.layers(self.synthesizer, np.random.default_rng(self.seed))
        return turned(layers, conditions=len(inside.condition(self.synthesizer)))[0]


def _clipped(value: Quantile, low: float, high: float, z: Floats) -> Floats:
    """The number, within its limits: far out, some distributions know none."""
    return np.asarray(np.clip(value(z), low, high), np.float64)
