"""Parquet, read by pyarrow."""

from typing import Any

from trainer.recording.cells import doubled, messages_of, plain
from trainer.recording.recorded import File, Recording, numbered

PANDAS_INDEX = "__index_level_0__"


def recognises(file: File) -> bool:
    """True for Parquet's mark, with which every such file begins."""
    return file.data.startswith(b"PAR1")


def read(file: File) -> Recording:
    """Reads a table; structs and lists become objects and arrays.

    Raises:
        RecordingError: The file is damaged, a name stands twice, or a column holds what JSON cannot.
    """
    names, cells = _table(file)
    if twice := doubled(names):
        raise file.error("header", f"the name {twice[0]!r} stands more than once", "rename one of the columns")
    columns = [_plain(file, name, column) for name, column in zip(names, cells, strict=True)]
    notes = ["Parquet"]
    messages = messages_of(names, columns, notes)
    return Recording(file.name, messages, numbered("row", len(messages)), file.sha256, tabular=True, notes=notes)


def _table(file: File) -> tuple[list[str], list[list[Any]]]:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(pyarrow.BufferReader(file.data)) as contents:
            table = contents.read()
        names, columns = table.column_names, [column.to_pylist() for column in table.columns]
    except Exception as error:  # pyarrow, pytz and zoneinfo have each their own for a file that is wrong
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise file.error("contents", f"not a Parquet table that can be read ({reason})", "write it again") from error
    if PANDAS_INDEX in names and all(isinstance(cell, int) for cell in columns[names.index(PANDAS_INDEX)]):
        # Row numbers of a data frame that was filtered or sorted: pandas writes them last.
        at = names.index(PANDAS_INDEX)
        names, columns = names[:at] + names[at + 1 :], columns[:at] + columns[at + 1 :]
    return names, columns


def _plain(file: File, name: str, column: list[Any]) -> list[Any]:
    try:
        return plain(column)
    except TypeError as error:
        raise file.error(f"column {name!r}", f"holds {error}", "leave it out, or write numbers or text") from None
