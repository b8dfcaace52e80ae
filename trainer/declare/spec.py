"""What a specification says, table by table. What its parts mean together is checked where they are built."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from agent.message.boxes import Order
from agent.message.leaves import Limit, Value
from agent.strict import Strict

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1e9)]
Family = dict[str, Any]
"""A distribution: its name and its parameters."""


def _is_number(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _count(value: object) -> object:
    if not isinstance(value, dict) and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError("must be a whole number or a distribution")
    return value


def _rates(value: object) -> object:
    rates = value.values() if isinstance(value, dict) else [value]
    if not all(_is_number(rate, 0, 1e6) for rate in rates):
        raise ValueError('must be a number from 0 to 1,000,000, or a table of windows such as "mon-fri 09:00-18:00"')
    return value


def _correlations(value: object) -> object:
    rows = value if isinstance(value, list) else [[value]]
    if not all(isinstance(row, list) and all(_is_number(one, -1, 1) for one in row) for row in rows):
        raise ValueError("must be a number from -1 to 1, or a matrix of them")
    return value


Count = Annotated[int | Family, BeforeValidator(_count)]
Rates = Annotated[float | dict[str, float], BeforeValidator(_rates)]
Correlations = Annotated[float | list[list[float]], BeforeValidator(_correlations)]


class NumberDraw(Strict):
    """How a number comes about: what is drawn anew each time, and what follows in time, added up.

    Attributes:
        distribution: Drawn anew; truncated to `min` and `max`.
        series: Terms that follow in time; with them, the sum is kept within `min` and `max`.
        min: It is never lower.
        max: It is never higher.
    """

    distribution: Family | None = None
    series: list[dict[str, Any]] = Field(default_factory=list, max_length=16)
    min: Limit | None = None
    max: Limit | None = None


class ChoiceDraw(Strict):
    """How often each label of a category comes: by weights, or by probabilities that add up to 1."""

    weights: dict[str, Weight] | None = None
    probabilities: dict[str, Share] | None = None


class YesDraw(Strict):
    """How often a boolean is true."""

    probability: Share | None = None


class Absent(Strict):
    """How often a field's value is null, and how often its key is missing."""

    null: Share = 0.0
    missing: Share = 0.0


class Number(NumberDraw, Absent):
    """A number; `when` says how it is drawn at certain hours, `cases` how with each label of the field `by`."""

    by: str | None = None
    cases: dict[str, NumberDraw] = Field(default_factory=dict)
    when: dict[str, NumberDraw] = Field(default_factory=dict)
    quoted: bool = False


class Float(Number):
    """A number with so many decimals at most."""

    type: Literal["float"]
    decimals: Annotated[int, Field(ge=0, le=9)] = 2


class Integer(Number):
    """A whole number."""

    type: Literal["integer"]


class Regime(Strict):
    """A state that lasts for a while.

    Attributes:
        mean_readings: How many readings, on average.
        next: Weights of the states that follow it; every other one alike where it is left out.
    """

    mean_readings: Annotated[float, Field(ge=1, le=1e6)]
    next: dict[str, Weight] = Field(default_factory=dict)


class Category(ChoiceDraw, Absent):
    """One of a few values, drawn anew each time or, with `regimes`, kept for a while.

    Attributes:
        labels: The JSON value that each label is written as; itself where it is left out.
    """

    type: Literal["category"]
    labels: dict[str, Value] = Field(default_factory=dict)
    regimes: dict[str, Regime] = Field(default_factory=dict)
    by: str | None = None
    cases: dict[str, ChoiceDraw] = Field(default_factory=dict)
    when: dict[str, ChoiceDraw] = Field(default_factory=dict)


class Boolean(YesDraw, Absent):
    """True or false."""

    type: Literal["boolean"]
    by: str | None = None
    cases: dict[str, YesDraw] = Field(default_factory=dict)
    when: dict[str, YesDraw] = Field(default_factory=dict)


class Timestamp(Absent):
    """A time: of the event, or so many seconds after it (`lag`), or of the batch's export (`export_delay_s`).

    Attributes:
        format: See `agent.message.times`.
        local: It is local time and does not say its offset from UTC.
        lag: Distribution of the seconds behind the event; negative ones lie before it.
        export_delay_s: Seconds between the last event of a batch and its export.
    """

    type: Literal["timestamp"]
    format: str = "YYYY-MM-DDThh:mm:ss.fffZ"
    local: bool = False
    lag: Family | None = None
    export_delay_s: Annotated[float, Field(ge=0, le=1e9)] | None = None


class Text(Absent):
    """A text made anew for every message; see `trainer.declare.patterns`."""

    type: Literal["text"]
    pattern: Annotated[str, Field(max_length=1000)]


class Uuid(Absent):
    """A random UUID."""

    type: Literal["uuid"]


class Counter(Absent):
    """A whole number that grows with every message; `start` is the first."""

    type: Literal["counter"]
    start: Annotated[int, Field(ge=-(2**62), lt=2**62)] = 1
    step: Annotated[int, Field(ge=-(2**31), lt=2**31)] = 1


