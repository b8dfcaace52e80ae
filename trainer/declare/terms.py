"""The terms of a series, as a specification names them, and as a bundle holds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from agent.problems import closest
from agent.series.terms import FollowTerm, LevelTerm, NoiseTerm, SeasonalTerm, Term, TrendTerm, WalkTerm
from agent.strict import Strict
from trainer.declare.columns import Columns
from trainer.declare.problems import Problems
from trainer.declare.processes import response
from trainer.declare.spec import Moment

Size = Annotated[float, Field(ge=-1e12, le=1e12)]
Spread = Annotated[float, Field(gt=0, le=1e12)]
Coefficients = Annotated[list[Size], Field(min_length=1, max_length=256)]


@dataclass(frozen=True)
class Scale:
    """In which unit columns hold values.

    Attributes:
        unit: What a value is multiplied by for the column that the term is of.
        units: The same of every number that can be followed.
        columns: Takes arrays.
    """

    unit: float
    units: Mapping[str, float]
    columns: Columns


class WhiteNoise(Strict):
    """Normal noise, each reading's by itself."""

    name: Literal["white-noise"]
    std: Spread

    def term(self, scale: Scale) -> Term:
        return _noise([], [], self.std, scale)


class Ar(Strict):
    """An autoregression: each value follows from the last ones by `coefficients`, and noise of `std`."""

    name: Literal["ar"]
    coefficients: Coefficients
    std: Spread

    def term(self, scale: Scale) -> Term:
        return _noise(self.coefficients, [], self.std, scale)


class Ma(Strict):
    """A moving average: noise of `std`, and the last ones' by `coefficients`."""

    name: Literal["ma"]
    coefficients: Coefficients
    std: Spread

    def term(self, scale: Scale) -> Term:
        return _noise([], self.coefficients, self.std, scale)


class Arma(Strict):
    """Both."""

    name: Literal["arma"]
    ar: Coefficients
    ma: Coefficients
    std: Spread

    def term(self, scale: Scale) -> Term:
        return _noise(self.ar, self.ma, self.std, scale)


class RandomWalk(Strict):
    """A step of `std` at each reading, from `start`; it turns back at `low` and `high`."""

    name: Literal["random-walk"]
    std: Spread
    start: Size = 0.0
    low: Size | None = None
    high: Size | None = None

    def term(self, scale: Scale) -> Term:
        walls = [None if wall is None else wall * scale.unit for wall in (self.low, self.high)]
        return WalkTerm(std=self.std * scale.unit, start=self.start * scale.unit, low=walls[0], high=walls[1])


class Seasonal(Strict):
    """A wave in local time; `phase` is the share of `period_s` after which it is highest."""

    name: Literal["seasonal"]
    period_s: Annotated[float, Field(ge=1e-3, le=1e12)]
    amplitude: Size
    phase: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def term(self, scale: Scale) -> Term:
        return SeasonalTerm(amplitude=self.amplitude * scale.unit, period_s=self.period_s, phase=self.phase)


class Trend(Strict):
    """A straight line, which is 0 at `from`."""

    name: Literal["trend"]
    per_day: Size
    start: Annotated[Moment, Field(alias="from")]

    def term(self, scale: Scale) -> Term:
        return TrendTerm(per_day=self.per_day * scale.unit, start=self.start)


class Level(Strict):
    """A constant."""

    name: Literal["level"]
    value: Size

    def term(self, scale: Scale) -> Term:
        return LevelTerm(value=self.value * scale.unit)


class Follow(Strict):
    """`slope` for each unit by which another field of the same message is above `origin`."""

    name: Literal["follow"]
    field: str
    slope: Size
    origin: Size = 0.0

    def term(self, scale: Scale) -> Term:
        if self.field not in scale.units:
            hint = closest(self.field, scale.units) or f"numbers: {', '.join(scale.units)}"
            raise ValueError(f"field = {self.field!r}: no number is declared by this name; {hint}")
        unit = scale.units[self.field]
        return FollowTerm(column=self.field, slope=self.slope * scale.unit / unit, origin=self.origin * unit)


TermSpec = WhiteNoise | Ar | Ma | Arma | RandomWalk | Seasonal | Trend | Level | Follow

TERMS: dict[str, type[TermSpec]] = {
    "white-noise": WhiteNoise,
    "ar": Ar,
    "ma": Ma,
    "arma": Arma,
    "random-walk": RandomWalk,
    "seasonal": Seasonal,
    "trend": Trend,
    "level": Level,
    "follow": Follow,
}


def terms_of(series: list[dict[str, Any]], place: str, scale: Scale, problems: Problems) -> list[Term]:
    """The terms of a series.

    Args:
        series: As the specification has them.
        place: Where they stand in it.
        scale: In which unit.
        problems: Takes what is wrong.
    """
    found: list[Term] = []
    for number, table in enumerate(series, 1):
        at, name = f"{place} series {number}", table.get("name")
        if not isinstance(name, str):
            problems.append(f"{at}: must have a name; known: {', '.join(TERMS)}")
            continue
        kind = TERMS.get(name)
        if kind is None:
            hint = closest(str(name), TERMS) or f"known: {', '.join(TERMS)}"
            problems.append(
                f"{at}: name = {str(name)[:80]!r}: no term is called that; {hint}"
                if name
                else f"{at}: has no name; {hint}"
            )
            continue
        read = problems.read(at, table, kind)
        if read is not None:
            with problems.at(at):
                found.append(read.term(scale))
    return found


def followed(series: list[dict[str, Any]]) -> list[str]:
    """The fields that the terms of a series follow."""
    return [str(table.get("field")) for table in series if table.get("name") == "follow"]


def _noise(ar: list[float], ma: list[float], std: float, scale: Scale) -> Term:
    return NoiseTerm(response=scale.columns.array("response", response(ar, ma, std * scale.unit)))
