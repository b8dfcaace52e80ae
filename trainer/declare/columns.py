"""The columns of a declared row: the tables they are drawn by, by hour where they differ, and those that follow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.models.tables import Table
from agent.reading import Column
from agent.series.process import Process
from trainer.declare.windows import HOURS_OF_WEEK, Hours
from trainer.models.tables import REACH, as_arrays

NORMAL = Table(False, np.array([-REACH, REACH]), np.array([-REACH, REACH]))
"""The drawn normal itself, for a process to take."""
NOTHING = Table(True, np.zeros(1), np.zeros(1))
"""What is drawn of a column that a process completes."""


@dataclass(frozen=True)
class Drawn:
    """A column.

    Attributes:
        column: Its name and kind.
        always: Its table.
        windows: Its table in certain hours of the week, which do not overlap.
    """

    column: Column
    always: Table = NOTHING
    windows: Mapping[Hours, Table] = field(default_factory=dict)

    def at(self, hour: int) -> Table:
        """Its table in an hour of the week."""
        return next((table for hours, table in self.windows.items() if hour in hours), self.always)


@dataclass
class Columns:
    """Everything of a bundle but its messages and times.

    Attributes:
        drawn: Columns by name.
        processes: Those that follow, by their column.
        cases: Tables of processes; their place here is their place in the bundle.
        arrays: What series need.
    """

    drawn: dict[str, Drawn] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    cases: list[Table] = field(default_factory=list)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)

    def add(self, column: Column, always: Table, windows: Mapping[Hours, Table] | None = None) -> None:
        """A column that is drawn."""
        self.drawn[column.name] = Drawn(column, always, windows or {})

    def case(self, table: Table) -> int:
        """The place of a table that a process takes."""
        self.cases.append(table)
        return len(self.cases) - 1

    def array(self, kind: str, values: NDArray[np.float64]) -> int:
        """The number of an array `series/kind/number`."""
        number = sum(name.startswith(f"series/{kind}/") for name in self.arrays)
        self.arrays[f"series/{kind}/{number}"] = values.astype("<f8")
        return number

    @property
    def hours(self) -> int:
        """By how many hours rows differ; see `Manifest`."""
        windows = [hours for drawn in self.drawn.values() for hours in drawn.windows]
        daily = all({(hour + 24) % HOURS_OF_WEEK for hour in hours} == hours for hours in windows)
        return 0 if not windows else 24 if daily else HOURS_OF_WEEK

    def plan(self, names: list[str]) -> dict[str, NDArray[Any]]:
        """The tables of columns in this order, and which one each has in which hour."""
        tables = list(self.cases)
        places: dict[tuple[bool, bytes, bytes], int] = {}
        plan = np.empty((self.hours or 1, len(names)), "<i4")
        for hour in range(len(plan)):
            for column, name in enumerate(names):
                table = self.drawn[name].at(hour)
                content = table.steps, table.z.tobytes(), table.value.tobytes()
                if content not in places:
                    places[content] = len(tables)
                    tables.append(table)
                plan[hour, column] = places[content]
        return {"plan": plan, **as_arrays([(table.steps, table.z, table.value) for table in tables])}
