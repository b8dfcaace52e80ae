"""CSV in its dialects: delimiter, header and a leading row number are recognised."""

import csv
import io
import re
from collections import Counter
from contextlib import suppress
from itertools import islice

from trainer.recording.cells import ROW_NUMBERS, doubled, is_counting, messages_of, typed
from trainer.recording.recorded import File, Recording

# Where several divide the rows equally well, the one that is rarer inside cells wins: 21,5;40,2 has decimal commas.
DELIMITERS = "\t;|,"
LARGEST_CELL = 2**27  # characters
SAMPLE_ROWS = 200
# A cell that is no name: a number, a date, a time, a boolean or a missing value.
DATA = re.compile(
    r"[-+]?(\d+[.,]?\d*|[.,]\d+)(e[-+]?\d+)?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(\D.*)?|\d{1,2}:\d\d(\D.*)?|true|false|nan",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)

Row = tuple[int, list[str]]


def recognises(_: File) -> bool:
    """True: any text is a table of at least one column."""
    return True


def read(file: File) -> Recording:
    """Reads a table.

    Raises:
        RecordingError: A row has another number of cells than the header, names are doubled, a quote does
            not close, or there are no rows.
    """
    delimiter, spaced = _dialect(file.text)
    rows = _rows(file, delimiter, spaced)
    notes = [f"CSV: delimiter {delimiter!r}"]
    names = _take_header(file, rows, notes)
    _refuse_ragged(file, rows, len(names), delimiter)
    columns = [typed(column) for column in zip(*(cells for _, cells in rows), strict=True)]
    messages = messages_of(names, columns, notes)
    places = [f"line {line}" for line, _ in rows]
    return Recording(file.name, messages, places, file.sha256, tabular=True, notes=notes)


def _dialect(text: str) -> tuple[str, bool]:
    """The delimiter, and whether a space follows each one (`a, b, c`)."""
    samples = {mark: _sample(text, mark) for mark in DELIMITERS}
    delimiter = max(samples, key=lambda mark: _evenness(samples[mark]))
    if not _evenness(samples[delimiter]):
        delimiter = ","
    seconds = samples[delimiter][0][1:] if samples[delimiter] else []
    return delimiter, bool(seconds) and all(cell.startswith(" ") for cell in seconds)


def _sample(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    with suppress(csv.Error):  # told, with its line, when all rows are read
        rows.extend(islice(filter(None, reader), SAMPLE_ROWS))
    return rows


def _evenness(rows: list[list[str]]) -> float:
    """Share of the rows that a delimiter divides alike; 0 where it does not divide them."""
    if not rows or len(rows[0]) < 2:
        return 0.0
    body = rows[1:] or rows
    width = _width(body, len(rows[0]))
    return sum(len(cells) == width for cells in body) / len(body) if width > 1 else 0.0


def _width(rows: list[list[str]], preferred: int) -> int:
    """The most common number of cells."""
    counts = Counter(map(len, rows))
    return max(counts, key=lambda width: (counts[width], width == preferred))


def _rows(file: File, delimiter: str, spaced: bool) -> list[Row]:
    """Rows that hold something, with the line in which each begins (a quoted cell may run over several)."""
    text = io.StringIO(file.text, newline="")
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=spaced, strict=True)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if cells:
                rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = 'close every quote, and write a quote inside a quoted cell twice ("")'
        raise file.error(f"line {line}", f"not valid CSV ({error})", remedy) from None
    return rows


def _take_header(file: File, rows: list[Row], notes: list[str]) -> list[str]:
    """Names of the columns; the row that held them is removed from `rows`."""
    (line, first), body = rows[0], rows[1:]
    width = _width([cells for _, cells in body] or [first], len(first))
    is_numbered = bool(body) and is_counting(typed([cells[0] for _, cells in body]))
    if is_numbered and width == len(first) + 1:  # R names every column but that of the row numbers
        first = ["", *first]
    elif not (is_numbered and first[0] in ROW_NUMBERS) and any(map(DATA.fullmatch, first)):
        notes.append("no header: columns named column_1 and so on")
        return [f"column_{number}" for number in range(1, width + 1)]
    del rows[0]
    if not rows:
        raise file.error(f"line {line}", "a header and no rows", "record some rows first")
    notes.append(f"header in line {line}")
    # A row number goes nameless until it is dropped.
    names = [name if name or (n == 1 and is_numbered) else f"column_{n}" for n, name in enumerate(first, start=1)]
    if twice := doubled(names):
        raise file.error(f"line {line}", f"the name {twice[0]!r} stands more than once", "rename one of the columns")
    return names


def _refuse_ragged(file: File, rows: list[Row], width: int, delimiter: str) -> None:
    for line, cells in rows:
        if len(cells) != width:
            problem = f"{len(cells)} cells where {width} are expected"
            remedy = f"add or remove cells, or quote a cell that contains the delimiter {delimiter!r}"
            raise file.error(f"line {line}", problem, remedy)
