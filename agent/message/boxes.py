"""Bounding boxes: four coordinates in some order, modelled as a corner and a size above zero."""

import json
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from agent.message.leaves import Pen, Table, is_value
from agent.message.numbers import NumberFormat
from agent.reading import Column, Readings
from agent.strict import Strict

Floats = NDArray[np.float64]
Order = Literal["yxyx", "xyxy", "xywh", "cxcywh"]

# Each order as (near y, near x, far y, far x) from the four written numbers, and back.
_CORNERS: dict[Order, Callable[[Floats], Floats]] = {
    "yxyx": lambda b: b,
    "xyxy": lambda b: b[[1, 0, 3, 2]],
    "xywh": lambda b: np.stack([b[1], b[0], b[1] + b[3], b[0] + b[2]]),
    "cxcywh": lambda b: np.stack([b[1] - b[3] / 2, b[0] - b[2] / 2, b[1] + b[3] / 2, b[0] + b[2] / 2]),
}
_WRITTEN: dict[Order, Callable[[Floats], Floats]] = {
    "yxyx": lambda c: c,
    "xyxy": lambda c: c[[1, 0, 3, 2]],
    "xywh": lambda c: np.stack([c[1], c[0], c[3] - c[1], c[2] - c[0]]),
    "cxcywh": lambda c: np.stack([(c[1] + c[3]) / 2, (c[0] + c[2]) / 2, c[3] - c[1], c[2] - c[0]]),
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
    limits: tuple[float, float]
    quoted: bool = False
    separator: str = Field(default=",", pattern=r"^ ?, ?$")

    def columns(self) -> list[Column]:
        whole = self.format.denominator is not None
        return [Column(name=f"{self.column}.{part}", integer=whole) for part in "yxhw"]

    def render(self, readings: Readings, _pen: Pen) -> list[str]:
        near_y, near_x, height, width = (readings.rows.column(f"{self.column}.{part}") for part in "yxhw")
        far_y = self._far(near_y, height, self.limits[0])
        far_x = self._far(near_x, width, self.limits[1])
        written = _WRITTEN[self.order](np.stack([near_y, near_x, far_y, far_x]))
        numbers = zip(*(self.format.texts(row) for row in written), strict=True)
        quote = '"' if self.quoted else ""
        return [f"{quote}[{self.separator.join(four)}]{quote}" for four in numbers]

    def parse(self, values: list[Any], table: Table) -> None:
        corners = box_corners(values, self.order, self.format)
        sizes = corners[2:] - corners[:2]
        names = [column.name for column in self.columns()]
        table.columns.update(zip(names, [*corners[:2], *sizes], strict=True))

    def _far(self, near: Floats, size: Floats, limit: float) -> Floats:
        """The far edge: within the recorded range, and beyond the near edge even after rounding."""
        far = np.minimum(near + size, limit)
        if self.format.denominator is not None:
            return np.maximum(np.rint(far), np.rint(near) + 1)
        if self.format.single:
            near32 = near.astype(np.float32)
            return np.maximum(far.astype(np.float32), np.nextafter(near32, np.float32(np.inf))).astype(np.float64)
        return np.maximum(far, np.nextafter(near, np.inf))


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
    nothing = [np.nan] * 4
    rows = [coordinates(v) or nothing if is_value(v) else nothing for v in values]
    scale = format_.denominator or 1
    written = np.array(rows, np.float64).reshape(-1, 4).T * scale
    corners: Floats = _CORNERS[order](written if scale == 1 else np.rint(written))
    return corners
