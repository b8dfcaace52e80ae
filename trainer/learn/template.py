"""From a schema and messages to a template: what is learnt of each field is how it is written."""

from typing import Any

import numpy as np
from pydantic import ValidationError

from agent.clock import NS_PER_S
from agent.errors import RecordingError
from agent.message.boxes import Box, box_corners
from agent.message.leaves import (
    ABSENT,
    OUTSIDE,
    Category,
    Constant,
    Counter,
    EventTime,
    ExportTime,
    LagTime,
    Number,
    is_value,
    to_json,
)
from agent.message.template import Template
from agent.message.tree import Items, Maybe, Node, Object, Slot, slots_of, state_of
from trainer.learn.constraints import rules_of
from trainer.learn.identifiers import replacements, shape_of
from trainer.learn.infer import Findings
from trainer.learn.numbers import guess_number
from trainer.learn.values import merged_keys
from trainer.paths import EVERY, Path, join, replace_at, split, values_at
from trainer.schema import Field, Schema


def replace_identifiers(messages: list[Any], findings: Findings, rng: np.random.Generator) -> list[Any]:
    """Messages in which every identifier and personal value is a made-up one."""
    for field in findings.schema.of_kind("identifier"):
        path = findings.paths[field.path]
        recorded = [v for message in messages for v in values_at(message, path) if is_value(v)]
        made_up = replacements(recorded, field.personal, rng)
        messages = [replace_at(message, path, made_up) for message in messages]
    return messages


def learn_template(messages: list[Any], schema: Schema) -> Template:
    """The template of messages whose identifiers are made up already."""
    try:
        return Template(message=_Learning(schema, messages).node((), (), list(messages)))
    except ValidationError as error:  # what the agent would refuse; each known case has an error of its own
        first = error.errors()[0]
        raise RecordingError(f"{first['msg']}; correct the schema (inspect --write-schema)") from error


