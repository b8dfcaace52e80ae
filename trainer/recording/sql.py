"""A table or view of any database that SQLAlchemy reaches; sqlalchemy is imported in this file only."""

import hashlib
import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import RecordingError
from trainer.recording.cells import messages_of, plain
from trainer.recording.recorded import File, Recording, numbered

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

ColumnTypes = Callable[[Any, Any, dict[str, Any]], None]


def recognises(file: File) -> bool:
    """True for the file of an SQLite database."""
    return file.data.startswith(b"SQLite format 3\0")


def refuse_file(file: File) -> Recording:
    """Tells how to name a table of an SQLite file.

    Raises:
        RecordingError: Always.
    """
    url = f"sqlite:///{file.source}?table=NAME"
    raise RecordingError(f"{file.source}: is an SQLite database; name one of its tables: {url}")


def masked(source: str) -> str:
    """A URL that can be shown: without its password, and without its query, which may hold another."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(source).set(query={}).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return re.sub(r"://.*@", "://***@", source).partition("?")[0]


def read(source: str) -> Recording:
    """Reads the table that the URL's `table` names, or `schema.table`; the rest of the query is the driver's.

    Raises:
        RecordingError: The database cannot be reached, has no such table, or the table holds what JSON cannot.
    """
    url, name = _parse(source)
    table = _table(url, name, masked(source))
    columns = [_plain(column, cells, masked(source)) for column, cells in table.items()]
    notes = [f"SQL table {name!r} of {masked(source)}"]
    messages = messages_of(list(table), columns, notes)
    sha256 = hashlib.sha256(json.dumps(messages, separators=(",", ":")).encode()).hexdigest()
    return Recording(name, messages, numbered("row", len(messages)), sha256, tabular=True, notes=notes)


def _parse(source: str) -> tuple["URL", str]:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(source)
    except (ArgumentError, ValueError):  # what they say may show the password
        problem = "is no SQLAlchemy URL; write it like sqlite:///file.db?table=NAME"
        raise RecordingError(f"{masked(source)}: {problem}") from None
    path = (url.database or "") if url.get_backend_name() == "sqlite" else ""
    if path and not path.startswith((":memory:", "file:")) and not Path(path).is_file():  # connecting would create it
        raise RecordingError(f"{path}: there is no such file; check the path")
    tables = url.query.get("table", "")
    return url.difference_update_query(["table"]), tables if isinstance(tables, str) else tables[-1]


def _table(url: "URL", name: str, shown: str) -> dict[str, list[Any]]:
    """The columns of a table by name, as SQLAlchemy types them."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SAWarning, SQLAlchemyError
    from sqlalchemy.pool import NullPool

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of types it does not know: read as stored
            with create_engine(url, poolclass=NullPool).connect() as connection:
                return _select(connection, name, shown)
    except RecordingError:  # is a ValueError
        raise
    except ModuleNotFoundError as error:
        raise RecordingError(f"{shown}: its driver is missing; install the Python package {error.name!r}") from None
    except (SQLAlchemyError, OSError, ValueError, TypeError, RecursionError) as error:  # of drivers and their options
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        for secret in _secrets(url):
            reason = reason.replace(secret, "***")
        raise RecordingError(f"{shown}: cannot be read ({reason}); check the address and the access") from None


def _secrets(url: "URL") -> list[str]:
    queried = [value for key, value in url.query.items() if re.search("pass|pwd|token|secret|key", key, re.IGNORECASE)]
    return [str(secret) for secret in (url.password, *queried) if secret]


def _select(connection: "Connection", table: str, shown: str) -> dict[str, list[Any]]:
    from sqlalchemy import inspect

    inspector = inspect(connection)
    schema, name = None, table
    if "." in table and not inspector.has_table(table):
        schema, _, name = table.rpartition(".")
    if not table or not inspector.has_table(name, schema=schema):
        there = ", ".join(sorted(inspector.get_table_names() + inspector.get_view_names())) or "none"
        problem = f"there is no table {table!r}" if table else "the table is not named"
        raise RecordingError(f"{shown}: {problem}; add ?table=NAME to the URL, with one of: {there}")
    try:
        return _columns(connection, name, schema, _floats)
    except (ValueError, TypeError):  # SQLite lets any text or number into a column of dates
        return _columns(connection, name, schema, _as_stored)


def _columns(connection: "Connection", name: str, schema: str | None, types: ColumnTypes) -> dict[str, list[Any]]:
    from sqlalchemy import Float, MetaData, Table, select

    listeners = [("column_reflect", types)]
    table = Table(name, MetaData(), schema=schema, autoload_with=connection, listeners=listeners)
    rows = connection.execute(select(table)).all()
    columns = {}
    for i, column in enumerate(table.columns):
        cells = [row[i] for row in rows]
        # SQLite stores 5.0 in a DECIMAL column as 5.
        is_float = isinstance(column.type, Float)
        columns[column.name] = [float(cell) if is_float and type(cell) is int else cell for cell in cells]
    return columns


def _floats(_inspector: Any, _table: Any, column: dict[str, Any]) -> None:
    """Decimals are read as floats: by way of Decimal, SQLite's would be rounded to ten places."""
    from sqlalchemy import Float, Numeric

    if isinstance(column["type"], Numeric):
        column["type"] = Float()


def _as_stored(_inspector: Any, _table: Any, column: dict[str, Any]) -> None:
    from sqlalchemy.types import NullType

    column["type"] = NullType()


def _plain(name: str, cells: list[Any], shown: str) -> list[Any]:
    try:
        return plain(cells)
    except TypeError as error:
        problem = f"column {name!r}: holds {error}; leave it out, or write numbers or text"
        raise RecordingError(f"{shown}: {problem}") from None
