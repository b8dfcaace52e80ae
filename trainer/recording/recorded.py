"""What every format is read from, and read into."""

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from agent.errors import RecordingError


@dataclass(frozen=True)
class Recording:
    """Real messages of one sensor, or of several in one table.

    Attributes:
        name: File name without its folder, or the table's name.
        messages: JSON objects in the recording's order; a table's row is a flat one, keys in header order.
        places: Where each message stands, in words: `line 17`, `row 17`, `message 17`.
        sha256: Of the file's bytes; of a SQL table, of its rows as JSON.
        tabular: The messages were rows of a table.
        notes: What was recognised and done, for people.
    """

    name: str
    messages: list[dict[str, Any]]
    places: list[str]
    sha256: str
    tabular: bool
    notes: list[str] = field(default_factory=list)

    def place(self, i: int) -> str:
        """Where message `i` (from 0) stands, for error messages."""
        return self.places[i]


def numbered(unit: str, count: int) -> list[str]:
    """Places counted from 1."""
    return [f"{unit} {number}" for number in range(1, count + 1)]


@dataclass(frozen=True)
class File:
    """A recording's bytes, before its format is known."""

    source: str
    data: bytes

    @classmethod
    def open(cls, source: str) -> "File":
        """Reads a file.

        Raises:
            RecordingError: There is no such file, it cannot be read, or it is empty.
        """
        try:
            data = Path(source).read_bytes()
        except FileNotFoundError:
            raise RecordingError(f"{source}: there is no such file; check the path") from None
        except IsADirectoryError:
            raise RecordingError(f"{source}: is a folder; name one file in it") from None
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            reason = getattr(error, "strerror", None) or error
            raise RecordingError(f"{source}: cannot be read ({reason}); check the file and its permissions") from error
        if not data.strip(b"\xef\xbb\xbf \t\r\n"):
            raise RecordingError(f"{source}: the file is empty; record some messages first")
        return cls(source, data)

    @property
    def name(self) -> str:
        return Path(self.source).name.encode("utf-8", "replace").decode()

    @property
    def suffix(self) -> str:
        return Path(self.source).suffix.lower()

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def text(self) -> str:
        """The bytes as text, without a byte order mark.

        Raises:
            RecordingError: They are binary, or text of another encoding.
        """
        if (at := self.data.find(b"\0")) >= 0:
            raise self.error(f"byte {at + 1}", "is NUL, so this is no UTF-8 text", "save it as JSON, CSV or Parquet")
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            # The position counts from after the mark, which holds no line end.
            line = len(re.findall(rb"\r\n|\r|\n", error.object[: error.start])) + 1
            problem = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
            raise self.error(f"line {line}", problem, "save the file with the encoding UTF-8") from None

    def error(self, place: str, problem: str, remedy: str) -> RecordingError:
        """An error that names this file, the place and what to do."""
        return RecordingError(f"{self.source}: {place}: {problem}; {remedy}")
