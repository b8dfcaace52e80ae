"""Whether generated messages are of the recording's kind: every rule that a subscriber could check."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

NUMERIC = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def shape(message: Any, depth: int = 0) -> Any:
    """Keys in order, types of leaves, lengths of lists; numbers are one type here, see `number_types`."""
    if isinstance(message, dict):
        return tuple((key, shape(value)) for key, value in message.items())
    if isinstance(message, list):
        return [len(message), *{repr(shape(item)) for item in message}]
    return "number" if type(message) in (int, float) else type(message).__name__


def leaves(message: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with its path; items of a list share one, and say their label."""
    if isinstance(message, dict):
        for key, value in message.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(message, list) and not (message and all(type(x) in (int, float) for x in message)):
        for item in message:
            yield from leaves(item, f"{path}[]")
    else:
        yield path, message


def by_path(messages: list[Any]) -> dict[str, list[Any]]:
    """All leaves of all messages, by path."""
    found: dict[str, list[Any]] = {}
    for message in messages:
        for path, value in leaves(message):
            found.setdefault(path, []).append(value)
    return found


def assert_alike(generated: list[Any], recorded: list[Any], times: set[str]) -> None:
    """Fail unless `generated` keep every rule that `recorded` keep; `times` are the paths of times."""
    known = {repr(shape(message)) for message in recorded}
    strange = {repr(shape(message)) for message in generated} - known
    assert not strange, f"structures that the recording never has: {list(strange)[:2]}"
    real, made = by_path(recorded), by_path(generated)
    for path, values in real.items():
        if path in times:
            _assert_same_text_form(path, values, made[path])
        elif len(set(map(repr, values))) == 1:
            assert set(map(repr, made[path])) == set(map(repr, values)), path
        elif any(isinstance(value, list) or str(value).startswith("[") for value in values):
            _assert_boxes(path, values, made[path])
        elif all(value is None or NUMERIC.fullmatch(str(value)) for value in values):
            _assert_numbers(path, values, made[path])
        else:
            assert set(made[path]) <= set(values), path
    _assert_rates(generated, recorded)


def _assert_same_text_form(path: str, real: list[Any], made: list[Any]) -> None:
    forms = {re.sub(r"\d", "0", str(value)) for value in real}
    assert {re.sub(r"\d", "0", str(value)) for value in made} <= forms, path


def _assert_boxes(path: str, real: list[Any], made: list[Any]) -> None:
    def numbers(value: Any) -> list[float]:
        return json.loads(value) if isinstance(value, str) else value

    low, high = min(min(numbers(v)) for v in real), max(max(numbers(v)) for v in real)
    single = all(float(np.float32(x)) == x for v in real for x in numbers(v))
    for value in made:
        y1, x1, y2, x2 = numbers(value)
        assert y1 < y2, (path, value)
        assert x1 < x2, (path, value)
        assert low <= min(y1, x1), (path, value)
        assert max(y2, x2) <= high, (path, value)
        if isinstance(value, str):
            assert value == f"[{', '.join(repr(x) for x in numbers(value))}]", (path, value)
        if single:
            assert all(float(np.float32(x)) == x for x in numbers(value)), (path, value)


def _assert_numbers(path: str, real: list[Any], made: list[Any]) -> None:
    known = [value for value in real if value is not None]
    numbers = [float(value) for value in known]
    types = {type(value) for value in known}
    grid = next(
        (d for d in (1, 2, 4, 8, 16, 32, 64, 128, 256, 10, 100) if all(x * d == int(x * d) for x in numbers)), 0
    )
    for value in filter(lambda value: value is not None, made):
        assert type(value) in types, (path, value)
        assert min(numbers) <= float(value) <= max(numbers), (path, value)
        if grid:
            assert float(value) * grid == int(float(value) * grid), (path, value)
        if isinstance(value, str):
            assert value == repr(float(value)) or len(value) == len(known[0]), (path, value)
        if isinstance(value, float) and int in types:
            assert not value.is_integer(), f"{path}: {value} would be written without a fraction"


def _assert_rates(generated: list[Any], recorded: list[Any]) -> None:
    """Labels that occur together, and what is null or missing, come at the recorded rates."""
    real, made = (Counter(map(_composition, messages)) for messages in (recorded, generated))
    assert set(made) <= set(real)
    for composition, count in real.items():
        share = count / len(recorded)
        slack = 4 * (share * (1 - share) / len(recorded)) ** 0.5 + 0.03
        assert abs(made[composition] / len(generated) - share) <= slack, composition


def _composition(message: Any) -> tuple[str, ...]:
    """What occurs together; in which order is another matter, where items are sorted by their scores."""
    named = [f"{path}={v}" for path, v in leaves(message) if path.endswith(("classes", "label", "[]"))]
    return (*sorted(named), *(f"{path}=null" for path, value in leaves(message) if value is None))
