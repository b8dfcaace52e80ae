"""The `[[correlation]]` tables: which fields may be correlated, and the factor that correlates their columns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.problems import closest
from trainer.declare import spec
from trainer.declare.columns import Columns
from trainer.declare.correlation import CorrelationError, factor_of
from trainer.declare.problems import Problems

MOST_CORRELATED = 100

Floats = NDArray[np.float64]
Pairs = dict[tuple[str, str], float]


class Ranks:
    """What is declared of ranks.

    Args:
        fields: As they are declared.
        columns: What became of them.
        problems: Takes what is wrong.
    """

    def __init__(self, fields: Mapping[str, spec.AnyField], columns: Columns, problems: Problems) -> None:
        self._fields, self._columns, self._problems = fields, columns, problems

    def pairs(self, tables: Any, declared: set[str]) -> Pairs:
        """The rank correlation of each two fields that the tables name."""
        pairs: Pairs = {}
        if not isinstance(tables, list):
            self._problems.append("[[correlation]]: must be a list of tables")
            return pairs
        for number, table in enumerate(tables, 1):
            read = self._problems.read(f"[[correlation]] {number}", table, spec.Correlation)
            if read is not None:
                with self._problems.at(f"[[correlation]] {number}"):
                    self._add(read, pairs, declared)
        if len({name for pair in pairs for name in pair}) > MOST_CORRELATED:
            self._problems.append(f"[[correlation]]: more than {MOST_CORRELATED} fields are correlated; leave some out")
        return pairs

    def factor(self, pairs: Pairs, names: list[str]) -> Floats:
        """The factor of the columns of a row; nothing where they cannot be correlated so."""
        drawn = [self._columns.drawn[name] for name in names]
        places = {(names.index(one), names.index(other)): value for (one, other), value in pairs.items()}
        try:
            integer = [known.column.integer for known in drawn]
            return factor_of([known.always for known in drawn], names, places, integer).astype("<f8")
        except CorrelationError as error:
            self._problems += [f"[[correlation]]: {problem}" for problem in error.problems]
            return np.eye(0)

    def _add(self, read: spec.Correlation, pairs: Pairs, declared: set[str]) -> None:
        for name in read.fields:
            if name not in declared:
                raise ValueError(f"no field {name!r} is declared; {closest(name, declared) or 'declare it'}")
            problem = self._problem(name) if name in self._fields else None
            if problem:
                raise ValueError(f"{name!r} {problem}; leave it out")
        if len(set(read.fields)) < len(read.fields):
            raise ValueError("fields: one is named twice")
        for (one, other), value in read.pairs().items():
            key = (one, other) if (other, one) not in pairs else (other, one)
            if pairs.setdefault(key, value) != value:
                raise ValueError(f"{one!r} and {other!r} are given {pairs[key]:g} and {value:g}; say it once")

    def _problem(self, name: str) -> str | None:
        """Why the ranks of a field cannot be declared; None: they can."""
        if not isinstance(self._fields[name], spec.Float | spec.Integer | spec.Category | spec.Boolean):
            return "is no number, category or boolean"
        if name in self._columns.processes:
            return "follows a series or another field: its ranks are not its own"
        if name in self._columns.drawn and self._columns.drawn[name].windows:
            return "differs by the hour (when): its ranks over all hours are not promised"
        return None
