"""Everything that is wrong with a specification, each with its place in the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from agent.problems import described

Model = TypeVar("Model", bound=BaseModel)


class Problems(list[str]):
    """What is wrong, in the file's order."""

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """A part of the specification: what it raises is a problem, and the next part goes on.

        Args:
            place: Where it stands in the file.
        """
        try:
            yield
        except ValidationError as error:  # what the agent would refuse of a bundle
            self += [f"{place}: {detail['msg'].removeprefix('Value error, ')}" for detail in error.errors()]
        except ValueError as error:
            self.append(f"{place}: {error}")

    def read(self, place: str, table: Any, model: type[Model]) -> Model | None:
        """A table as `model`; None where anything in it is wrong."""
        if not isinstance(table, dict):
            self.append(f"{place}: must be a table")
            return None
        try:
            return model.model_validate(table)
        except ValidationError as error:
            self += [f"{place} {problem}" for problem in described(error, table, model)]
            return None
