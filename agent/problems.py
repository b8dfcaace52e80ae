"""Turning what is wrong with a configuration into one message: key, value, remedy, for every problem at once."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

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
    key = _key(loc, data)
    if kind == "extra_forbidden":
        known = _keys(loc[:-1], root)
        hint = closest(str(loc[-1]), known) or f"known: {', '.join(known)}"
        return f"{key}: no such key; {hint}"
    if kind == "missing":
        return f"{key}: missing; set it"
    message = str(detail["ctx"]["error"]) if kind == "value_error" else detail["msg"]
    message = message.replace("Input should be", "must be").replace("List should have", "must have")
    return f"{key} = {_value(detail['input'])}: {message}"


def _key(loc: Sequence[Any], data: dict[str, Any]) -> str:
    """Where it stands in the file: `[mqtt] qos`, `[[sensor]] 2 ('front-door') interval_s`."""
    if len(loc) < 2:
        return str(loc[0]) if loc else "file"
    if not isinstance(loc[1], int):
        return f"[{loc[0]}] {loc[1]}"
    name = data[loc[0]][loc[1]].get("name") if isinstance(data[loc[0]][loc[1]], dict) else None
    title = f"[[{loc[0]}]] {loc[1] + 1}" + (f" ({name!r})" if isinstance(name, str) else "")
    return " ".join([title, *map(str, loc[2:3])])


def _keys(loc: Sequence[Any], root: type[BaseModel]) -> list[str]:
    """The keys that are known in the table at `loc`."""
    model = root
    if loc:
        annotation = root.model_fields[loc[0]].annotation
        inner = get_args(annotation)
        model = inner[0] if inner else annotation  # type: ignore[assignment]
    return [field.alias or key for key, field in model.model_fields.items()]


def _value(value: Any) -> str:
    text = repr(value) if not isinstance(value, dict | list) else "table" if isinstance(value, dict) else "list"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
