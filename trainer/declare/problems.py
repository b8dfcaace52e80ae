"""Everything that is wrong with a specification, each with its place in the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from math import isfinite
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from agent.problems import described

DEEPEST = 48
MOST_TOLD = 100

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
            self += [f"{place}: {_refused(detail)}" for detail in error.errors()]
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


def _refused(detail: Any) -> str:
    """What the agent would say of a bundle's key, with the key's value where it is short."""
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    key = ".".join(str(part) for part in detail["loc"])
    value = f" = {detail['input']}" if isinstance(detail["input"], int | float | str) else ""
    return f"{key}{value[:80]}: {message}" if key else message


def odd_values(data: dict[str, Any]) -> list[str]:
    """What TOML can say and a specification cannot: each with its place."""
    found: list[str] = []
    left: list[tuple[tuple[str, ...], Any]] = [((), data)]
    while left:
        keys, value = left.pop()
        problem = _odd(keys, value)
        if problem:
            found.append(f"{'.'.join(keys)[:200]}: {problem}")
        elif isinstance(value, dict):
            left += [((*keys, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            left += [((*keys, str(number)), inner) for number, inner in enumerate(value, 1)]
    return found[::-1]


def _odd(keys: tuple[str, ...], value: Any) -> str | None:
    if len(keys) > DEEPEST:
        return f"is nested more than {DEEPEST} deep"
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "is beyond 64 bits; write a smaller number, or a text"
    if isinstance(value, float) and not isfinite(value):
        return "must be a number"
    if isinstance(value, date | time) and keys[-1] != "from":
        return f'a time is written as text: "{value.isoformat()}"'
    return None


def shortened(problems: list[str]) -> list[str]:
    """Each problem once, and no more than anyone reads."""
    once = list(dict.fromkeys(problems))
    rest = len(once) - MOST_TOLD
    return once if rest <= 0 else [*once[:MOST_TOLD], f"… and {rest} more"]
