"""What can be seen of values alone: their types, their keys, their order."""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from agent.errors import RecordingError
from agent.message.boxes import Order, box_corners, coordinates
from agent.message.numbers import NumberFormat
from trainer.learn.numbers import NUMERIC

LARGEST = 1e15  # beyond this not every whole number is exact
MOST_FIELDS = 2000
KIND_NAME = re.compile(r"class|label|type|kind|categ|name", re.IGNORECASE)
ORDERS: tuple[Order, ...] = ("yxyx", "xyxy", "xywh")


def short(value: Any) -> str:
    """A value as an error message shows it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def merged_keys(objects: Iterable[dict[str, Any]]) -> list[str]:
    """All keys, each after the one that it first followed."""
    keys: list[str] = []
    for item in dict.fromkeys(map(tuple, objects)):
        place = 0
        for key in item:
            if len(keys) > MOST_FIELDS:
                raise RecordingError(f"objects with more than {MOST_FIELDS} different keys cannot be learnt")
            if key not in keys:
                keys.insert(place, key)
            place = keys.index(key) + 1
    return keys


def type_of(value: Any) -> str:
    """The JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {"str": "string", "dict": "object", "list": "list"}[type(value).__name__]


def is_proper(present: list[Any], order: Order) -> bool:
    """Whether all boxes have a size above zero, if they are written in this order."""
    corners = box_corners(present, order, NumberFormat())
    return bool((corners[2:] > corners[:2]).all())


def hold_integers(present: list[Any]) -> bool:
    """Whether all numbers in these boxes are written as integers."""
    return all("." not in str(value) and "e" not in str(value) for value in present)


def kind_key_of(items: list[Any]) -> str | None:
    """The key of a list's items that tells what each is: few different strings, best one with a telling name."""
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    found = []
    for key in merged_keys(items):
        values = [item.get(key) for item in items]
        strings = all(isinstance(v, str) and not NUMERIC.fullmatch(v) and not coordinates(v) for v in values)
        if strings and len(set(values)) <= 50 and len(set(values)) <= max(2, len(values) / 2):
            found.append((not KIND_NAME.search(key), len(set(values)), key))
    return min(found)[2] if found else None


def sorted_by_of(lists: list[list[Any]]) -> str | None:
    """The key of numbers by which the items of every list fall."""
    longer = [value for value in lists if len(value) > 1]
    if not longer or not all(isinstance(item, dict) for value in longer for item in value):
        return None
    return next((key for key in merged_keys(longer[0]) if _differs(longer, key) and falls(longer, key)), None)


def _differs(lists: list[list[dict[str, Any]]], key: str) -> bool:
    return any(item.get(key) != value[0].get(key) for value in lists for item in value)


def falls(lists: list[list[Any]], key: str) -> bool:
    """Whether every item has a number at `key`, and none is larger than the one before it."""
    columns = [[str(item.get(key)) if isinstance(item, dict) else "" for item in value] for value in lists]
    numeric = all(NUMERIC.fullmatch(text) for column in columns for text in column)
    return numeric and all(float(a) >= float(b) for column in columns for a, b in pairwise(column))
