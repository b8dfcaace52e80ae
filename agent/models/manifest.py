"""What a bundle says of itself: `manifest.json`, validated in full before anything is played."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from agent.message.template import Template
from agent.reading import Column
from agent.series.process import Process
from agent.strict import IsoTime, Strict

FORMAT = "understudy-bundle/1"

PeriodName = Literal["day", "week", "month"]
BINS: dict[PeriodName, int] = {"day": 24, "week": 168, "month": 744}
"""Hours of each period; a month has 31 days."""

MOST_TERMS = 256  # of all processes

RhythmName = Literal["clock", "timer", "random"]


class Arrival(Strict):
    """When messages come; the distributions are arrays beside it.

    Attributes:
        interval_s: Median gap between ticks (messages that come together are one tick); None: there are no times.
        mean_s: Mean gap, but for those in which nothing came for long; None: the median is all that is known.
        rhythm: `clock`: ticks come at instants that are kept; `timer`: each a gap after the last; `random`: neither.
        phase: Where a clock's instants lie, as a share of the interval after local midnight; None: anywhere.
        excess: By how much the number of ticks in an hour varies beyond what gaps explain, over its mean.
        missed: Share of a clock's or timer's ticks that did not come.
    """

    interval_s: Annotated[float, Field(gt=0, le=1e9)] | None = None
    mean_s: Annotated[float, Field(gt=0, le=1e9)] | None = None
    rhythm: RhythmName | None = None
    phase: Annotated[float, Field(ge=0, lt=1)] | None = None
    excess: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    missed: Annotated[float, Field(ge=0, le=0.99)] = 0.0

    @property
    def pace_s(self) -> float | None:
        """Seconds between ticks on average."""
        return self.mean_s or self.interval_s


class Coverage(Strict):
    """How much of a period the recording holds.

    Attributes:
        repetitions: How often the span of the recording holds the period.
        filled: Share of the period's hours that hold a message, 0 to 1.
    """

    repetitions: Annotated[float, Field(ge=0)]
    filled: Annotated[float, Field(ge=0, le=1)]


class Period(Strict):
    """Which periods the recording covers; the mean number of ticks in each hour is an array beside it."""

    span_s: Annotated[float, Field(ge=0)] = 0.0
    covered: dict[PeriodName, Coverage] = Field(default_factory=dict)


class Provenance(Strict):
    """Where a bundle comes from. `recording` is a file's name without its folder, `span` two ISO times."""

    recording: str
    sha256: str
    rows: Annotated[int, Field(ge=0)]
    span: tuple[IsoTime, IsoTime] | None
    seed: int
    versions: dict[str, str]


class Manifest(Strict):
    """A bundle's manifest.

    `hours` says by how many hours rows differ (24 of the day, 168 of the week from Monday, 0: they do not),
    `combinations` of which columns only certain codes occur together, `processes` which columns follow in time; columns
    that no message shows stand last. `quality`, `parity` and `choice` (how
    the candidates of an automatic choice did) are figures measured at export, for people to read.
    """

    format: Literal["understudy-bundle/1"]
    sensor: Annotated[str, Field(min_length=1, max_length=256)]
    kind: str
    template: Template
    columns: Annotated[list[Column], Field(max_length=4096)]
    hours: Literal[0, 24, 168] = 0
    processes: Annotated[list[Process], Field(max_length=256)] = Field(default_factory=list)
    combinations: list[Annotated[list[str], Field(max_length=256)]] = Field(default_factory=list, max_length=256)
    arrival: Arrival
    period: Period
    provenance: Provenance
    quality: dict[str, JsonValue]
    parity: dict[str, JsonValue]
    corrections: list[str] = Field(default_factory=list)
    choice: list[dict[str, JsonValue]] = Field(default_factory=list)

    @property
    def origin(self) -> str:
        """Where what it says comes from."""
        return "declared" if self.kind == "declared" else "recorded"

    @model_validator(mode="after")
    def _template_and_columns_agree(self) -> "Manifest":
        written, names = len(self.template.columns), [column.name for column in self.columns]
        if self.columns[:written] != self.template.columns or len(set(names)) < len(names):
            raise ValueError("columns: not those that the template needs, in its order")
        if not set(names[written:]) <= {
            name for process in self.processes for name in (process.column, *process.needs())
        }:
            raise ValueError("columns: not those that the template and the processes need")
        return self

    @model_validator(mode="after")
    def _processes_follow_from_what_is_there(self) -> "Manifest":
        there = {column.name for column in self.columns}
        open_ = [process.column for process in self.processes]
        if sum(len(case.terms) for process in self.processes for case in process.cases) > MOST_TERMS:
            raise ValueError(f"processes: have more than {MOST_TERMS} terms")
        for process in self.processes:
            if not {process.column, *process.needs()} <= there or process.needs() & set(open_):
                raise ValueError(f"processes: {process.column!r} follows from what is not there, or made after it")
            open_.remove(process.column)
        if len({process.column for process in self.processes}) < len(self.processes):
            raise ValueError("processes: two of one column")
        return self
