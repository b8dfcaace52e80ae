"""From a network's outputs to rows: which outputs belong to which column, and how they choose its value."""

from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle

MOST_OUTPUTS = 20_000
NEVER = -1e30  # a logit that is never chosen

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class Spans:
    """The outputs of a network are one a number, in the columns' order; then every column's logits.

    Attributes:
        sizes: How many logits each column has.
        numbers: Positions of the columns that hold numbers.
        outputs: How many outputs the network must have.
    """

    def __init__(self, sizes: list[int], numbers: list[int], arrays: dict[str, Floats], argmax: bool) -> None:
        self.sizes, self.numbers, self._argmax = sizes, np.array(numbers, np.intp), argmax
        self.outputs = len(numbers) + sum(sizes)
        self._center, self._scale, self._noise = (
            arrays["center"],
            arrays["scale"],
            arrays["noise"][:, None].astype(np.float32),
        )
        self._low, self._high = np.full(len(sizes), -np.inf), np.full(len(sizes), np.inf)
        self._low[numbers], self._high[numbers] = arrays["low"], arrays["high"]
        self._noisy = bool(self._noise.any())
        self._whole = np.flatnonzero(arrays["whole"])
        first = np.cumsum([0, *(sizes[place] for place in numbers)])[:-1]
        self._component = np.asarray(first, np.intp)[:, None]
        self._blocks = [_Block(columns, sizes, len(numbers)) for columns in _alike(sizes)]

    @classmethod
    def load(cls, bundle: Bundle, extra: int) -> Self:
        """The spans of a bundle's columns and of `extra` categories after them.

        Raises:
            BundleError: An array is missing, misshapen or not finite, or does not fit the columns.
        """
        columns = bundle.manifest.columns
        numbers = [place for place, column in enumerate(columns) if not column.size]
        sizes = bundle.array("kinds", "<i4", (len(columns) + extra,)).tolist()
        categories = all(not c.size or c.size == size for c, size in zip(columns, sizes, strict=False))
        if not categories or not all(size >= 1 for size in sizes) or sum(sizes) > MOST_OUTPUTS:
            raise bundle.error("kinds.npy", f"must be 1 or more, those of the categories, {MOST_OUTPUTS} in all")
        components = sum(sizes[place] for place in numbers)
        arrays = {name: bundle.array(name, "<f8", (components,)) for name in ("center", "scale")}
        arrays |= {name: bundle.array(name, "<f8", (len(numbers),)) for name in ("noise", "low", "high")}
        if bool(np.any(arrays["low"] > arrays["high"])) or bool(np.any(arrays["noise"] < 0)):
            raise bundle.error("low.npy", "must be at most high, and noise at least 0")
        arrays["whole"] = np.array([column.integer and not column.size for column in columns], np.float64)
        return cls(sizes, numbers, arrays, bool(bundle.array("argmax", "|b1", (1,))[0]))

    def rows(self, outputs: Singles, rng: np.random.Generator) -> Floats:
        """The rows that outputs choose, shape (rows, columns)."""
        by_output = np.ascontiguousarray(outputs.T)  # an output of all rows side by side: each step is one long run
        rows = np.empty((len(self.sizes), len(outputs)))
        for block in self._blocks:
            rows[block.columns] = block.codes(by_output, self._argmax, rng)
        if self.numbers.size:
            component = rows[self.numbers].astype(np.intp) + self._component
            share = np.tanh(by_output[: len(self.numbers)])
            if self._noisy:
                share += self._noise * rng.standard_normal(share.shape, np.float32)
                share = np.minimum(np.maximum(share, -1), 1)
            rows[self.numbers] = self._center[component] + self._scale[component] * share
        return rows.T

    def limited(self, rows: Floats) -> Floats:
        """Numbers within their limits, whole ones rounded."""
        rows = np.minimum(np.maximum(rows, self._low), self._high)
        if self._whole.size:
            rows[:, self._whole] = np.rint(rows[:, self._whole])
        return rows


class _Block:
    """Columns with about as many logits, chosen together: their outputs in a rectangle, filled up."""

    def __init__(self, columns: list[int], sizes: list[int], numbers: int) -> None:
        self.columns = np.array(columns, np.intp)
        firsts = np.cumsum([numbers, *sizes])
        self._widest = max(sizes[column] for column in columns)
        places = [[firsts[c] + min(k, sizes[c] - 1) for c in columns] for k in range(self._widest)]
        self._places = np.array(places, np.intp).ravel()
        unused = np.array([[k >= sizes[c] for c in columns] for k in range(self._widest)])
        self._filling = np.where(unused, NEVER, 0).astype(np.float32)[:, :, None] if unused.any() else None
        self._last = np.array([sizes[column] - 1 for column in columns])[:, None]

    def codes(self, by_output: Singles, argmax: bool, rng: np.random.Generator) -> NDArray[np.integer]:
        """The code that each column's logits choose, shape (columns of this block, rows)."""
        count = by_output.shape[1]
        logits = by_output[self._places].reshape(self._widest, len(self.columns), count)
        if argmax:  # of what SDV compares: far out, tanh makes the largest ones equal
            logits = np.tanh(logits)
        if self._filling is not None:
            logits += self._filling
        if argmax:
            largest: NDArray[np.intp] = logits.argmax(axis=0)
            return largest
        logits -= logits.max(axis=0)
        cumulated = np.exp(logits)
        for before, share in pairwise(cumulated):  # many times as fast as `cumsum`, which makes a run of each row
            np.add(share, before, out=share)
        picks = rng.random((len(self.columns), count), np.float32) * cumulated[-1]
        codes: NDArray[np.uint16] = np.minimum((cumulated <= picks).sum(axis=0, dtype=np.uint16), self._last)
        return codes


def _alike(sizes: list[int]) -> list[list[int]]:
    """Positions of columns in groups: up to 12 logits, up to 24, up to 48 and so on."""
    groups: dict[int, list[int]] = {}
    for place, size in enumerate(sizes):
        groups.setdefault(max(0, int(np.ceil(np.log2(size / 12)))), []).append(place)
    return list(groups.values())