class Constant(Absent):
    """The same JSON value in every message."""

    type: Literal["constant"]
    value: Value


class Box(Absent):
    """A bounding box, cut off by the frame.

    Attributes:
        order: What its four numbers mean.
        frame: Width and height in pixels; None: coordinates are shares of the frame, from 0 to 1.
        decimals: Of the coordinates; pixels are whole where it is left out.
        x: Distribution of the left edge.
        y: Of the upper edge.
        width: Of the width.
        height: Of the height.
        quoted: The list stands in a JSON string.
    """

    type: Literal["box"]
    order: Order = "yxyx"
    frame: tuple[Annotated[int, Field(ge=2, le=100_000)], Annotated[int, Field(ge=2, le=100_000)]] | None = None
    decimals: Annotated[int, Field(ge=0, le=9)] | None = None
    x: Family
    y: Family
    width: Family
    height: Family
    quoted: bool = False


class GroupWhen(Strict):
    """How many items there are at certain hours."""

    count: Count


class Group(Strict):
    """Items of one kind in a list.

    Attributes:
        count: How many there are in a message.
        max: There are never more; where it is left out, more than that come less than once in a thousand messages.
        when: The same at certain hours.
        items: Fields that only these items have, or have otherwise than the list's other items.
    """

    count: Count
    max: Annotated[int, Field(ge=0, le=64)] | None = None
    when: dict[str, GroupWhen] = Field(default_factory=dict)
    items: dict[str, dict[str, Any]] = Field(default_factory=dict)


class List(Absent):
    """A list of groups of items.

    Attributes:
        kind_key: Key of an item that holds its group's name; None: an item does not say.
        sorted_by: Field of an item by which they fall.
        items: The fields of every item.
        groups: By name.
    """

    type: Literal["list"]
    kind_key: str | None = None
    sorted_by: str | None = None
    items: dict[str, dict[str, Any]] = Field(default_factory=dict)
    groups: Annotated[dict[str, Group], Field(min_length=1, max_length=64)]


AnyField = Float | Integer | Boolean | Category | Timestamp | Text | Uuid | Counter | Constant | Box | List

FIELDS: dict[str, type[AnyField]] = {
    "float": Float,
    "integer": Integer,
    "boolean": Boolean,
    "category": Category,
    "timestamp": Timestamp,
    "text": Text,
    "uuid": Uuid,
    "counter": Counter,
    "constant": Constant,
    "box": Box,
    "list": List,
}


class Arrival(Strict):
    """When messages come.

    Attributes:
        interval_s: Seconds between them.
        per_hour: How many in an hour: always, or in each window, and `else`.
        spacing: At even intervals, or at random.
        jitter_s: A regular one is up to so much late.
        missed: Share of the regular ones that do not come.
        offset_s: Regular ones come so many seconds after a whole interval since local midnight; None: anywhere.
    """

    interval_s: Annotated[float, Field(ge=0.001, le=1e7)] | None = None
    per_hour: Rates | None = None
    spacing: Literal["regular", "poisson"] = "regular"
    jitter_s: Annotated[float, Field(ge=0)] = 0.0
    missed: Annotated[float, Field(ge=0, le=0.99)] = 0.0
    offset_s: Annotated[float, Field(ge=0)] | None = None


class Correlation(Strict):
    """Spearman's rank correlation of two fields, or of several as a matrix."""

    fields: Annotated[list[str], Field(min_length=2, max_length=64)]
    spearman: Correlations

    def pairs(self) -> dict[tuple[str, str], float]:
        """The correlation of each two fields.

        Raises:
            ValueError: There is one number for more than two fields, or no matrix of them.
        """
        names, count = self.fields, len(self.fields)
        if not isinstance(self.spearman, list):
            if count != 2:
                raise ValueError(f"spearman: one number is of two fields; give {count} fields a matrix")
            return {(names[0], names[1]): self.spearman}
        rows = self.spearman
        if len(rows) != count or any(len(row) != count for row in rows):
            raise ValueError(f"spearman: must be a matrix of {count} rows with {count} numbers each")
        if any(rows[i][i] != 1 or rows[i][k] != rows[k][i] for i in range(count) for k in range(count)):
            raise ValueError("spearman: must have 1 on its diagonal, and be the same above and below it")
        return {(names[i], names[k]): rows[i][k] for i in range(count) for k in range(i + 1, count)}


def _moment(value: object) -> object:
    """TOML has times of its own; a day or a time without an offset is UTC."""
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo else f"{value.isoformat()}+00:00"
    return f"{value.isoformat()}T00:00:00+00:00" if isinstance(value, date) else value


def _iso(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a time such as 2026-01-31 or 2026-01-31T12:00:00Z") from None
    return text if moment.tzinfo else f"{moment.isoformat()}+00:00"


Moment = Annotated[str, BeforeValidator(_moment), AfterValidator(_iso)]
