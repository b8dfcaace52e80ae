"""Whether a message, of whatever format, is one that JSON can carry and a model can learn from."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

DEEPEST = 64  # levels of nesting; whoever walks a message later may then recurse
TOO_DEEP = f"nested deeper than {DEEPEST} levels; flatten the message"


class Doubled(dict[str, Any]):
    """An object in which a key stood twice. The parser cannot tell where it is; the walk over the message can."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.key = Counter(key for key, _ in pairs).most_common(1)[0][0]


def unfit(value: Any, path: str = "", depth: int = 0) -> str:
    """What is wrong with a value and what to do, or nothing."""
    if depth > DEEPEST:
        return TOO_DEEP
    if isinstance(value, dict):
        return _first(_unfit_member(value, key, path, depth) for key in value) or _doubled(value, path)
    if isinstance(value, list):
        return _first(unfit(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value))
    return _unfit_leaf(value, path)


def _unfit_member(value: dict[str, Any], key: str, path: str, depth: int) -> str:
    here = f"{path}.{key}" if path else key
    return _unfit_leaf(key, here) or unfit(value[key], here, depth + 1)


def _doubled(value: dict[str, Any], path: str) -> str:
    if not isinstance(value, Doubled):
        return ""
    where = repr(path) if path else "the message"
    return f"key {value.key!r} stands more than once in {where}; rename or remove all but one"


def _unfit_leaf(value: Any, path: str) -> str:
    match value:
        case str() if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            # Shown escaped: a terminal cannot print it either.
            return f"text {value!a} at {path!a} holds half a surrogate pair; write the whole character"
        case float() if not math.isfinite(value):
            return f"{path!r} is not a finite number of double precision; write null where there is no value"
        case int() if not -(2**63) <= value < 2**64:
            return f"{path!r} is an integer of more than 64 bits; write it as a string"
    return ""


def _first(problems: Iterable[str]) -> str:
    return next(filter(None, problems), "")
