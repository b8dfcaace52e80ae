"""Strings and numbers that are made afresh for every message, in the shape of the recorded ones.

They are a function of a key, of the node's place in the template and of the reading's seq, so a message that
is written once more is the same again, whatever was written before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PrivateAttr, model_validator

from agent.message.leaves import Pen, Table, to_json
from agent.message.splitmix import Words, splitmix
from agent.reading import Column, Readings
from agent.strict import Strict

LONGEST = 4096  # characters of an identifier

_32 = np.uint64(32)


class Run(Strict):
    """A run of characters in an identifier: `count` from `alphabet`."""

    alphabet: Annotated[str, Field(min_length=1, max_length=128)]
    count: Annotated[int, Field(ge=1, le=LONGEST)]


@dataclass(frozen=True, slots=True, eq=False)
class _Characters:
    """What every string of a shape is written with.

    Attributes:
        positions: 0, 1, … of each character in the string.
        sizes: Of the alphabet at each position.
        starts: Where that alphabet begins in `letters`.
        letters: The alphabets of all runs, one after the other, as code points.
    """

    positions: Words
    sizes: Words
    starts: Words
    letters: NDArray[np.uint32]


class Identifier(Strict):
    """A string made afresh for every message, in the shape of the recorded ones; none is ever replayed."""

    node: Literal["identifier"] = "identifier"
    runs: Annotated[list[Run], Field(min_length=1, max_length=LONGEST)]
    quoted: bool = True
    _salt: int = PrivateAttr(0)

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
        texts = self.fresh(readings.seq, pen.key)
        return [to_json(text) for text in texts] if self.quoted else texts

    def fresh(self, seqs: Sequence[int], key: int) -> list[str]:
        """A string of this shape for each of `seqs`; for the same key and seq it is always the same one."""
        characters = self._characters
        width = len(characters.positions)
        places = np.array(seqs, np.uint64)[:, None] * np.uint64(width) + characters.positions
        draws = splitmix(key + self._salt, places)
        draws >>= _32
        draws *= characters.sizes
        draws >>= _32  # the same share of the alphabet as it was of 2**32
        draws += characters.starts
        text = characters.letters[draws].tobytes().decode("utf-32-le")
        return [text[start : start + width] for start in range(0, len(text), width)]

    def stand_at(self, place: int) -> None:
        """Take a place among the nodes of a template: the same shape at another one makes other strings."""
        self._salt = int(splitmix(place, np.zeros(1, np.uint64))[0])

    @cached_property
    def _characters(self) -> "_Characters":
        counts, sizes = [run.count for run in self.runs], [len(run.alphabet) for run in self.runs]
        return _Characters(
            positions=np.arange(sum(counts), dtype=np.uint64),
            sizes=np.repeat(np.array(sizes, np.uint64), counts),
            starts=np.repeat(np.cumsum([0, *sizes[:-1]]).astype(np.uint64), counts),
            letters=np.frombuffer("".join(run.alphabet for run in self.runs).encode("utf-32-le"), "<u4"),
        )

    def parse(self, values: list[Any], table: Table) -> None:
        """Recorded identifiers are not learnt."""


def uuid_runs(hexa: str = "0123456789abcdef") -> list[Run]:
    """RFC 9562, version 4: the version and the variant have places of their own."""
    runs = [(hexa, 8), ("-", 1), (hexa, 4), ("-", 1), ("4", 1), (hexa, 3), ("-", 1), (hexa[8:12], 1), (hexa, 3)]
    return [Run(alphabet=alphabet, count=count) for alphabet, count in [*runs, ("-", 1), (hexa, 12)]]
