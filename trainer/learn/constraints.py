"""Rules between fields that every message keeps: checked in the recording, then built into the template.

Nothing is left to chance: a number that is above another is learnt as its distance from it, a number in
fixed increments as how many, and of fields that stand in fixed combinations only recorded ones are drawn.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from agent.errors import RecordingError
from agent.message.leaves import is_value, to_json
from agent.message.numbers import NumberFormat
from trainer.learn.numbers import guess_number
from trainer.paths import EVERY, split, values_at
from trainer.schema import Constraint, Field, Schema

MOST_COMBINATIONS = 1000
COMBINED = ("category", "number", "constant")  # kinds of fields that may stand in combinations


@dataclass
class Rules:
    """What the constraints of a schema come to.

    Attributes:
        fields: Fields that they change.
        above: For a number's path, the paths below it, the lowest first.
        strict: Paths of numbers that are never equal to the one below.
        values: Recorded values by path, of numbers in an order.
        together: Paths of fields of which only recorded combinations occur.
    """

    fields: dict[str, Field] = field(default_factory=dict)
    above: dict[str, list[str]] = field(default_factory=dict)
    strict: set[str] = field(default_factory=set)
    values: dict[str, list[Any]] = field(default_factory=dict)
    together: list[list[str]] = field(default_factory=list)


def rules_of(schema: Schema, messages: list[Any]) -> Rules:
    """The rules of a schema.

    Raises:
        RecordingError: A constraint names a field that cannot have it, or does not hold in a message.
    """
    rules, fields = Rules(), schema.by_path()
    for constraint in schema.constraint:
        for path in constraint.fields:
            if path not in fields or EVERY in split(path):
                raise RecordingError(f"schema: {constraint.kind}: there is no field {path!r} outside of lists")
            fields[path] = rules.fields.get(path, fields[path])
        columns = [[_one(message, path) for message in messages] for path in constraint.fields]
        named = [fields[path] for path in constraint.fields]
        match constraint.kind:
            case "inequality" | "range":
                _order(rules, constraint, named, columns)
            case "fixed-increments":
                _increments(rules, constraint, named[0], columns[0])
            case "one-hot":
                _one_hot(constraint, columns)
                _combine(rules, constraint, named, columns)
            case "fixed-combinations":
                _combine(rules, constraint, named, columns)
    return rules


def _order(rules: Rules, constraint: Constraint, fields: list[Field], columns: list[list[Any]]) -> None:
    if len(fields) < 2 or any(each.kind != "number" for each in fields):
        raise _refused(constraint, "needs two numbers or more")
    if any(each.path in rules.values for each in fields):
        raise _refused(constraint, "a field stands in another order already; join both constraints into one range")
    for lower, upper, below, above in zip(fields, fields[1:], columns, columns[1:], strict=False):
        for place, (low, high) in enumerate(zip(below, above, strict=True), start=1):
            known = is_value(low) and is_value(high)
            if known and not (float(low) < float(high) if constraint.strict else float(low) <= float(high)):
                problem = f"does not hold in message {place}, where {lower.path} is {low} and {upper.path} {high}"
                hint = "; where they may be equal, say strict = false" if float(low) == float(high) else ""
                raise _refused(constraint, problem + hint)
    for each in _on_one_grid(fields, [value for values in columns for value in values if is_value(value)]):
        rules.fields[each.path] = each
    rules.values |= {each.path: list(filter(is_value, c)) for each, c in zip(fields, columns, strict=True)}
    for place, upper in enumerate(fields[1:], start=1):
        rules.above[upper.path] = [lower.path for lower in fields[:place]]
        rules.strict |= {upper.path} if constraint.strict else set()


def _on_one_grid(fields: list[Field], values: list[Any]) -> list[Field]:
    """Numbers whose columns hold the same unit; how each is written stays."""
    formats = [each.number or NumberFormat() for each in fields]
    if len({(number.denominator, number.increment) for number in formats}) == 1:
        return fields
    if any(number.increment > 1 for number in formats):
        raise RecordingError(
            f"schema: {', '.join(each.path for each in fields)}: must have the same increments, or none"
        )
    grid = {"denominator": guess_number(values).denominator, "increment": 1}
    return [
        each.model_copy(update={"number": number.model_copy(update=grid)})
        for each, number in zip(fields, formats, strict=True)
    ]


def _increments(rules: Rules, constraint: Constraint, field_: Field, values: list[Any]) -> None:
    if constraint.step is None or field_.kind not in ("number", "category"):
        raise _refused(constraint, "needs a number, and its step")
    if field_.path in rules.values:
        raise _refused(constraint, "stands in an order already; give the increments before the order")
    step = Fraction(str(constraint.step))
    for place, value in enumerate(values, start=1):
        if is_value(value) and Fraction(str(value)) % step:
            raise _refused(constraint, f"does not hold in message {place}: {value} is no multiple of {constraint.step}")
    present = [value for value in values if is_value(value)]
    number = field_.number or guess_number(present)
    update = {"denominator": step.denominator, "increment": step.numerator}
    written = {"decimals": None} if not number.decimals else {}
    changed = number.model_copy(update=update | written | ({} if step.denominator > 1 else {"whole": _whole(present)}))
    rules.fields[field_.path] = field_.model_copy(update={"kind": "number", "number": changed})


def _whole(present: list[Any]) -> bool:
    return all("." not in str(value) for value in present)


def _one_hot(constraint: Constraint, columns: list[list[Any]]) -> None:
    for place, values in enumerate(zip(*columns, strict=True), start=1):
        if sorted(map(float, (v for v in values if is_value(v)))) != [0.0] * (len(values) - 1) + [1.0]:
            raise _refused(constraint, f"does not hold in message {place}: exactly one must be 1, the others 0")


def _combine(rules: Rules, constraint: Constraint, fields: list[Field], columns: list[list[Any]]) -> None:
    if len(constraint.fields) < 2:
        raise _refused(constraint, "needs two fields or more")
    odd = next((f for f in fields if f.kind not in COMBINED), None)
    if odd is not None or any(f.path in rules.values for f in fields):
        raise _refused(constraint, "needs categories, numbers that stand in no other constraint, or constants")
    found = {tuple(to_json(v) if is_value(v) else "" for v in values) for values in zip(*columns, strict=True)}
    if len(found) > MOST_COMBINATIONS:
        raise _refused(constraint, f"there are {len(found)} combinations, at most {MOST_COMBINATIONS} can be fixed")
    rules.fields |= {path: Field(path=path, kind="category") for path in constraint.fields}
    rules.together.append(list(constraint.fields))


def _one(message: Any, path: str) -> Any:
    return next(iter(values_at(message, split(path))), None)


def _refused(constraint: Constraint, problem: str) -> RecordingError:
    return RecordingError(f"schema: {constraint.kind} of {', '.join(constraint.fields)}: {problem}")
