"""Declared numbers: the tables of their distributions, or the process of their series."""

from collections.abc import Mapping
from math import ceil, floor, inf
from typing import Any

from agent.message.leaves import Number
from agent.message.numbers import NumberFormat
from agent.models.tables import Table
from agent.problems import closest
from agent.reading import Column
from agent.series.process import Case, Process
from trainer.declare import distributions, spec
from trainer.declare.columns import NORMAL, NOTHING, Columns
from trainer.declare.distributions import Distribution
from trainer.declare.problems import Problems
from trainer.declare.tables import number_table
from trainer.declare.terms import Scale, terms_of
from trainer.declare.windows import Hours, windows_of

MOST_CASES = 64
FURTHEST = 1e15
SLIGHT = 1e-12  # by rounding, 0.3 · 10 is not quite 3


def number_node(field: spec.Float | spec.Integer, name: str) -> Number:
    """How the number stands in a message, and what its column is called."""
    whole = isinstance(field, spec.Integer)
    return Number(column=name, format=NumberFormat(denominator=round(unit_of(field)), whole=whole, quoted=field.quoted))


def unit_of(field: spec.Float | spec.Integer) -> float:
    """What a value is multiplied by for its column, which holds whole numbers."""
    return 1.0 if isinstance(field, spec.Integer) else 10.0**field.decimals


def follows(field: spec.Number) -> bool:
    """Whether it is the column of a process."""
    return field.by is not None or bool(field.series) or any(draw.series for draw in field.cases.values())


class Numbers:
    """Turns numbers of a specification into columns.

    Args:
        columns: Takes them.
        units: Of every number that can be followed.
        labels: Of every category that can choose a case, by its field.
        problems: Takes what is wrong.
    """

    def __init__(
        self, columns: Columns, units: Mapping[str, float], labels: Mapping[str, list[str]], problems: Problems
    ) -> None:
        self._columns, self._units, self._labels, self._problems = columns, units, labels, problems
        self._tables: dict[tuple[str, int | None, float, float], Table] = {}

    def add(self, field: spec.Float | spec.Integer, column: Column, place: str) -> None:
        """A number that is drawn, at certain hours by other tables, or follows."""
        if follows(field):
            self._follow(field, column, place)
            return
        if field.cases:
            self._problems.append(f"{place} cases: need by, the field whose label says which case holds")
        windows = {
            hours: self._drawn(draw, f"{place} when.{w!r}", field) for w, hours, draw in self._windows(field, place)
        }
        self._columns.add(column, self._drawn(field, place, field), windows)

    def table(self, family: spec.Family | None, place: str, unit: float | None, low: float, high: float) -> Table:
        """The table of a distribution within limits, by the column's unit (None: it holds any number)."""
        if family is None:
            self._problems.append(f"{place}: needs a distribution or a series")
            return NOTHING
        found = distributions.problems(family)
        self._problems += [f"{place} distribution: {problem}" for problem in found]
        if not found:
            denominator = None if unit is None else round(unit)
            with self._problems.at(f"{place} distribution"):
                return self._made(distributions.of(family), denominator, low, high)
        return NOTHING

    def _made(self, distribution: Distribution, denominator: int | None, low: float, high: float) -> Table:
        """A table takes a while, and the items of a list share theirs."""
        key = str(distribution), denominator, low, high
        if key not in self._tables:
            self._tables[key] = number_table(distribution, denominator=denominator, low=low, high=high)
        return self._tables[key]

    def _windows(self, field: spec.Number, place: str) -> list[tuple[str, Hours, spec.NumberDraw]]:
        found = windows_of(field.when, place, self._problems)
        return [(window, hours, field.when[window]) for window, hours in found.items()]

    def _drawn(self, draw: spec.NumberDraw, place: str, field: spec.Float | spec.Integer) -> Table:
        if draw.series:
            self._problems.append(f"{place}: a series goes on at all hours; give the hours a distribution alone")
        low, high = limits(draw, field)
        return self.table(draw.distribution, place, unit_of(field), low, high)

    def _follow(self, field: spec.Float | spec.Integer, column: Column, place: str) -> None:
        if field.when:
            self._problems.append(
                f"{place} when: cannot be together with by or series; "
                "give when to a field of its own, and let this one follow it"
            )
        draws: dict[str, spec.NumberDraw] = {place: field}
        if field.by is not None:
            draws = cases_of(field, self._labels, place, self._problems)
        cases = [self._case(draw, at, field) for at, draw in draws.items()]
        normal = None
        if any(case.table is not None for case in cases):
            normal = f"{column.name}~"
            self._columns.add(Column(name=normal), NORMAL)
        self._columns.add(column, NOTHING)
        with self._problems.at(place):
            if cases:
                self._columns.processes[column.name] = Process(
                    column=column.name, draw=normal, by=field.by, cases=cases
                )

    def _case(self, draw: spec.NumberDraw, place: str, field: spec.Float | spec.Integer) -> Case:
        (low, high), unit = limits(draw, field), unit_of(field)
        terms = terms_of(draw.series, place, Scale(unit, self._units, self._columns), self._problems)
        table = None
        if draw.distribution is not None or not draw.series:
            free = bool(draw.series)  # the sum is kept within limits, not what is added to it
            table = self.table(draw.distribution, place, unit, -inf if free else low, inf if free else high)
        kept = inner(low, high, unit)
        if kept[0] > kept[1]:
            self._problems.append(f"{place}: no number it can write lies between min = {low:g} and max = {high:g}")
            return Case()
        return Case(table=None if table is None else self._columns.case(table), terms=terms, low=kept[0], high=kept[1])


def limits(draw: spec.NumberDraw, field: spec.NumberDraw) -> tuple[float, float]:
    """The `min` and `max` of a draw, else of its field; infinite where there is none."""
    low, high = (own if own is not None else general for own, general in ((draw.min, field.min), (draw.max, field.max)))
    return -inf if low is None else low, inf if high is None else high


def inner(low: float, high: float, unit: float) -> tuple[float, float]:
    """Limits in the unit of a column, which holds whole numbers: the outermost ones within."""
    lowest, highest = low * unit, high * unit
    return (
        -FURTHEST if lowest <= -FURTHEST else float(ceil(lowest - SLIGHT * abs(lowest))),
        FURTHEST if highest >= FURTHEST else float(floor(highest + SLIGHT * abs(highest))),
    )


def cases_of(
    field: spec.Number | spec.Category | spec.Boolean,
    labels: Mapping[str, list[str]],
    place: str,
    problems: Problems,
) -> dict[str, Any]:
    """What holds for each label of the field that `by` names, by its place in the file; else what holds in general."""
    by = str(field.by)
    if by not in labels:
        hint = closest(by, labels) or f"categories: {', '.join(labels) or 'none'}"
        problems.append(f"{place} by = {by!r}: no category or boolean is declared by this name; {hint}")
        return {place: field} | {f"{place} cases.{label}": draw for label, draw in field.cases.items()}
    if not labels[by]:  # it has a problem of its own
        return {}
    for label in field.cases:
        if label not in labels[by]:
            hint = closest(label, labels[by]) or f"labels: {', '.join(labels[by])}"
            problems.append(f"{place} cases.{label}: {by!r} has no such label; {hint}")
    if len(labels[by]) > MOST_CASES:
        problems.append(f"{place} by = {by!r}: has {len(labels[by])} labels, {MOST_CASES} at most to choose a case by")
        return {}
    return {f"{place} cases.{label}": field.cases.get(label, field) for label in labels[by]}
