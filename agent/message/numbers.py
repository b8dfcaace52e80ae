"""How a sensor writes its numbers, learnt once and then kept: grid, precision, decimals, quotes."""

import math
from array import array
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from agent.strict import Strict


class NumberFormat(Strict):
    """From a column's values to the text of a JSON number (or a string that holds one), and back.

    Attributes:
        denominator: Every value is a whole multiple of increment/denominator (1: integers, 100: two
            decimals, 256: a quantised score); the column then holds the multiples. None: it holds the value.
        increment: See there.
        single: Every value is exactly a 32-bit float.
        significant: Significant digits, where values are written with fewer than a 64-bit float needs.
        decimals: Digits after the point, where trailing zeros are written too.
        whole: A value without fraction is written as an integer (`426`, not `426.0`).
        quoted: The number stands in a JSON string.
    """

    denominator: Annotated[int, Field(ge=1, le=10**9)] | None = None
    increment: Annotated[int, Field(ge=1, le=10**9)] = 1
    single: bool = False
    significant: Annotated[int, Field(ge=1, le=17)] | None = None
    decimals: Annotated[int, Field(ge=0, le=17)] | None = None
    whole: bool = False
    quoted: bool = False

    def column_value(self, value: float | str) -> float:
        """What the column holds for a value of a message."""
        number = float(value)
        return number if self.denominator is None else float(round(number * self.denominator / self.increment))

    def numbers(self, values: Sequence[float]) -> Sequence[float]:
        """The numbers that are written for values of the column."""
        if self.denominator is not None:
            return [round(x) * self.increment / self.denominator for x in values]
        if self.single:
            return array("f", values).tolist()
        if self.significant is not None:
            return [float(f"{x:.{self.significant}g}") for x in values]
        return values

    def rounded(self, values: Sequence[float]) -> list[float]:
        """Values of the column, as far as they are written."""
        if self.denominator is not None:
            return [float(round(x)) for x in values]
        if self.single:
            return array("f", values).tolist()
        if self.significant is not None:
            return [float(f"{x:.{self.significant}g}") for x in values]
        return list(values) if self.decimals is None else [round(x, self.decimals) for x in values]

    def step(self, value: float) -> float:
        """How far from a rounded `value` the next one is that is written differently, in the column's unit."""
        if self.denominator is not None:
            return 1.0
        if self.single:
            return float(np.spacing(np.float32(abs(value))))
        if self.significant is not None:
            step = 10.0 ** (math.floor(math.log10(abs(value) or 1.0)) + 1 - self.significant)
            return max(math.ulp(value), float(step))
        return math.ulp(value) if self.decimals is None else max(math.ulp(value), 10.0**-self.decimals)

    def texts(self, values: Sequence[float]) -> list[str]:
        """The JSON text of each value of the column, quotes included."""
        numbers = self.numbers(values)
        if self.decimals is None and not self.whole:
            texts = [repr(x + 0.0) for x in numbers]  # + 0.0 turns -0.0 into 0.0
        else:
            texts = [self.text(x) for x in numbers]
        return [f'"{text}"' for text in texts] if self.quoted else texts

    def text(self, number: float) -> str:
        """One number as the sensor writes it, without quotes."""
        if self.decimals is not None:
            return f"{number:z.{self.decimals}f}"  # z: never -0.0
        if self.whole and number.is_integer():
            return str(int(number))
        return repr(number + 0.0)
