"""The leaves of a template: what stands at the end of a path in a message.

Every node knows both directions. `render` writes JSON text for a block of readings; `parse` is its
inverse and fills the columns of a table from recorded values, with NaN where a message has none.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, JsonValue, model_validator

from agent.clock import NS_PER_S
from agent.message.numbers import NumberFormat
from agent.message.times import TimeFormat
from agent.reading import Column, Readings
from agent.strict import Strict

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "ABSENT"})()
"""Stands for a key that a message does not have (JSON's null is None)."""
OUTSIDE: Any = type("Outside", (), {"__repr__": lambda _: "OUTSIDE"})()
"""Stands for a value whose surroundings a message does not have: nothing to learn from."""

Limit = Annotated[float, Field(ge=-1e15, le=1e15)]
MAX_LAG_S = 1e9  # some 31 years: keeps every time within the calendar, whatever a bundle says


@dataclass(frozen=True, slots=True)
class Table:
    """Recorded messages as columns, for the trainer.

    Attributes:
        event_ns: Event time of each message, in nanoseconds since 1970 (UTC); zeros where it has none.
        columns: Shape (messages,) each, by name; NaN where a message has no value.
    """

    event_ns: list[int]
    columns: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def fill(self, column: str, values: list[Any], convert: Callable[[Any], float]) -> None:
        """Set a column from recorded values."""
        numbers = [convert(value) if is_value(value) else math.nan for value in values]
        self.columns[column] = np.array(numbers, np.float64)


@dataclass(frozen=True, slots=True)
class Pen:
    """What writing needs besides the readings.

    Attributes:
        key: 64 bits: what is made afresh (identifiers) is a function of this and of the reading's seq.
        zone: Timezone for naive local times; None: at the recording's offset.
        last_ns: Event time of the last reading that leaves together with these; None: each leaves by itself.
    """

    key: int
    zone: tzinfo | None
    last_ns: int | None


def to_json(value: JsonValue) -> str:
    """Compact JSON, as messages are written.

    Raises:
        ValueError: `value` holds NaN or infinity, which JSON has not.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _in_json(value: JsonValue) -> JsonValue:
    to_json(value)
    return value


Value = Annotated[JsonValue, AfterValidator(_in_json)]


class Constant(Strict):
    """The same JSON value in every message."""

    node: Literal["constant"] = "constant"
    value: Value

    @cached_property
    def text(self) -> str:
        return to_json(self.value)

    def columns(self) -> list[Column]:
        return []

    def render(self, readings: Readings, _pen: Pen) -> list[str]:
        return [self.text] * len(readings)

    def parse(self, values: list[Any], table: Table) -> None:
        """A constant fills no column."""


class Number(Strict):
    """A number, in the format of the recording.

    Attributes:
        above: Columns of the numbers below this one, the lowest first: its own column then holds how far it
            is above the last of them, as theirs do.
        strict: It is never equal to the number below it.
        limits: The largest recorded value of each number from the second lowest on, this one's last.
    """

    node: Literal["number"] = "number"
    column: str
    format: NumberFormat
    above: Annotated[list[str], Field(max_length=16)] = Field(default_factory=list)
    strict: bool = False
    limits: Annotated[list[Limit], Field(max_length=16)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_has_a_limit(self) -> "Number":
        if len(self.limits) != len(self.above):
            raise ValueError(f"number {self.column!r}: must have a limit for each number it is above")
        return self

    def columns(self) -> list[Column]:
        integer = self.format.denominator is not None
        return [Column(name=name, integer=integer) for name in (*self.above, self.column)]

    def render(self, readings: Readings, _pen: Pen) -> list[str]:
        values = readings.rows.numbers(self.column)
        if self.above:
            values = self._raised([*(readings.rows.numbers(name) for name in self.above), values])
        return self.format.texts(values)

    def _raised(self, columns: list[list[float]]) -> list[float]:
        """The values above all those below them, each as it is written."""
        lowest, *rises = columns
        values = self.format.rounded(lowest)
        for rise, limit in zip(rises, self.limits, strict=True):
            lower = values
            raised = [min(value + max(step, 0.0), limit) for value, step in zip(lower, rise, strict=True)]
            pairs = zip(lower, self.format.rounded(raised), strict=True)
            values = [value if value > low else self._least(low) for low, value in pairs]
        return values

    def _least(self, lower: float) -> float:
        """The least value that may stand above another."""
        return self.format.rounded([lower + self.format.step(lower)])[0] if self.strict else lower

    def parse(self, values: list[Any], table: Table) -> None:
        table.fill(self.column, values, self.format.column_value)


class Category(Strict):
    """One of a few JSON values, by its code."""

    node: Literal["category"] = "category"
    column: str
    labels: Annotated[list[Value], Field(min_length=1)]

    @cached_property
    def texts(self) -> list[str]:
        return [to_json(label) for label in self.labels]

    def columns(self) -> list[Column]:
        return [Column(name=self.column, size=len(self.labels))]

    def render(self, readings: Readings, _pen: Pen) -> list[str]:
        texts = self.texts
        return [texts[code] for code in readings.rows.codes(self.column)]

    def parse(self, values: list[Any], table: Table) -> None:
        codes = {text: code for code, text in enumerate(self.texts)}
        table.fill(self.column, values, lambda value: codes[to_json(value)])


class EventTime(Strict):
    """When it happened."""

    node: Literal["event-time"] = "event-time"
    format: TimeFormat

    def columns(self) -> list[Column]:
        return []

    def render(self, readings: Readings, pen: Pen) -> list[str]:
        return self.format.texts(readings.event_ns, pen.zone)

    def parse(self, values: list[Any], table: Table) -> None:
        """The event time is no column: arrival and period know when readings come."""


class LagTime(Strict):
    """A time that follows the event (or precedes it) by a lag.

    Attributes:
        lags: Columns of seconds to add to the event time. More than one where this time is later than
            another one in every message: its own lag is then relative to that one, so the order holds.
    """

    node: Literal["lag-time"] = "lag-time"
    lags: Annotated[list[str], Field(min_length=1)]
    format: TimeFormat

    def columns(self) -> list[Column]:
        return [Column(name=lag) for lag in self.lags]

    def render(self, readings: Readings, pen: Pen) -> list[str]:
        lags = zip(*(readings.rows.numbers(lag) for lag in self.lags), strict=True)
        lags_s = [max(-MAX_LAG_S, min(sum(parts), MAX_LAG_S)) for parts in lags]
        times = [event + round(lag_s * NS_PER_S) for event, lag_s in zip(readings.event_ns, lags_s, strict=True)]
        return self.format.texts(times, pen.zone)

    def parse(self, values: list[Any], table: Table) -> None:
        """Fills the lag behind the event; `Template.parse` then makes it relative to the last other time."""
        pairs = zip(values, table.event_ns, strict=True)
        lags = [(self.format.parse(v) - event) / NS_PER_S if is_value(v) else None for v, event in pairs]
        table.fill(self.lags[-1], lags, float)


class ExportTime(Strict):
    """The moment at which messages left for a file or a topic together: one for all, after the last event."""

    node: Literal["export-time"] = "export-time"
    delay_s: Annotated[float, Field(ge=0, le=MAX_LAG_S)]
    format: TimeFormat

    def columns(self) -> list[Column]:
        return []

    def render(self, readings: Readings, pen: Pen) -> list[str]:
        delay_ns = round(self.delay_s * NS_PER_S)
        if pen.last_ns is None:
            return self.format.texts([event_ns + delay_ns for event_ns in readings.event_ns], pen.zone)
        return self.format.texts([pen.last_ns + delay_ns], pen.zone) * len(readings)

    def parse(self, values: list[Any], table: Table) -> None:
        """An export's moment fills no column."""


class Counter(Strict):
    """A whole number that grows by the same step with every message."""

    node: Literal["counter"] = "counter"
    start: Annotated[int, Field(ge=-(2**63), lt=2**63)]
    step: Annotated[int, Field(ge=-(2**31), lt=2**31)]
    quoted: bool = False

    def columns(self) -> list[Column]:
        return []

    def render(self, readings: Readings, _pen: Pen) -> list[str]:
        quote = '"' if self.quoted else ""
        return [f"{quote}{self.start + self.step * seq}{quote}" for seq in readings.seq]

    def parse(self, values: list[Any], table: Table) -> None:
        """A counter follows the sequence number: no column."""


def is_value(value: Any) -> bool:
    """Whether something stands there that can be learnt from."""
    return value is not None and value is not ABSENT and value is not OUTSIDE
