"""Declared fields: each becomes a node of the template, and the columns that it needs."""

import re
from typing import Any

from agent.message.boxes import Box
from agent.message.identifiers import Identifier, uuid_runs
from agent.message.leaves import Constant, Counter, EventTime, ExportTime, LagTime
from agent.message.numbers import NumberFormat
from agent.message.times import EPOCHS_NS, TimeFormat
from agent.message.tree import Maybe, Node
from agent.problems import closest
from agent.reading import Column
from trainer.declare import spec
from trainer.declare.choices import Choices, choice_node
from trainer.declare.columns import Columns
from trainer.declare.numbers import Numbers, number_node
from trainer.declare.patterns import text_of
from trainer.declare.problems import Problems
from trainer.declare.tables import weights_table
from trainer.paths import Path, join

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_LONGEST_LAG_S = 1e9
_LEAST_SIZE = 1e-4  # of a box whose coordinates are shares of the frame


def read_field(name: str, table: Any, place: str, problems: Problems) -> spec.AnyField | None:
    """A field's table as its type says; None where anything in it is wrong."""
    if not _NAME.fullmatch(name):
        problems.append(f"{place}: a name has up to 100 letters, digits, - and _, and begins with a letter or _")
        return None
    kind = table.get("type") if isinstance(table, dict) else None
    if not isinstance(kind, str) or kind not in spec.FIELDS:
        hint = (closest(kind, spec.FIELDS) if isinstance(kind, str) else "") or f"known: {', '.join(spec.FIELDS)}"
        said = f" = {kind[:80]!r}: no such type" if isinstance(kind, str) else ": must be a type's name"
        problems.append(f"{place} type{said}; {hint}")
        return None
    return problems.read(place, table, spec.FIELDS[kind])


class Fields:
    """Makes nodes.

    Args:
        columns: Takes what they need.
        numbers: Makes the columns of numbers.
        choices: Makes those of categories.
        problems: Takes what is wrong.
    """

    def __init__(self, columns: Columns, numbers: Numbers, choices: Choices, problems: Problems) -> None:
        self.columns, self.problems = columns, problems
        self._numbers, self._choices = numbers, choices

    def node(self, field: spec.AnyField, path: Path, place: str) -> Node | None:
        """The node of a field, null or missing as often as it says; None where it cannot be.

        Args:
            field: Of any type but a list.
            path: Its columns' name.
            place: Where it stands in the specification.
        """
        with self.problems.at(place):
            return self.maybe(field, self._leaf(field, path, place), path, place)
        return None

    def maybe(self, field: spec.Absent, node: Node, path: Path, place: str) -> Node:
        """`node`, where the field is not null or missing."""
        shares = {"value": 1 - field.null - field.missing, "null": field.null, "missing": field.missing}
        if shares["value"] < -1e-9:
            raise ValueError("null and missing add up to more than 1")
        there = {state: share for state, share in shares.items() if state == "value" or share > 0}
        if len(there) < 2:
            return node
        made = Maybe.model_validate({"column": f"{join(path)}?", "states": list(there), "of": node})
        self.columns.add(
            Column(name=made.column, size=len(there)), weights_table([max(s, 0.0) for s in there.values()])
        )
        return made

    def _leaf(self, field: spec.AnyField, path: Path, place: str) -> Node:
        name = join(path)
        match field:
            case spec.Float() | spec.Integer():
                number = number_node(field, name)
                self._numbers.add(field, number.columns()[0], place)
                return number
            case spec.Category() | spec.Boolean():
                choice = choice_node(field, name, place, self.problems)
                self._choices.add(field, choice.columns()[0], place)
                return choice
            case spec.Timestamp():
                return self._time(field, name, place)
            case spec.Box():
                return self._box(field, name, place)
            case _:
                return _without_columns(field)

    def _time(self, field: spec.Timestamp, name: str, place: str) -> Node:
        format_ = TimeFormat(pattern=field.format, quoted=field.format not in EPOCHS_NS, local=field.local)
        if field.lag is not None and field.export_delay_s is not None:
            raise ValueError("lag and export_delay_s: cannot be together; say one of them")
        if field.export_delay_s is not None:
            return ExportTime(delay_s=field.export_delay_s, format=format_)
        if field.lag is None:
            return EventTime(format=format_)
        lag = LagTime(lags=[name], format=format_)
        table = self._numbers.table(field.lag, f"{place} lag", None, -_LONGEST_LAG_S, _LONGEST_LAG_S)
        self.columns.add(lag.columns()[0], table)
        return lag

    def _box(self, field: spec.Box, name: str, place: str) -> Node:
        if field.frame is None and field.decimals == 0:
            raise ValueError("decimals = 0: coordinates that are shares of the frame need some; or give the frame")
        whole = field.frame is not None or field.decimals is not None
        unit = 10 ** (field.decimals or 0) if whole else None
        width, height = field.frame or (1, 1)
        format_ = NumberFormat(denominator=unit, whole=unit == 1)
        box = Box(
            column=name,
            order=field.order,
            format=format_,
            limits=(height * (unit or 1), width * (unit or 1)),
            quoted=field.quoted,
        )
        least = 1 / unit if unit else _LEAST_SIZE
        parts = {
            "y": (field.y, 0.0, height - least),
            "x": (field.x, 0.0, width - least),
            "height": (field.height, least, float(height)),
            "width": (field.width, least, float(width)),
        }
        for column, (part, (family, low, high)) in zip(box.columns(), parts.items(), strict=True):
            self.columns.add(column, self._numbers.table(family, f"{place} {part}", unit, low, high))
        return box


def _without_columns(field: spec.Text | spec.Uuid | spec.Counter | spec.Constant | spec.List) -> Node:
    match field:
        case spec.Text():
            return text_of(field.pattern)
        case spec.Uuid():
            return Identifier(runs=uuid_runs())
        case spec.Counter():
            return Counter(start=field.start - field.step, step=field.step)  # the first message has seq 1
        case spec.Constant():
            return Constant(value=field.value)
        case spec.List():
            raise ValueError("a list cannot stand within a list")
