"""The schema: what each field of a recording was taken for, as a TOML file that a user can correct."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import tomli_w
from pydantic import Field as Option
from pydantic import ValidationError, model_validator

from agent.errors import RecordingError
from agent.files import remedy, replacing
from agent.message.boxes import Order
from agent.message.numbers import NumberFormat
from agent.message.times import TimeFormat
from agent.problems import described, listed
from agent.strict import Strict

Personal = Literal["email", "mac", "ip", "iban", "phone", "name", "address", "plate"]
Kind = Literal[
    "constant", "number", "category", "box", "list", "event-time", "lag-time", "export-time", "counter", "identifier"
]


class Field(Strict):
    """One field of a message and how it is to be learnt.

    Attributes:
        path: Keys joined by dots; `[]` stands for every item of a list. See `trainer.paths`.
        kind: What it is.
        number: Format of a number's or a box's numbers; guessed where it is not given.
        time: Format of a time; guessed where it is not given.
        order: What a box's four numbers mean.
        kind_key: Key of a list's items that tells their kind.
        sorted_by: Key of a list's items by which they always fall.
        personal: What personal data an identifier holds (`email`, `name`, …), made up afresh in kind.
    """

    path: Annotated[str, Option(min_length=1)]
    kind: Kind
    number: NumberFormat | None = None
    time: TimeFormat | None = None
    order: Order | None = None
    kind_key: str | None = None
    sorted_by: str | None = None
    personal: Personal | None = None


class Constraint(Strict):
    """A rule that every message keeps.

    Attributes:
        kind: `inequality` (the first field below the second), `range` (each below the next), `fixed-increments`
            (a multiple of `step`), `fixed-combinations` (as recorded), `one-hot` (one is 1, the others 0).
        fields: Paths of the fields.
        strict: Of an inequality or a range: never equal.
        step: See there.
    """

    kind: Literal["inequality", "range", "fixed-increments", "fixed-combinations", "one-hot"]
    fields: Annotated[list[str], Option(min_length=1, max_length=64)]
    strict: bool = True
    step: Annotated[float, Option(gt=0, le=1e9)] | None = None


class Schema(Strict):
    """Every field, in the message's order, and the constraints between them."""

    field: list[Field] = Option(default_factory=list)
    constraint: list[Constraint] = Option(default_factory=list)

    @model_validator(mode="after")
    def _paths_are_different(self) -> "Schema":
        paths = [field.path for field in self.field]
        twice = next((path for path in paths if paths.count(path) > 1), None)
        if twice is not None:
            raise ValueError(f"field {twice!r} stands twice; say once what it is")
        return self

    def by_path(self) -> dict[str, Field]:
        """The fields by their path."""
        return {field.path: field for field in self.field}

    def of_kind(self, *kinds: Kind) -> list[Field]:
        """The fields of these kinds."""
        return [field for field in self.field if field.kind in kinds]


def read_schema(path: Path) -> Schema:
    """Read a schema file; it may hold only the fields that are to be corrected.

    Raises:
        RecordingError: It cannot be read, or says something that a schema cannot say.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror}); give the path of a schema file") from error
    except (ValueError, RecursionError) as error:  # TOML's own error, or a number of thousands of digits
        raise RecordingError(f"{path}: is not TOML ({error}); write one with inspect --write-schema") from error
    try:
        return Schema.model_validate(data)
    except ValidationError as error:
        raise RecordingError(listed(str(path), described(error, data, Schema))) from error


def write_schema(schema: Schema, path: Path) -> None:
    """Write a schema file, to be corrected by hand and given to `--schema`.

    Raises:
        RecordingError: The file cannot be written.
    """
    content = tomli_w.dumps(schema.model_dump(mode="json", exclude_defaults=True, exclude_none=True))
    head = "# What understudy-trainer took each field for. Correct what is wrong and give the file to --schema;\n"
    try:
        with replacing(path) as file:
            file.write(f"{head}# fields that are left out are guessed again.\n\n{content}".encode())
    except OSError as error:
        raise RecordingError(f"{path}: cannot be written ({error.strerror}); {remedy(error)}") from error


def refuse_unknown(corrections: Schema, known: list[str]) -> None:
    """Raise RecordingError if a correction names a field that the recording does not have."""
    for field in corrections.field:
        if field.path not in known:
            close = difflib.get_close_matches(field.path, known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise RecordingError(f"schema: the recording has no field {field.path!r}{hint}")
