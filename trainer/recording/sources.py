"""Every format of a recording, recognised by what the file holds."""

from collections.abc import Callable

from agent.errors import RecordingError
from trainer.recording import csv_text, json_text, parquet, sql
from trainer.recording.fitness import unfit
from trainer.recording.recorded import File, Recording

Recognise = Callable[[File], bool]
Read = Callable[[File], Recording]

# The first that recognises a file reads it; any text may be CSV, so that comes last.
FORMATS: dict[str, tuple[Recognise, Read]] = {
    "Parquet": (parquet.recognises, parquet.read),
    "SQLite": (sql.recognises, sql.refuse_file),
    "JSON": (json_text.recognises, json_text.read),
    "CSV": (csv_text.recognises, csv_text.read),
}


def load(source: str) -> Recording:
    """Reads a recording.

    Args:
        source: Path of a file, or a SQLAlchemy URL with the table's name: `sqlite:///f.db?table=t`.

    Raises:
        RecordingError: It cannot be read, or holds what a JSON message cannot; one sentence that names
            the file, the place and what to do.
    """
    if "://" in source:
        shown, recording = sql.masked(source), sql.read(source)
    else:
        shown, recording = source, _read(File.open(source))
    if not recording.messages:
        raise RecordingError(f"{shown}: holds no messages; record some first")
    for place, message in zip(recording.places, recording.messages, strict=True):
        if problem := unfit(message):
            raise RecordingError(f"{shown}: {place}: {problem}")
    return recording


def _read(file: File) -> Recording:
    read = next(read for recognises, read in FORMATS.values() if recognises(file))
    return read(file)
