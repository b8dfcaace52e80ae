r"""Paths: where a value stands in a message, in code and as text.

In code a path is a tuple of keys and slots. As text, keys are joined by dots and a slot stands in brackets:
`objects[].score` is every item's, `objects[person 1].score` that of one slot. What has a meaning of its own
is written with a backslash where a key holds it, so no two paths share a text.
"""

import re
from typing import Any

from agent.message.tree import Slot

Path = tuple[str | Slot, ...]

EVERY = Slot("")
"""Stands for every item of a list."""

_EMPTY = '""'  # a key that is the empty string
_PART = re.compile(r"\[((?:\\.|[^\\\]])*)\]|\.?((?:\\.|[^\\.\[])+)", re.DOTALL)


def join(path: Path) -> str:
    """A path as text. No path's text ends with a bare `?`: that is free for what belongs to a path."""
    text = ""
    for part in path:
        if isinstance(part, Slot):
            text += f"[{_escaped(part.name, ']')}]"
        else:
            key = f"\\{part}" if part == _EMPTY else _escaped(part, ".[?") or _EMPTY
            text += f".{key}" if text else key
    return text


def split(text: str) -> Path:
    """The path of a text: the inverse of `join`."""
    parts = _PART.findall(text)
    return tuple(Slot(_plain(slot)) if not key else "" if key == _EMPTY else _plain(key) for slot, key in parts)


def values_at(value: Any, path: Path) -> list[Any]:
    """The values that stand at a path: none, one, or one an item."""
    if not path:
        return [value]
    key, rest = path[0], path[1:]
    if key == EVERY:
        return [found for item in value for found in values_at(item, rest)] if isinstance(value, list) else []
    return values_at(value[key], rest) if isinstance(value, dict) and key in value else []


def replace_at(value: Any, path: Path, made_up: dict[Any, Any]) -> Any:
    """A copy of `value` with the strings and whole numbers at `path` replaced."""
    if not path:
        return made_up.get(value, value) if isinstance(value, str | int) else value
    key, rest = path[0], path[1:]
    if key == EVERY:
        return [replace_at(item, rest, made_up) for item in value] if isinstance(value, list) else value
    if not isinstance(value, dict) or key not in value:
        return value
    return {**value, key: replace_at(value[key], rest, made_up)}


def last_key(path: Path) -> str:
    """The last key of a path; the empty string where there is none."""
    return next((part for part in reversed(path) if isinstance(part, str)), "")


def _escaped(text: str, marks: str) -> str:
    return re.sub(f"[{re.escape(marks)}\\\\]", lambda match: f"\\{match[0]}", text)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
