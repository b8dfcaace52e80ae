"""JSON: an array of messages, one message a line, or a single message."""

import json
import math
from typing import Any

from agent.errors import RecordingError
from trainer.recording.fitness import TOO_DEEP, Doubled
from trainer.recording.recorded import File, Recording, numbered

SUFFIXES = (".json", ".jsonl", ".ndjson")


def recognises(file: File) -> bool:
    """True for an object or array, and for whatever calls itself JSON."""
    return file.text.lstrip().startswith(("{", "[")) or file.suffix in SUFFIXES


def read(file: File) -> Recording:
    """Reads an array, lines or one object.

    Raises:
        RecordingError: A line is not valid JSON, or something in it is not an object.
    """
    lines = _lines(file.text)
    if len(lines) > 1 and lines[1][1].startswith("{") and not lines[0][1].startswith("["):
        messages = [_parse(file, text, line) for line, text in lines]
        return _recording(file, messages, [f"line {line}" for line, _ in lines], "JSON lines")
    whole = _parse(file, file.text, 1)
    if isinstance(whole, list):
        return _recording(file, whole, numbered("message", len(whole)), "JSON array")
    return _recording(file, [whole], ["message 1"], "one JSON object, taken as one message")


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines that hold something, with their numbers. Only LF ends a line: U+2028 may stand in a string."""
    numbered_lines = enumerate(text.split("\n"), start=1)
    return [(number, stripped) for number, line in numbered_lines if (stripped := line.strip())]


def _recording(file: File, messages: list[Any], places: list[str], note: str) -> Recording:
    for place, message in zip(places, messages, strict=True):
        if not isinstance(message, dict):
            problem = f"{_kind(message)} where a message, an object, is expected"
            raise file.error(place, problem, "a recording is an array of objects, or one object a line")
    return Recording(file.name, messages, places, file.sha256, tabular=False, notes=[note])


def _parse(file: File, text: str, line: int) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer)
    except json.JSONDecodeError as error:
        place = f"line {line + error.lineno - 1}, column {error.colno}"
        raise file.error(place, f"not valid JSON ({error.msg})", "repair the line, or remove its message") from None
    except RecursionError:
        raise RecordingError(f"{file.source}: line {line}: {TOO_DEEP}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Doubled(pairs)


def _constant(_: str) -> float:
    """NaN and the infinities are let through here, and refused with their place by `fitness`."""
    return math.nan


def _integer(digits: str) -> int | float:
    # Python refuses to convert very long ones; infinity is refused with its place like every number too large.
    return int(digits) if len(digits) < 400 else math.inf


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
