"""Whether a field of a recording can be what a schema says it is."""

import json
from itertools import pairwise
from typing import Any

from agent.errors import RecordingError
from agent.message.boxes import Order, coordinates
from agent.message.identifiers import LONGEST
from agent.message.times import TimeFormat
from trainer.learn import times as t
from trainer.learn.numbers import NUMERIC
from trainer.learn.values import LARGEST, ORDERS, falls, is_proper, short, type_of
from trainer.schema import Field


def refuse_unfit(given: Field, present: list[Any]) -> None:
    """Raise RecordingError if a field cannot be what the schema says it is."""
    if not present and given.kind not in ("constant", "category"):
        raise RecordingError(
            f"schema: {given.path} cannot be {given.kind}: it has no values; leave it out of the schema"
        )
    for value in present:
        if not _fits(given, value):
            raise RecordingError(
                f"schema: {given.path} cannot be {given.kind}: {short(value)} is not; correct its kind"
            )
    if given.kind.endswith("-time") and not given.time and not t.guess_time("time", present):
        raise RecordingError(f"schema: {given.path} cannot be {given.kind}: no format of times fits; give its pattern")
    if given.kind == "counter" and len({b - a for a, b in pairwise(present)}) != 1:
        raise RecordingError(f"schema: {given.path} cannot be counter: its steps are not all alike; correct its kind")
    if given.kind == "box" and present and not any(is_proper(present, order) for order in _orders(given)):
        raise RecordingError(f"schema: {given.path}: boxes are not written in the order {given.order or 'of any kind'}")


def refuse_unfit_list(given: Field | None, lists: list[list[Any]], items: list[Any]) -> None:
    """Raise RecordingError if a list's items cannot be told apart or sorted as the schema says."""
    if given is None:
        return
    if given.kind_key is not None and not all(isinstance(i, dict) and given.kind_key in i for i in items):
        raise RecordingError(f"schema: {given.path}: kind_key {given.kind_key!r} is missing from some items")
    if given.sorted_by is not None and not falls(lists, given.sorted_by):
        raise RecordingError(f"schema: {given.path}: items do not fall by numbers at {given.sorted_by!r} (sorted_by)")


def _fits(given: Field, value: Any) -> bool:
    """Whether one value can be read as the schema says."""
    kind, whole = type_of(value), isinstance(value, int) and not isinstance(value, bool)
    match given.kind:
        case "number":
            number = (kind == "number" or _is_numeric(value)) and abs(float(value)) <= LARGEST
            return number and _is_written_so(given, value)
        case "counter":
            return whole
        case "list":
            return kind == "list"
        case "box":
            return coordinates(value) is not None
        case "identifier":
            return (whole and given.personal is None) or (kind == "string" and len(value) <= LONGEST // 2)
        case _:
            return kind in ("string", "number") and (given.time is None or _is_time(given.time, value))


def _is_time(format_: TimeFormat, value: Any) -> bool:
    try:
        format_.parse(value)
    except ValueError:
        return False
    return format_.quoted == isinstance(value, str)


def _is_written_so(given: Field, value: Any) -> bool:
    """Whether the format that a schema gives writes JSON of the recorded type."""
    if given.number is None:
        return True
    text = given.number.texts([given.number.column_value(value)])[0]
    return type(json.loads(text)) is type(value)


def _is_numeric(value: Any) -> bool:
    return isinstance(value, str) and bool(NUMERIC.fullmatch(value))


def _orders(given: Field) -> tuple[Order, ...]:
    return (given.order,) if given.order else ORDERS
