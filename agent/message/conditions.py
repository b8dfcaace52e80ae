"""What messages are to be like: fields by name and their values, as conditions on a row's columns."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.errors import ConditionError
from agent.message.leaves import Category, Number, to_json
from agent.message.numbers import NumberFormat
from agent.message.template import Template
from agent.message.tree import Items, Maybe, Node, Object
from agent.problems import closest

Allowed = dict[str, set[float]]
"""The values that each column may have."""


@dataclass(frozen=True)
class Field:
    """A field that can be asked for: what stands there, and what has to hold so that it does."""

    name: str
    node: Category | Number | Items
    needs: Allowed
    null: Allowed | None = None


def conditions(template: Template, asked: Mapping[str, Any]) -> Allowed:
    """What rows must have so that messages are as asked.

    Args:
        template: Of the messages.
        asked: Value by field. A field is named by its keys joined by dots, or by its last key alone where no
            other has it; a value is a label, a number, null, or, of a list, the kind of an item it holds.

    Raises:
        ConditionError: No field has the name, or the field can never have the value.
    """
    fields = list(_fields(template.message, "", {}))
    allowed: Allowed = {}
    for name, value in asked.items():
        field = _named(name, fields)
        for column, values in _meeting(field, value if isinstance(value, str) else to_json(value)).items():
            allowed[column] = allowed.get(column, values) & values
            if not allowed[column]:
                raise ConditionError(f"{name} = {value}: cannot be together with what else is given")
    return allowed


def _fields(node: Node, name: str, needs: Allowed, null: Allowed | None = None) -> Iterator[Field]:
    match node:
        case Object():
            for key, member in node.members.items():
                yield from _fields(member, f"{name}.{key}".lstrip("."), needs)
        case Maybe():
            codes = {state: {float(code)} for code, state in enumerate(node.states)}
            absent = needs | {node.column: codes["null"]} if "null" in codes else None
            if "value" in codes:
                yield from _fields(node.of, name, needs | {node.column: codes["value"]}, absent)
        case Items():
            yield Field(name, node, needs, null)
            for slot, item in node.slots.items():
                filled = {float(code) for code, slots in enumerate(node.compositions) if slot in slots}
                yield from _fields(item, f"{name}[{slot}]", needs | {node.column: filled})
        case Category() | Number():
            yield Field(name, node, needs, null)
        case _:
            pass


def _named(name: str, fields: list[Field]) -> Field:
    exact = [field for field in fields if field.name == name]
    found = exact or [field for field in fields if field.name.rsplit(".", 1)[-1] == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConditionError(f"{name}: several fields have that name; give one of {_few(f.name for f in found)}")
    known = [field.name for field in fields]
    hint = closest(name, known) or f"known: {_few(known)}"
    raise ConditionError(f"{name}: no field that varies has that name; {hint}")


def _meeting(field: Field, text: str) -> Allowed:
    if text == "null" and field.null is not None:
        return field.null
    return field.needs | {field.node.column: _values(field, text)}


def _values(field: Field, text: str) -> set[float]:
    """The values of the field's column for which it is as `text` says."""
    match field.node:
        case Number(above=[*_, below]):
            raise ConditionError(f"{field.name}: is learnt as how far it is above {below}; ask for another field")
        case Number(format=format_):
            return {_on_grid(field.name, format_, text)}
        case Category(labels=labels):
            texts = {
                str(label) if isinstance(label, str) else to_json(label): code for code, label in enumerate(labels)
            }
            if text not in texts:
                hint = closest(text, texts) or f"known: {_few(texts)}"
                raise ConditionError(f"{field.name} = {text}: is never that; {hint}")
            return {float(texts[text])}
        case Items(compositions=compositions):
            found = {float(code) for code, slots in enumerate(compositions) if any(_is_of(s, text) for s in slots)}
            if not found:
                kinds = sorted({slot.rsplit(" ", 1)[0] for slots in compositions for slot in slots})
                raise ConditionError(f"{field.name} = {text}: never holds that; known: {_few(kinds)}")
            return found


def _on_grid(name: str, format_: NumberFormat, text: str) -> float:
    """What the column holds for a number, if that is how the sensor writes it."""
    try:
        value = format_.column_value(float(text))
    except (ValueError, OverflowError):
        raise ConditionError(f"{name} = {text}: must be a number") from None
    written = format_.texts([value])[0].strip('"')
    if not math.isclose(float(written), float(text), rel_tol=1e-6, abs_tol=1e-9):
        raise ConditionError(f"{name} = {text}: is never exactly that; the nearest is {written}")
    return value


def _is_of(slot: str, kind: str) -> bool:
    return kind in (slot, slot.rsplit(" ", 1)[0])


def _few(names: Any) -> str:
    listed = list(names)
    return ", ".join(listed[:8]) + (", …" if len(listed) > 8 else "")
