"""What a check finds."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "note", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        status: `note`: it works, and may yet not be meant. `skipped`: there was nothing to look at.
        said: What was found.
        remedy: What to do about it; empty: nothing.
    """

    status: Status
    said: str
    remedy: str = ""


class Skipped(Exception):  # noqa: N818 - no error: there is nothing to look at
    """Raised by a check that has nothing to look at; its text says why."""


def ok(said: str) -> Finding:
    """It works."""
    return Finding("ok", said)


def note(said: str, remedy: str = "") -> Finding:
    """It works, and somebody should know this."""
    return Finding("note", said, remedy)


def failed(said: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding("failed", said, remedy)
