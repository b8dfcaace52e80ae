"""More rows of the same distribution, as a table or as messages."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from agent.clock import NS_PER_S
from agent.errors import RecordingError
from agent.files import remedy, replacing
from agent.message.tree import Object
from agent.model import model_of
from agent.models.bundle import Bundle
from agent.player import Player

BLOCK = 4096


def generate(bundle: Bundle, count: int, out: Path, start_ns: int, seed: int) -> None:
    """Write `count` messages to `out`: JSON lines, or a CSV table where the messages are flat.

    Args:
        bundle: What to draw from.
        count: How many.
        out: `.jsonl` or `.csv`; replaced as a whole.
        start_ns: Event time of the first, in ns since 1970 (UTC); the others follow at the recorded interval.
        seed: The same seed gives the same messages.

    Raises:
        RecordingError: The format is unknown, nested messages were asked for as a table, or the file cannot be written.
    """
    if out.suffix not in (".csv", ".jsonl"):
        raise RecordingError(f"{out}: unknown format {out.suffix or '(none)'!r}; name the file .csv or .jsonl")
    messages = _messages(bundle, count, start_ns, seed)
    try:
        with replacing(out) as data:
            file = io.TextIOWrapper(data, "utf-8", newline="")
            if out.suffix == ".jsonl":
                file.writelines(f"{message}\n" for message in messages)
            else:
                _write_table(file, _keys(bundle, out), (json.loads(message) for message in messages), out)
            file.flush()
            file.detach()  # else it would close what is under it
    except OSError as error:
        raise RecordingError(f"{out}: cannot be written ({error.strerror}); {remedy(error)}") from error


def _messages(bundle: Bundle, count: int, start_ns: int, seed: int) -> Iterator[str]:
    player = Player(bundle.manifest.sensor, model_of(bundle), [seed], block=BLOCK)
    interval_ns = round((bundle.manifest.arrival.interval_s or 1.0) * NS_PER_S)
    last_ns = start_ns + (count - 1) * interval_ns
    for first in range(0, count, BLOCK):
        places = range(first, min(first + BLOCK, count))
        yield from player.play([start_ns + place * interval_ns for place in places], last_ns).texts


def _keys(bundle: Bundle, out: Path) -> list[str]:
    """The keys of a message, those that may be missing too."""
    message = bundle.manifest.template.message
    if not isinstance(message, Object):
        raise RecordingError(f"{out}: these messages are no objects and fit no table; name the file .jsonl")
    return list(message.members)


def _write_table(file: IO[str], keys: list[str], messages: Iterator[dict[str, object]], out: Path) -> None:
    writer = csv.DictWriter(file, keys, restval="")
    writer.writeheader()
    for message in messages:
        if any(isinstance(value, dict | list) for value in message.values()):
            raise RecordingError(f"{out}: these messages are nested and fit no table; name the file .jsonl")
        writer.writerow(message)
