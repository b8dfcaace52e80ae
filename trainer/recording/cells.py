"""Cells of tables as JSON values, column by column."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite, isnan
from typing import Any
from uuid import UUID

EMPTY = {"", "NaN", "nan", "NaT"}
# In a column of text these may be words that the sensor means.
MISSING = EMPTY | {"None", "null", "NULL", "NA", "N/A"}
# A row number as R, pandas' `to_csv` and pandas' `to_sql` name it.
ROW_NUMBERS = {"", "Unnamed: 0", "index"}
# Longer strings of digits are identifiers, or lose digits in whatever reads them as a number.
MOST_DIGITS = 15
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
BOOLEANS = {"true": True, "false": False}


def typed(cells: Sequence[str]) -> list[Any]:
    """A column of text as numbers or booleans where every cell is one, else as the strings they are."""
    words = set(cells) - MISSING
    if words and all(map(_is_number, words)):
        return [None if cell in MISSING else _number(cell) for cell in cells]
    if words and all(word.lower() in BOOLEANS for word in words):
        return [None if cell in MISSING else BOOLEANS[cell.lower()] for cell in cells]
    return [None if cell in EMPTY else cell for cell in cells]


def _is_number(cell: str) -> bool:
    match = NUMBER.fullmatch(cell)
    if match is None:
        return False
    return isfinite(float(cell)) if match[2] or match[3] else len(match[1]) <= MOST_DIGITS


def _number(cell: str) -> int | float:
    return float(cell) if set(cell) & set(".eE") else int(cell)


def is_counting(cells: Sequence[Any]) -> bool:
    """Whether cells count up by one, as row numbers do. A single one must be 0 or 1."""
    if not all(type(cell) is int for cell in cells):
        return False
    return list(cells) == list(range(cells[0], cells[0] + len(cells))) and (len(cells) > 1 or cells[0] in (0, 1))


def messages_of(names: list[str], columns: list[list[Any]], notes: list[str]) -> list[dict[str, Any]]:
    """The rows of a table, without a leading row number; `notes` is told of that."""
    if names and names[0] in ROW_NUMBERS and columns[0] and is_counting(columns[0]):
        notes.append("leading row-number column dropped")
        names, columns = names[1:], columns[1:]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def doubled(names: list[str]) -> list[str]:
    """Names that stand more than once in a header."""
    return [name for name, count in Counter(names).items() if count > 1]


def plain(values: Sequence[Any]) -> list[Any]:
    """A typed column as JSON values: times as text, all with the fraction that the finest of them needs.

    Raises:
        TypeError: A value has no natural form in JSON.
    """
    micros = {instant.microsecond for instant in _instants(values)}
    fraction = "seconds" if micros <= {0} else "milliseconds" if not any(m % 1000 for m in micros) else "microseconds"
    return [_plain(value, fraction) for value in values]


def _instants(value: Any) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, dict):
        yield from _instants(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _instants(item)


def _plain(value: Any, fraction: str) -> Any:
    match value:
        case dict():
            return {str(key): _plain(item, fraction) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, fraction) for item in value]
        case datetime() | date() | time() | UUID():
            return _text(value, fraction)
        case float() | Decimal():
            return None if isnan(value) else float(value)
        case None | bool() | int() | str():
            return value
    raise TypeError(f"values of type {type(value).__name__}")


def _text(value: datetime | date | time | UUID, fraction: str) -> str:
    if not isinstance(value, datetime):
        return str(value)
    if value.tzinfo is None:
        return value.isoformat(sep=" ", timespec=fraction)
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=fraction) + "Z"
