"""What a bundle says of itself: `manifest.json`, validated in full before anything is played."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from agent.message.template import Template
from agent.reading import Column
from agent.strict import Strict

FORMAT = "understudy-bundle/1"

PeriodName = Literal["day", "week", "month"]
BINS: dict[PeriodName, int] = {"day": 144, "week": 168, "month": 744}
"""Bins of equal length in each period: ten minutes in a day, an hour in a week or a month of 31 days."""


class Arrival(Strict):
    """When readings come. `interval_s` is the recording's median gap; None where it has no times."""

    interval_s: Annotated[float, Field(gt=0, le=1e9)] | None = None


class Coverage(Strict):
    """How much of a period the recording holds.

    Attributes:
        repetitions: How often the span of the recording holds the period.
        filled: Share of the period's bins that hold a message, 0 to 1.
    """

    repetitions: Annotated[float, Field(ge=0)]
    filled: Annotated[float, Field(ge=0, le=1)]


class Period(Strict):
    """Which periods the recording covers; the mean count of readings in each bin is an array beside it."""

    span_s: Annotated[float, Field(ge=0)] = 0.0
    covered: dict[PeriodName, Coverage] = Field(default_factory=dict)


class Provenance(Strict):
    """Where a bundle comes from. `recording` is a file's name without its folder, `span` two ISO times."""

    recording: str
    sha256: str
    rows: Annotated[int, Field(ge=0)]
    span: tuple[str, str] | None
    seed: int
    versions: dict[str, str]


class Manifest(Strict):
    """A bundle's manifest.

    `hours` says that rows differ by the hour of the day, `combinations` of which columns only certain codes
    occur together. `quality`, `parity` and `choice` (how
    the candidates of an automatic choice did) are figures measured at export, for people to read.
    """

    format: Literal["understudy-bundle/1"]
    sensor: Annotated[str, Field(min_length=1, max_length=256)]
    kind: str
    template: Template
    columns: Annotated[list[Column], Field(max_length=4096)]
    hours: bool = False
    combinations: list[Annotated[list[str], Field(max_length=256)]] = Field(default_factory=list, max_length=256)
    arrival: Arrival
    period: Period
    provenance: Provenance
    quality: dict[str, JsonValue]
    parity: dict[str, JsonValue]
    corrections: list[str] = Field(default_factory=list)
    choice: list[dict[str, JsonValue]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _template_and_columns_agree(self) -> "Manifest":
        if self.columns != self.template.columns:
            raise ValueError("columns: not those that the template needs, in its order")
        return self
