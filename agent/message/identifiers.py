"""Strings and numbers that are made afresh for every message, in the shape of the recorded ones."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from agent.message.leaves import Pen, Table, to_json
from agent.reading import Column, Readings
from agent.strict import Strict

LONGEST = 4096  # characters of an identifier


class Run(Strict):
    """A run of characters in an identifier: `count` from `alphabet`."""

    alphabet: Annotated[str, Field(min_length=1, max_length=128)]
    count: Annotated[int, Field(ge=1, le=LONGEST)]


class Identifier(Strict):
    """A string made afresh for every message, in the shape of the recorded ones; none is ever replayed."""

    node: Literal["identifier"] = "identifier"
    runs: Annotated[list[Run], Field(min_length=1, max_length=LONGEST)]
    quoted: bool = True

    @model_validator(mode="after")
    def _it_is_of_reasonable_length(self) -> "Identifier":
        if sum(run.count for run in self.runs) > LONGEST:
            raise ValueError(f"an identifier has at most {LONGEST} characters")
        return self

    @model_validator(mode="after")
    def _an_unquoted_one_is_a_number(self) -> "Identifier":
        first, *rest = self.runs
        alphabets = "".join(run.alphabet for run in self.runs)
        digits = alphabets.isascii() and alphabets.isdigit()
        if not self.quoted and (not digits or "0" in first.alphabet or (rest and first.count != 1)):
            raise ValueError("an identifier without quotes is digits, and does not start with 0")
        return self

    def columns(self) -> list[Column]:
        return []

    def render(self, readings: Readings, pen: Pen) -> list[str]:
        return [to_json(text) if self.quoted else text for text in self.fresh(len(readings), pen.rng)]

    def fresh(self, count: int, rng: np.random.Generator) -> list[str]:
        """`count` new strings of this shape."""
        texts = [""] * count
        for run in self.runs:
            picks = rng.integers(len(run.alphabet), size=(count, run.count)).tolist()
            texts = [text + "".join(run.alphabet[pick] for pick in row) for text, row in zip(texts, picks, strict=True)]
        return texts

    def parse(self, values: list[Any], table: Table) -> None:
        """Recorded identifiers are not learnt."""
