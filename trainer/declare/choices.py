"""Declared categories and booleans: how often each label comes, or how long it stays."""

from collections.abc import Mapping

from agent.message.leaves import Category
from agent.models.tables import Table
from agent.problems import closest
from agent.reading import Column
from agent.series.process import Case, Process
from agent.series.terms import RegimesTerm
from trainer.declare import spec
from trainer.declare.columns import NORMAL, NOTHING, Columns
from trainer.declare.numbers import cases_of
from trainer.declare.problems import Problems
from trainer.declare.processes import transitions
from trainer.declare.tables import weights_table
from trainer.declare.windows import windows_of

Choice = spec.Category | spec.Boolean
YES_NO = ["false", "true"]
NEARLY = 1e-6  # of probabilities that add up to 1
MOST_LABELS = 1000


def labels_of(field: Choice) -> list[str]:
    """Every label, in the order in which they are named."""
    if isinstance(field, spec.Boolean):
        return YES_NO
    if field.regimes:
        return list(field.regimes)
    draws = [field, *field.cases.values(), *field.when.values()]
    return list(dict.fromkeys(label for draw in draws for label in (draw.weights or draw.probabilities or {})))


def choice_node(field: Choice, name: str, place: str, problems: Problems) -> Category:
    """How the label stands in a message, and what its column is called."""
    if isinstance(field, spec.Boolean):
        return Category(column=name, labels=[False, True])
    known = labels_of(field)
    for label in field.labels:
        if label not in known:
            hint = closest(label, known) or f"labels: {', '.join(known) or 'none'}"
            problems.append(f"{place} labels.{label}: no weight has this label; {hint}")
    if len(known) > MOST_LABELS:
        problems.append(f"{place}: has {len(known)} labels, {MOST_LABELS} at most")
    return Category(column=name, labels=[field.labels.get(label, label) for label in known] or [None])


class Choices:
    """Turns categories and booleans of a specification into columns.

    Args:
        columns: Takes them.
        labels: Of every category that can choose a case, by its field.
        problems: Takes what is wrong.
    """

    def __init__(self, columns: Columns, labels: Mapping[str, list[str]], problems: Problems) -> None:
        self._columns, self._labels, self._problems = columns, labels, problems

    def add(self, field: Choice, column: Column, place: str) -> None:
        """A label that is drawn, at certain hours by other weights, that stays for a while, or hangs on another."""
        if isinstance(field, spec.Category) and field.regimes:
            self._stay(field, column, place)
        elif field.by is not None:
            self._follow(field, field.by, column, place)
        else:
            if field.cases:
                self._problems.append(f"{place} cases: need by, the field whose label says which case holds")
            found = windows_of(field.when, place, self._problems)
            when: Mapping[str, spec.ChoiceDraw | spec.YesDraw] = field.when
            windows = {
                hours: self._table(when[window], labels_of(field), f"{place} when.{window!r}")
                for window, hours in found.items()
            }
            self._columns.add(column, self._table(field, labels_of(field), place), windows)

    def _follow(self, field: Choice, by: str, column: Column, place: str) -> None:
        if field.when:
            self._problems.append(f"{place} when: cannot be together with by; say one of them")
        draws = cases_of(field, self._labels, place, self._problems)
        tables = [self._table(draw, labels_of(field), at) for at, draw in draws.items()]
        last = float((column.size or 1) - 1)
        cases = [Case(table=self._columns.case(table), low=0, high=last) for table in tables]
        self._columns.add(Column(name=f"{column.name}~"), NORMAL)
        self._columns.add(column, NOTHING)
        with self._problems.at(place):
            if cases:
                self._columns.processes[column.name] = Process(
                    column=column.name, draw=f"{column.name}~", by=by, cases=cases
                )

    def _stay(self, field: spec.Category, column: Column, place: str) -> None:
        if field.by or field.cases or field.when or field.weights or field.probabilities:
            self._problems.append(f"{place} regimes: cannot be together with weights, by or when; say one of them")
        names = list(field.regimes)
        self._columns.add(column, NOTHING)
        following = []
        for name, regime in field.regimes.items():
            unknown = [other for other in regime.next if other not in names or other == name]
            for other in unknown:
                hint = closest(other, names) or f"regimes: {', '.join(n for n in names if n != name)}"
                self._problems.append(f"{place} regimes.{name} next: {other!r} is no other regime; {hint}")
            after = regime.next or {other: 1.0 for other in names if other != name}
            following.append({names.index(o): weight for o, weight in after.items() if o not in unknown and weight > 0})
        with self._problems.at(place):
            means = [regime.mean_readings for regime in field.regimes.values()]
            number = self._columns.array("regimes", transitions(means, following, names))
            term = RegimesTerm(regimes=number)
            case = Case(terms=[term], low=0, high=len(names) - 1)
            self._columns.processes[column.name] = Process(column=column.name, cases=[case])

    def _table(self, draw: spec.ChoiceDraw | spec.YesDraw, labels: list[str], place: str) -> Table:
        with self._problems.at(place):
            return weights_table(_weights(draw, labels))
        return NOTHING


def _weights(draw: spec.ChoiceDraw | spec.YesDraw, labels: list[str]) -> list[float]:
    if isinstance(draw, spec.YesDraw):
        if draw.probability is None:
            raise ValueError("needs probability: how often it is true, 0 to 1")
        return [1 - draw.probability, draw.probability]
    if (draw.weights is None) == (draw.probabilities is None):
        raise ValueError("needs weights (how often each label comes, in any unit) or probabilities, and not both")
    given = draw.weights if draw.weights is not None else draw.probabilities or {}
    total = sum(given.values())
    if draw.probabilities is not None and abs(total - 1) > NEARLY:
        raise ValueError(f"probabilities add up to {total:g}, must add up to 1; give weights to have them scaled")
    if not total > 0:
        raise ValueError("weights: one label at least must come; give it a weight above 0")
    return [given.get(label, 0.0) for label in labels]
