"""Turning what is wrong with a file into one message: key, value, remedy, for every problem at once."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

_PLAIN = {
    "path_type": "must be a path, as text",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_too_short": "must not be empty",
    "tuple_type": "must be a list",
}
_SHOWN = 80  # characters of a wrong value


def listed(where: str, problems: Sequence[str]) -> str:
    """One message of all problems in a place."""
    if len(problems) == 1:
        return f"{where}: {problems[0]}"
    return f"{where}: {len(problems)} problems\n" + "\n".join(f"  {problem}" for problem in problems)


def closest(name: str, known: Iterable[str]) -> str:
    """`did you mean …`, or the empty string."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f"did you mean {match[0]}?" if match else ""


def described(error: ValidationError, data: dict[str, Any], root: type[BaseModel]) -> list[str]:
    """Every problem that pydantic found in `data`, which is to become a `root`."""
    return [_describe(detail, data, root) for detail in error.errors()]


def _describe(detail: Any, data: dict[str, Any], root: type[BaseModel]) -> str:
    loc, kind = detail["loc"], detail["type"]
    key = _key(loc, data, root)
    if kind == "extra_forbidden":
        known = _keys(loc[:-1], root)
        hint = closest(str(loc[-1]), known) or f"known: {', '.join(known)}"
        return f"{key}: no such key; {hint}"
    if kind == "missing":
        needed = _required(loc, root)
        return f"{key}: missing; set it" if not needed else f"{key}: missing; add it with {' and '.join(needed)}"
    if kind in ("list_type", "model_type"):
        place = key if len(loc) > 1 else loc[0]
        head = (
            f"[[{'.'.join(part for part in loc if isinstance(part, str))}]]" if len(loc) > 2 else _head(loc[:1], root)
        )
        return f"{place} = {_value(detail['input'])}: must be a table, headed by {head}"
    message = str(detail["ctx"]["error"]) if kind == "value_error" else detail["msg"]
    if not loc:
        return message
    message = message.replace("Input should be", "must be").replace("List should have", "must have")
    message = _PLAIN.get(kind, message)
    value = (
        "" if isinstance(detail["input"], dict | list) and kind == "value_error" else f" = {_value(detail['input'])}"
    )
    return f"{key}{value}: {message}"


def _key(loc: Sequence[Any], data: dict[str, Any], root: type[BaseModel]) -> str:
    """Where it stands in the file: `seed`, `[mqtt] qos`, `[[sensor]] 2 ('front-door') interval_s`."""
    if len(loc) < 2:
        return _head(loc, root)
    if not isinstance(loc[1], int):
        return f"[{loc[0]}] {' '.join(str(part + 1) if isinstance(part, int) else part for part in loc[1:])}"
    rows = data[loc[0]]
    table = rows[loc[1]] if loc[1] < len(rows) else None
    name = table.get("name", table.get("path")) if isinstance(table, dict) else None
    title = f"[[{loc[0]}]] {loc[1] + 1}" + (f" ({name!r})" if isinstance(name, str) else "")
    return " ".join([title, *(str(part + 1) if isinstance(part, int) else part for part in loc[2:])])


def _head(loc: Sequence[Any], root: type[BaseModel]) -> str:
    """A key of the file's first level; a table as its head is written."""
    inner = _model(loc[0], root) if loc else None
    if inner is None:
        return str(loc[0]) if loc else "file"
    return f"[{loc[0]}]" if inner is root.model_fields[loc[0]].annotation else f"[[{loc[0]}]]"


def _required(loc: Sequence[Any], root: type[BaseModel]) -> list[str]:
    """The keys that a missing table must have; none for a missing value."""
    inner = _model(loc[0], root) if len(loc) == 1 else None
    return [field.alias or key for key, field in inner.model_fields.items() if field.is_required()] if inner else []


def _model(name: Any, root: type[BaseModel]) -> type[BaseModel] | None:
    """What a table of this name, or each table of this name, becomes; None: it is no table."""
    field = root.model_fields.get(name)
    inner = () if field is None else (*get_args(field.annotation), field.annotation)
    return next((part for part in inner if isinstance(part, type) and issubclass(part, BaseModel)), None)


def _keys(loc: Sequence[Any], root: type[BaseModel]) -> list[str]:
    """The keys that are known in the table at `loc`."""
    model = root
    for part in loc:
        model = (_model(part, model) if isinstance(part, str) else None) or model
    return [field.alias or key for key, field in model.model_fields.items()]


def _value(value: Any) -> str:
    if isinstance(value, str):
        value = _without_login(value)
    text = repr(value) if not isinstance(value, dict | list) else "table" if isinstance(value, dict) else "list"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _without_login(text: str) -> str:
    """A URL without the `user:password@` that it should not hold; the password may hold any mark, and another @."""
    login, _, rest = text.rpartition("@")
    return f"…@{rest}" if ":" in login else text
