"""Guess how a sensor writes a number from what it wrote."""

import re
from collections.abc import Sequence

import numpy as np

from agent.message.numbers import NumberFormat

NUMERIC = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
DENOMINATORS = sorted([2**k for k in range(13)] + [10**k for k in range(1, 8)])

Value = int | float | str


def guess_number(values: Sequence[Value]) -> NumberFormat:
    """The format in which all of `values` (numbers, or strings that hold numbers) are written exactly.

    The coarsest grid wins: scores that are all multiples of 1/256 are that, and not eight decimals.
    """
    texts = [value if isinstance(value, str) else repr(value) for value in values]
    numbers = [float(text) for text in texts]
    quoted = isinstance(values[0], str)
    whole = any(re.fullmatch(r"-?\d+", text) for text in texts)
    decimals = _fixed_decimals(texts) if quoted and not whole else None
    if decimals is not None and decimals <= 7:
        return NumberFormat(denominator=10**decimals, decimals=decimals, quoted=quoted)
    for denominator in DENOMINATORS:
        if all(abs(x) * denominator < 2**53 and round(x * denominator) / denominator == x for x in numbers):
            return NumberFormat(denominator=denominator, whole=whole, quoted=quoted)
    with np.errstate(over="ignore"):
        single = all(float(np.float32(x)) == x for x in numbers)
    significant = None if single else _significant(numbers)
    return NumberFormat(single=single, significant=significant, decimals=decimals, whole=whole, quoted=quoted)


def _fixed_decimals(texts: list[str]) -> int | None:
    """Digits after the point, where all have as many and some end in zero."""
    counts = {len(text.partition(".")[2]) for text in texts}
    fixed = len(counts) == 1 and any(text.endswith("0") for text in texts)
    return counts.pop() if fixed and not any("e" in text.lower() for text in texts) else None


def _significant(numbers: list[float]) -> int | None:
    """The fewest significant digits that write all numbers exactly, where that is fewer than 17."""
    return next((n for n in range(4, 16) if all(float(f"{x:.{n}g}") == x for x in numbers)), None)
