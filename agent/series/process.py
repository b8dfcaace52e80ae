"""What a bundle says of a column that is not drawn, but follows: from time, from other columns, from itself."""

from typing import Annotated

from pydantic import Field, model_validator

from agent.message.leaves import Limit
from agent.series.terms import Term
from agent.strict import Strict


class Case(Strict):
    """How a column comes about: what is drawn for it, and the terms that are added to that.

    Attributes:
        table: Which of the model's tables turns the drawn normal into a value; None: nothing is drawn.
        terms: See `agent.series.terms`.
        low: The sum is never lower.
        high: The sum is never higher.
    """

    table: Annotated[int, Field(ge=0)] | None = None
    terms: Annotated[list[Term], Field(max_length=16)] = Field(default_factory=list)
    low: Limit = -1e15
    high: Limit = 1e15

    @model_validator(mode="after")
    def _low_is_not_above_high(self) -> "Case":
        if self.low > self.high:
            raise ValueError("a case's low is above its high")
        return self


class Process(Strict):
    """A column that follows.

    Attributes:
        column: Which one.
        draw: The column of the normals that its tables take; None: no case has one.
        by: The category column whose code says which case holds; None: there is one case.
        cases: By code.
    """

    column: str
    draw: str | None = None
    by: str | None = None
    cases: Annotated[list[Case], Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _is_complete(self) -> "Process":
        if self.draw is None and any(case.table is not None for case in self.cases):
            raise ValueError(f"process {self.column!r}: has a table, but no draw for it")
        if self.by is None and len(self.cases) > 1:
            raise ValueError(f"process {self.column!r}: has several cases, and no column to choose by")
        return self

    def needs(self) -> set[str]:
        """The columns that it is made of."""
        followed = {column for case in self.cases for term in case.terms for column in term.needs()}
        return followed | {column for column in (self.draw, self.by) if column is not None}
