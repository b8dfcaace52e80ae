"""Bounding boxes: four coordinates in some order, modelled as a corner and a size above zero."""

import json
import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from agent.message.leaves import Limit, Pen, Table, is_value
from agent.message.numbers import NumberFormat
from agent.reading import Column, Readings
from agent.strict import Strict

Floats = NDArray[np.float64]
Order = Literal["yxyx", "xyxy", "xywh", "cxcywh"]

Four = tuple[float, float, float, float]

# Each order's four written numbers as corners (near y, near x, far y, far x), and corners as written.
_CORNERS: dict[Order, Callable[[float, float, float, float], Four]] = {
    "yxyx": lambda a, b, c, d: (a, b, c, d),
    "xyxy": lambda a, b, c, d: (b, a, d, c),
    "xywh": lambda a, b, c, d: (b, a, b + d, a + c),
    "cxcywh": lambda a, b, c, d: (b - d / 2, a - c / 2, b + d / 2, a + c / 2),
}
_WRITTEN: dict[Order, Callable[[float, float, float, float], Four]] = {
    "yxyx": lambda y, x, fy, fx: (y, x, fy, fx),
    "xyxy": lambda y, x, fy, fx: (x, y, fx, fy),
    "xywh": lambda y, x, fy, fx: (x, y, fx - x, fy - y),
    "cxcywh": lambda y, x, fy, fx: ((x + fx) / 2, (y + fy) / 2, fx - x, fy - y),
}


class Box(Strict):
    """A list of four coordinates, or a string that holds one.

    Attributes:
        column: Prefix of the four columns: `.y`, `.x` (the near corner), `.h`, `.w` (above zero).
        order: What the four numbers mean.
        limits: Largest recorded far corner (y, x), in the columns' unit: an object ends there, as a
            real one is cut off by the frame.
        quoted: The list stands in a JSON string.
        separator: Between the numbers.
    """

    node: Literal["box"] = "box"
    column: str
    order: Order
    format: NumberFormat
    limits: tuple[Limit, Limit]
    quoted: bool = False
    separator: str = Field(default=",", pattern=r"^ ?, ?$")

    @field_validator("format")
    @classmethod
    def _numbers_have_no_quotes(cls, format_: NumberFormat) -> NumberFormat:
        if format_.quoted:
            raise ValueError("a box's numbers have no quotes of their own")
        return format_

    def columns(self) -> list[Column]:
        whole = self.format.denominator is not None
        return [Column(name=f"{self.column}.{part}", integer=whole) for part in "yxhw"]

    def render(self, readings: Readings, _pen: Pen) -> list[str]:
        y, x, h, w = (readings.rows.numbers(f"{self.column}.{part}") for part in "yxhw")
        edges = zip(self._edges(y, h, self.limits[0]), self._edges(x, w, self.limits[1]), strict=True)
        order, whole = _WRITTEN[self.order], self.format.denominator is not None
        written = [part for (y, far_y), (x, far_x) in edges for part in order(y, x, far_y, far_x)]
        texts = iter(self.format.texts([math.floor(part) for part in written] if whole else written))
        quote, separator = '"' if self.quoted else "", self.separator
        return [f"{quote}[{separator.join(four)}]{quote}" for four in zip(*[texts] * 4, strict=True)]

    def parse(self, values: list[Any], table: Table) -> None:
        corners = box_corners(values, self.order, self.format)
        sizes = corners[2:] - corners[:2]
        names = [column.name for column in self.columns()]
        table.columns.update(zip(names, [*corners[:2], *sizes], strict=True))

    def _edges(self, near: list[float], size: list[float], limit: float) -> list[tuple[float, float]]:
        """Near and far edges as written: apart even after rounding, and not beyond the limit."""
        far = self.format.rounded([min(start + length, limit) for start, length in zip(near, size, strict=True)])
        pairs = zip(self.format.rounded(near), far, strict=True)
        return [(start, end) if end > start else self._apart(start, limit) for start, end in pairs]

    def _apart(self, near: float, limit: float) -> tuple[float, float]:
        """The narrowest edges at `near`, or at the limit."""
        step, (end,) = self.format.step, self.format.rounded([limit])
        other = near + step(near) if near < end else end - step(end)
        (other,) = self.format.rounded([other])
        return (near, other) if near < end else (other, end)


def corners(value: Any, order: Order) -> Four | None:
    """The edges of a box as a message has it: near y, near x, far y, far x; None: it is no box."""
    try:
        four = coordinates(value)
    except OverflowError:  # whole numbers of hundreds of digits
        return None
    return None if four is None or not all(map(math.isfinite, four)) else _CORNERS[order](*four)


def coordinates(value: Any) -> list[float] | None:
    """The four numbers of a recorded box, or None if it is not one."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.startswith("[") else None
        except ValueError:
            return None
    if not isinstance(value, list) or len(value) != 4:
        return None
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in value):
        return None
    return [float(number) for number in value]


def box_corners(values: list[Any], order: Order, format_: NumberFormat) -> Floats:
    """Near and far corners of recorded boxes, shape (4, values): y, x, y, x; NaN where there is none."""
    convert, columns = _CORNERS[order], format_.column_value
    found = [coordinates(value) if is_value(value) else None for value in values]
    rows = [convert(*map(columns, four)) if four else (math.nan,) * 4 for four in found]
    corners = np.array(rows, np.float64).reshape(-1, 4).T
    return corners if format_.denominator is None else np.ceil(corners)  # a centre may lie between two steps
