"""From a network's outputs to values: which outputs belong to which column, and how they choose its value."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle
from agent.models.noise import normals
from agent.models.tables import Segments, Table, read_plan

MOST_OUTPUTS = 20_000
OUT_OF_REACH = 500.0  # a logit so far below another, whatever a network says, is never chosen

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class Spans:
    """The outputs of a network are one a number, in the columns' order; then every column's logits.

    Where each code is drawn by its probability, only differences of logits matter: a column's first is 0 and no output.
    In an hour of the day `lean` is added to the logits. A number is `center + scale · v` of the component that its
    logits choose, with v the tanh of its own output, plus `noise` of a normal; then its table says it, if there are
    tables, of which an hour may have its own; between `low` and `high`; rounded if `whole`.

    Attributes:
        sizes: How many codes each column has.
        numbers: Positions of the columns that hold numbers.
        outputs: How many outputs the network must have.
        cells: How many numbers it holds at a time for a row.
    """

    def __init__(
        self,
        sizes: list[int],
        numbers: list[int],
        arrays: Mapping[str, NDArray[Any]],
        argmax: bool,
        tables: Sequence[list[Table]] = (),
    ) -> None:
        """`tables`: of the numbers at any hour, then in each hour of the day, if these have their own."""
        self.sizes, self.numbers = sizes, np.array(numbers, np.intp)
        logits = sizes if argmax else [size - 1 for size in sizes]
        self.outputs = len(numbers) + sum(logits)
        places = arrays["codes"] if argmax else None
        self._choices = [_Choices(columns, logits, len(numbers), places) for columns in _alike(sizes)]
        self.cells = self.outputs + sum(choices.cells for choices in self._choices)
        first = np.cumsum([0, *(sizes[place] for place in numbers)])[:-1]
        self._component = np.asarray(first, np.intp)[:, None]
        self._center, self._scale = arrays["center"], arrays["scale"]
        self._noise = arrays["noise"][:, None].astype(np.float32)
        self._noisy = bool(self._noise.any())
        self._logits = np.cumsum([0, *logits]) if not argmax else None
        self._lean = arrays.get("lean", np.empty((0, sum(logits)))).astype(np.float32)
        self._tables, self._entered = tables, -1
        self._low, self._high = arrays["low"][:, None], arrays["high"][:, None]
        self._whole = np.flatnonzero(arrays["whole"])

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """The spans of a bundle's columns, and of the hour of the day after them where its rows differ by it.

        Raises:
            BundleError: An array is missing, misshapen or not finite, or does not fit the columns.
        """
        columns = bundle.manifest.columns
        numbers = [place for place, column in enumerate(columns) if not column.size]
        hours = bundle.manifest.hours
        sizes = bundle.array("kinds", "<i4", (len(columns) + bool(hours),)).tolist()
        categories = all(not c.size or c.size == size for c, size in zip(columns, sizes, strict=False))
        if not categories or not all(size >= 1 for size in sizes) or sum(sizes) > MOST_OUTPUTS:
            raise bundle.error("kinds.npy", f"must be 1 or more, those of the categories, {MOST_OUTPUTS} in all")
        components = sum(sizes[place] for place in numbers)
        arrays = {name: bundle.array(name, "<f8", (components,)) for name in ("center", "scale")}
        arrays |= {name: bundle.array(name, "<f8", (len(numbers),)) for name in ("noise", "low", "high")}
        if bool(np.any(arrays["low"] > arrays["high"])) or bool(np.any(arrays["noise"] < 0)):
            raise bundle.error("low.npy", "must be at most high, and noise at least 0")
        arrays["whole"] = np.array([columns[place].integer for place in numbers], np.float64)
        argmax = bool(bundle.array("argmax", "|b1", (1,))[0])
        if argmax:
            arrays["codes"] = _codes(bundle, sizes)
        if hours:
            arrays["lean"] = bundle.array("lean", "<f4", (hours, sum(sizes) - (0 if argmax else len(sizes))))
            if arrays["lean"][:, sum(sizes[:-1]) - (0 if argmax else len(sizes) - 1) :].any():
                raise bundle.error("lean.npy", "must be 0 in the logits of the hour itself")
        plans = 1 + hours if hours or bundle.manifest.kind == "copula-gan" else 0
        return cls(sizes, numbers, arrays, argmax, read_plan(bundle, plans, len(numbers)) if plans else ())

    def values(self, outputs: Singles, rng: np.random.Generator, hour: int | None = None) -> Floats:
        """What outputs, shape (outputs, rows), choose, at any hour or in one: shape (columns, rows)."""
        if hour is not None:
            outputs = outputs.copy()
            outputs[len(self.numbers) :] += self._lean[hour][:, None]
        codes = np.empty((len(self.sizes), outputs.shape[1]), np.intp)
        for choices in self._choices:
            codes[choices.columns] = choices.codes(outputs, rng)
        values = codes.astype(np.float64)
        if self.numbers.size:
            shares = np.tanh(outputs[: len(self.numbers)])
            said = self._said(codes[self.numbers] + self._component, shares, rng)
            values[self.numbers] = self._limited(self._looked_up(said, hour))
        return values

    def never(self, column: int, hour: int) -> NDArray[np.bool_]:
        """Which codes of a category are not drawn in an hour, shape (codes,), as others lead by too much."""
        if self._logits is None:
            return np.zeros(self.sizes[column], np.bool_)
        lean = np.append(0, self._lean[hour, self._logits[column] : self._logits[column + 1]])
        beyond: NDArray[np.bool_] = lean < lean.max() - OUT_OF_REACH
        return beyond

    def _said(self, component: NDArray[np.intp], shares: Singles, rng: np.random.Generator) -> Floats:
        """The numbers at these shares of components, shape (numbers, rows)."""
        if self._noisy:
            shares += self._noise * normals(shares.shape, rng)
            np.clip(shares, -1, 1, out=shares)
        numbers: Floats = self._center.take(component) + self._scale.take(component) * shares
        return numbers

    def _looked_up(self, said: Floats, hour: int | None) -> Floats:
        if not self._tables:
            return said
        plan = 0 if hour is None else 1 + hour
        if plan != self._entered:
            self._entered, self._segments = plan, Segments(self._tables[plan])
        return self._segments.values(said.T).T

    def _limited(self, numbers: Floats) -> Floats:
        """Within their limits, whole ones rounded."""
        np.minimum(np.maximum(numbers, self._low, out=numbers), self._high, out=numbers)
        if self._whole.size:
            numbers[self._whole] = np.rint(numbers[self._whole])
        return numbers


class _Choices:
    """Columns with about as many logits, chosen together: a rectangle of outputs, filled up with each column's last."""

    def __init__(self, columns: list[int], logits: list[int], numbers: int, codes: NDArray[np.integer] | None) -> None:
        """`codes`: which one each logit of all columns stands for, where the largest chooses."""
        self.columns = np.array(columns, np.intp)
        ends = numbers + np.cumsum(logits)
        self._widest = max(logits[column] for column in columns)
        places = [min(ends[c] - logits[c] + k, ends[c] - 1) for k in range(self._widest) for c in columns]
        self._places = np.maximum(places, 0).astype(np.intp)  # a single code without a logit is filled up with any
        self.cells = (1 + self._widest) * len(columns)
        self._codes = None if codes is None else codes[self._places - numbers].reshape(self._widest, len(columns))
        self._counted = np.min_scalar_type(self._widest)
        self._last = np.array([logits[column] for column in columns], np.intp)  # code of each, where they are drawn

    def codes(self, outputs: Singles, rng: np.random.Generator) -> NDArray[np.integer]:
        """The code that each column's logits choose, shape (columns, rows)."""
        logits = outputs[self._places].reshape(self._widest, len(self.columns), outputs.shape[1])
        return self._drawn(logits, rng) if self._codes is None else self._largest(logits, self._codes)

    def _largest(self, logits: Singles, codes: NDArray[np.integer]) -> NDArray[np.integer]:
        """The code of the first of the largest, of what SDV compares: far out, tanh makes them equal."""
        places = np.tanh(logits).argmax(axis=0)
        return np.asarray(codes[places, np.arange(len(self.columns))[:, None]])

    def _drawn(self, logits: Singles, rng: np.random.Generator) -> NDArray[np.integer]:
        """Each by its probability, with a first logit of 0 before the others."""
        widest, columns, count = logits.shape
        cumulated = np.empty((1 + widest, columns, count), np.float32)
        cumulated[0], cumulated[1:] = 0, logits
        cumulated -= cumulated.max(axis=0)
        np.exp(cumulated, out=cumulated)
        for before, share in pairwise(cumulated):  # many times as fast as `cumsum`, which makes a run of each row
            np.add(share, before, out=share)
        picks = 1 - rng.random((columns, count), np.float32)  # never 0, or a code of no probability could be the first
        picks *= cumulated[self._last, np.arange(columns)]  # of its own total: never into what fills a column up
        codes: NDArray[np.integer] = (cumulated < picks).view(np.uint8).sum(axis=0, dtype=self._counted)
        return codes


def _codes(bundle: Bundle, sizes: list[int]) -> NDArray[np.integer]:
    codes = bundle.array("codes", "<i4", (sum(sizes),))
    columns = np.split(codes, np.cumsum(sizes)[:-1]) if sizes else []
    if any(sorted(column.tolist()) != list(range(len(column))) for column in columns):
        raise bundle.error("codes.npy", "must name each code of a column once")
    return codes


def _alike(sizes: list[int]) -> list[list[int]]:
    """Positions of columns in groups: up to 12 logits, up to 24, up to 48 and so on."""
    groups: dict[int, list[int]] = {}
    for place, size in enumerate(sizes):
        groups.setdefault(max(0, int(np.ceil(np.log2(size / 12)))), []).append(place)
    return list(groups.values())
