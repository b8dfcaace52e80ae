"""The terms that a series is made of, as a bundle declares them. Their arrays are in the bundle, by number."""

import math
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from agent.series.courses import Follower, Level, Line, Season
from agent.series.filtered import Response
from agent.series.moments import Arrays, Generator, Maker
from agent.series.regimes import Chain
from agent.series.walk import RandomWalk
from agent.strict import IsoTime, Strict

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 1e15

Value = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]
Number = Annotated[int, Field(ge=0, lt=512)]
"""Of an array: a bundle has no more members."""

FewNumber = Annotated[int, Field(ge=0, lt=32)]
"""Of an array that takes some megabytes once it is made ready."""


class _Alone(Strict):
    """A term that is made without other columns."""

    def needs(self) -> list[str]:
        """The columns that it is made of."""
        return []


class NoiseTerm(_Alone):
    """White noise and what is filtered from it: moving averages, autoregressions and both.

    Array: `series/response/{response}`, float64 of shape (1 to 65,536): the weights of this reading's standard
    normal, of the one before it, and so on.
    """

    term: Literal["noise"] = "noise"
    response: Number

    def load(self, arrays: Arrays) -> Maker:
        """What makes its generators. Raises BundleError: the array is not as it must be."""
        return Response.load(arrays, f"series/response/{self.response}")


class WalkTerm(_Alone):
    """A random walk: at every reading a normal step from the one before.

    Attributes:
        std: Standard deviation of a step.
        start: The value at seq 0, within `low` and `high`.
        low: A wall that it bounces off, or None.
        high: Another one above it, or None.
    """

    term: Literal["walk"] = "walk"
    std: Annotated[float, Field(ge=0, le=_LARGEST)]
    start: Value = 0.0
    low: Value | None = None
    high: Value | None = None

    @model_validator(mode="after")
    def _it_starts_between_its_walls(self) -> "WalkTerm":
        low, high = self._walls
        if not low < high:
            raise ValueError("a walk's low must be below its high")
        if not low <= self.start <= high:
            raise ValueError("a walk starts within its low and high")
        return self

    @property
    def _walls(self) -> tuple[float, float]:
        return -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high

    def load(self, _: Arrays) -> Maker:
        """What makes its generators."""
        return lambda key: RandomWalk(key, self.std, self.start, *self._walls)


class SeasonalTerm(_Alone):
    """A cosine of local time; see `Season`."""

    term: Literal["seasonal"] = "seasonal"
    amplitude: Value
    period_s: Annotated[float, Field(ge=1e-3, le=1e12)]
    phase: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def load(self, _: Arrays) -> Maker:
        """What makes its generators."""
        return _always(Season(self.amplitude, self.period_s, self.phase))


class TrendTerm(_Alone):
    """A straight line in time.

    Attributes:
        per_day: How much it rises in 86,400 seconds.
        start: When it is 0.
    """

    term: Literal["trend"] = "trend"
    per_day: Value
    start: IsoTime

    @property
    def start_s(self) -> float:
        """`start` in seconds since 1970 (UTC)."""
        return (datetime.fromisoformat(self.start) - _EPOCH).total_seconds()

    def load(self, _: Arrays) -> Maker:
        """What makes its generators."""
        return _always(Line(self.per_day, self.start_s))


class LevelTerm(_Alone):
    """The same value at every reading."""

    term: Literal["level"] = "level"
    value: Value

    def load(self, _: Arrays) -> Maker:
        """What makes its generators."""
        return _always(Level(self.value))


class FollowTerm(Strict):
    """A straight line in another column of the same row, 0 where that is `origin`."""

    term: Literal["follow"] = "follow"
    column: Annotated[str, Field(min_length=1, max_length=1024)]
    slope: Value
    origin: Value = 0.0

    def needs(self) -> list[str]:
        """The columns that it is made of."""
        return [self.column]

    def load(self, _: Arrays) -> Maker:
        """What makes its generators."""
        return _always(Follower(self.column, self.slope, self.origin))


class RegimesTerm(_Alone):
    """A Markov chain's state at each reading, as a code from 0.

    Array: `series/regimes/{regimes}`, float64 of shape (states, states), 2 to 64 states: the probabilities from
    each state (row) to each; see `Chain`.
    """

    term: Literal["regimes"] = "regimes"
    regimes: FewNumber

    def load(self, arrays: Arrays) -> Chain:
        """The chain, which makes its generators. Raises BundleError: the array is not as it must be."""
        return Chain.load(arrays, f"series/regimes/{self.regimes}")


Term = Annotated[
    NoiseTerm | WalkTerm | SeasonalTerm | TrendTerm | LevelTerm | FollowTerm | RegimesTerm, Field(discriminator="term")
]
"""Any term, by its `term`."""


def _always(generator: Generator) -> Maker:
    """One generator for every key: there is no chance in it."""
    return lambda _: generator