class _Learning:
    def __init__(self, schema: Schema, messages: list[Any]) -> None:
        self.rules = rules_of(schema, messages)
        self.fields = schema.by_path() | self.rules.fields
        self.presence: dict[tuple[str | None, ...], str] = {}
        self.times: dict[str, list[int | None]] = {}
        self.event_ns = self._event_times(messages)
        self.chains: dict[str, list[str]] = {}
        self._chain_lags(messages)

    def node(self, path: Path, name: Path, values: list[Any]) -> Node:
        """The node of one path. `path` is the schema's, `name` the columns' (they differ within lists)."""
        known = [value for value in values if value is not OUTSIDE]
        states = [s for s in ("value", "null", "missing") if s in {state_of(value) for value in known}]
        node = self._of_values(path, name, values) if "value" in states else Constant(value=None)
        if len(states) < 2:
            return node
        pattern = tuple(None if value is OUTSIDE else state_of(value) for value in values)
        column = self.presence.setdefault(pattern, f"{join(name)}?")
        return Maybe(column=column, states=states, of=node)

    def _of_values(self, path: Path, name: Path, values: list[Any]) -> Node:
        present = [value for value in values if is_value(value)]
        field = self.fields.get(join(path))
        if field is not None and field.kind == "list":
            return self._items(field, path, name, values)
        if field is not None:
            return self._leaf(field, join(name), values, present)
        members = {
            key: self.node(
                (*path, key),
                (*name, key),
                [value.get(key, ABSENT) if isinstance(value, dict) else OUTSIDE for value in values],
            )
            for key in merged_keys(present)
        }
        return Object(members=members)

    def _items(self, field: Field, path: Path, name: Path, values: list[Any]) -> Node:
        filled = [slots_of(value, field.kind_key) if isinstance(value, list) else None for value in values]
        names = sorted({slot for slots in filled if slots for slot in slots})
        slots = {
            slot: self.node(
                (*path, EVERY),
                (*name, Slot(slot)),
                [OUTSIDE if row is None else row.get(slot, OUTSIDE) for row in filled],
            )
            for slot in names
        }
        made = [tuple(row if field.sorted_by is None else sorted(row)) for row in filled if row is not None]
        compositions = [list(composition) for composition in sorted(set(made), key=lambda c: (len(c), c))]
        return Items(
            column=join(name),
            compositions=compositions,
            slots=slots,
            kind_key=field.kind_key,
            sorted_by=field.sorted_by,
        )

    def _leaf(self, field: Field, column: str, values: list[Any], present: list[Any]) -> Node:
        if field.kind.endswith("-time"):
            return self._time(field, column)
        if field.kind == "identifier" and len(set(present)) > len(present) / 2 and not field.personal:
            return shape_of(present)
        ordered = field.path in self.rules.values  # a number below or above others is a column, even if it never varies
        if not ordered and all(to_json(value) == to_json(present[0]) for value in present):
            return Constant(value=present[0])
        if field.kind == "constant":
            raise RecordingError(
                f"{field.path}: given as constant, but has {len(set(map(to_json, present)))} values; correct its kind"
            )
        return self._varied(field, column, values, present)

    def _varied(self, field: Field, column: str, values: list[Any], present: list[Any]) -> Node:
        if field.kind == "number":
            return self._number(field, column, present)
        if field.kind == "box":
            return self._box(field, column, values, present)
        if field.kind == "counter":
            return Counter(start=max(present[0], present[-1]), step=abs(present[1] - present[0]))
        return Category(column=column, labels=_labels(present))

    def _number(self, field: Field, column: str, present: list[Any]) -> Number:
        format_ = field.number or guess_number(present)
        above, strict = self.rules.above.get(field.path, []), field.path in self.rules.strict
        limits = [max(map(format_.column_value, self.rules.values[path])) for path in (*above, field.path)[1:]]
        return Number(column=column, format=format_, above=above, strict=strict, limits=limits)

    def _box(self, field: Field, column: str, values: list[Any], present: list[Any]) -> Box:
        assert field.order is not None
        assert field.number is not None
        corners = box_corners(values, field.order, field.number)
        text = present[0] if isinstance(present[0], str) else None
        return Box(
            column=column,
            order=field.order,
            format=field.number,
            limits=(float(np.nanmax(corners[2])), float(np.nanmax(corners[3]))),
            quoted=text is not None,
            separator=", " if text is not None and ", " in text else ",",
        )

    def _time(self, field: Field, column: str) -> Node:
        assert field.time is not None
        if field.kind == "event-time":
            return EventTime(format=field.time)
        if field.kind == "export-time":
            first = min(time for time in self.times[field.path] if time is not None)
            return ExportTime(delay_s=max(0.0, (first - max(self.event_ns)) / NS_PER_S), format=field.time)
        return LagTime(lags=self.chains.get(field.path, [column]), format=field.time)

    def _event_times(self, messages: list[Any]) -> list[int]:
        for field in self.fields.values():
            if field.time is not None and EVERY not in split(field.path):
                found = [values_at(message, split(field.path)) for message in messages]
                self.times[field.path] = [field.time.parse(v[0]) if v and is_value(v[0]) else None for v in found]
        event = next((f.path for f in self.fields.values() if f.kind == "event-time"), None)
        times = self.times.get(event or "", [0] * len(messages))
        return [time or 0 for time in times]

    def _chain_lags(self, messages: list[Any]) -> None:
        """Where one time is later than another in every message, its lag counts from that one.

        Of several, the one it follows most closely: two stages of one hub agree to the second while both
        wander against the device's clock.
        """
        lagging = {
            f.path: self.times[f.path] for f in self.fields.values() if f.kind == "lag-time" and f.path in self.times
        }
        complete = {path: np.array(times, np.float64) for path, times in lagging.items() if None not in times}
        event = np.array(self.event_ns, np.float64)
        for path in sorted(complete, key=lambda p: float(np.median(complete[p] - event))):
            gaps = {other: complete[path] - complete[other] for other in self.chains}
            earlier = [other for other, gap in gaps.items() if gap.min() >= 0]
            before = min(earlier, key=lambda other: float(np.std(gaps[other])), default=None)
            self.chains[path] = [*(self.chains[before] if before else []), path]


def _labels(present: list[Any]) -> list[Any]:
    """The different values, numbers in their order and others by name."""
    distinct = {to_json(value): value for value in present}
    numeric = all(isinstance(value, int | float) for value in present)
    return [distinct[text] for text in sorted(distinct, key=(lambda x: (float(distinct[x]), x)) if numeric else str)]
