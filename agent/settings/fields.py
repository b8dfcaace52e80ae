"""The types of settings: names, topics, paths, secrets, and what makes them wrong."""

import string
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo

from agent.files import contents


def _text(text: str) -> str:
    """A name that may stand in a topic."""
    if not text or len(text) > 256 or any(mark in text for mark in "+#") or not text.isprintable():
        raise ValueError("must be 1 to 256 printable characters, without + or #")
    return text


def topic_of(*placeholders: str) -> AfterValidator:
    """Checks a topic template that may name `placeholders`."""

    def check(topic: str) -> str:
        allowed = " and ".join(f"{{{name}}}" for name in placeholders)
        try:
            fields = [field for field in string.Formatter().parse(topic) if field[1] is not None]
            if any(spec or conversion for _, _, spec, conversion in fields):  # before a width can fill the memory
                raise ValueError
            names = [str(name) for _, name, _, _ in fields]
            filled = topic.format_map(dict.fromkeys(placeholders, "x"))
        except (ValueError, LookupError, AttributeError):
            raise ValueError(f"is no topic template; it may name {allowed}, write other braces twice") from None
        if not set(names) <= set(placeholders):
            raise ValueError(f"may only name {allowed}")
        if not filled or any(mark in filled for mark in "+#") or not filled.isprintable() or filled.startswith("$"):
            raise ValueError(
                "must not be empty or hold + or #, begin with $ or hold what is not printable: a message has one topic"
            )
        return topic

    return AfterValidator(check)


def _resolve(path: Any, info: ValidationInfo) -> Any:
    """A relative path starts at the configuration's folder."""
    folder = (info.context or {}).get("folder", Path())
    if "\0" in str(path):
        raise ValueError("is no path: it holds a NUL character")
    return folder / path if isinstance(path, str | Path) else path


def _contents(path: Any, info: ValidationInfo) -> str:
    """The secret in a file, without the line's end."""
    try:
        secret = contents(Path(_resolve(path, info))).decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}); give a file that the agent may read") from None
    except (TypeError, ValueError):
        raise ValueError("must be the path of a text file") from None
    if len(secret) > 16_000:
        raise ValueError("is longer than 16,000 characters, which is no password")
    if not secret:
        raise ValueError("is empty; write the password into it")
    return secret


def _credential(text: str) -> str:
    """What the broker is told of who this is."""
    if not 0 < len(text) <= 1024 or not text.isprintable():
        raise ValueError("must be 1 to 1024 printable characters")
    return text


def _wanted(value: Any) -> Any:
    """What a field of a message has to be."""
    if not isinstance(value, str | bool | int | float):
        raise ValueError("must be text, a number, true or false; quote the name of a field that has dots")
    return value


Wanted = Annotated[str | bool | int | float, BeforeValidator(_wanted)]
Credential = Annotated[str, AfterValidator(_credential)]
PathFrom = Annotated[Path, BeforeValidator(_resolve)]
Text = Annotated[str, AfterValidator(_text)]
Secret = Annotated[SecretStr, BeforeValidator(_contents)]
Interval = Annotated[float, Field(ge=0.001, le=1e9)]
