"""The processes of a bundle, and the rows that they complete.

What is drawn of a row knows nothing of the row before it. A process does, and yet it is a function of a key, of
the reading's seq and of its time alone: a reading that is made once more is the same again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import count

import numpy as np
from numpy.typing import NDArray

from agent.clock import NS_PER_S
from agent.message.times import QUARTER_NS, utc_offset_s
from agent.models.bundle import Bundle
from agent.models.tables import Segments, Table, read_tables
from agent.reading import Column, Readings, Rows
from agent.series.moments import Generator, Maker, Moments
from agent.series.noise import branch
from agent.series.process import Process
from agent.series.regimes import Chain
from agent.series.terms import Term

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Case:
    """A case of a process, ready to be made for any sensor."""

    table: Segments | None
    makers: list[Maker]
    low: float
    high: float


@dataclass(frozen=True)
class _Process:
    """A process, ready to be made for any sensor.

    Attributes:
        place: Of its column in a row.
        draw: Of the column of its normals.
        by: Of the column that chooses its case.
        whole: It holds whole numbers or codes.
    """

    place: int
    draw: int | None
    by: int | None
    whole: bool
    cases: list[_Case]


class Series:
    """The processes of a bundle in the order in which they are made; any number of sensors may share them."""

    def __init__(self, processes: list[_Process]) -> None:
        self._processes = processes

    def begin(self, key: int, zone: tzinfo) -> "Playing":
        """The series of one sensor.

        Args:
            key: 64 bits; sensors of different keys differ.
            zone: Where the sensor is local.
        """
        number = count()
        generators = [
            [[make(branch(key, next(number))) for make in case.makers] for case in process.cases]
            for process in self._processes
        ]
        return Playing(self._processes, generators, zone)


class Playing:
    """The series of one sensor; not to be shared between threads."""

    def __init__(
        self, processes: list[_Process], generators: Sequence[Sequence[Sequence[Generator]]], zone: tzinfo
    ) -> None:
        self._parts, self._zone = list(zip(processes, generators, strict=True)), zone

    def complete(self, drawn: Readings) -> Readings:
        """Readings whose columns are all as they are written, of those whose rows are only drawn."""
        if not self._parts:
            return drawn
        rows = Rows(drawn.rows.index, drawn.rows.matrix.copy())
        unix_s = np.array([ns / NS_PER_S for ns in drawn.event_ns])
        offsets_s = np.array([utc_offset_s(self._zone, ns // QUARTER_NS) for ns in drawn.event_ns], np.float64)
        at = Moments(drawn.seq, unix_s, unix_s + offsets_s, rows.column)
        for process, generators in self._parts:
            rows.matrix[:, process.place] = _values(process, generators, at, rows.matrix)
        return Readings(rows, drawn.event_ns, drawn.seq)


def _values(process: _Process, generators: Sequence[Sequence[Generator]], at: Moments, matrix: Floats) -> Floats:
    """The values of a process's column, shape (rows,)."""
    normals = np.zeros(len(matrix)) if process.draw is None else matrix[:, process.draw]
    if process.by is None:
        return _case_values(process, process.cases[0], generators[0], at, normals)
    values, codes = np.zeros(len(matrix)), matrix[:, process.by]
    for code, case in enumerate(process.cases):
        places = np.flatnonzero(codes == code)
        if places.size:
            values[places] = _case_values(process, case, generators[code], _some(at, places), normals[places])
    return values


def _case_values(
    process: _Process, case: _Case, generators: Sequence[Generator], at: Moments, normals: Floats
) -> Floats:
    values = np.zeros(len(normals)) if case.table is None else case.table.values(normals[:, None])[:, 0]
    for generator in generators:
        values = values + generator.values(at)
    return np.clip(np.rint(values) if process.whole else values, case.low, case.high)


def _some(at: Moments, places: NDArray[np.intp]) -> Moments:
    """The moments at these places."""
    seq = [at.seq[place] for place in places.tolist()]
    return Moments(seq, at.unix_s[places], at.local_s[places], lambda name: at.column(name)[places])


def series_of(bundle: Bundle) -> Series:
    """The series of a bundle.

    Raises:
        BundleError: A process names what is not there, or an array of one is not as it must be.
    """
    processes = bundle.manifest.processes
    if not processes:
        return Series([])
    columns = {column.name: (place, column) for place, column in enumerate(bundle.manifest.columns)}
    tables, makers = read_tables(bundle), _makers(processes, bundle)
    return Series([_checked(process, columns, tables, makers, bundle) for process in processes])


def _makers(processes: Sequence[Process], bundle: Bundle) -> dict[Term, Maker]:
    """What makes each term: the same ones are made ready once."""
    terms = {term for process in processes for case in process.cases for term in case.terms}
    return {term: term.load(bundle) for term in terms}


def _checked(
    process: Process,
    columns: dict[str, tuple[int, Column]],
    tables: list[Table],
    makers: dict[Term, Maker],
    bundle: Bundle,
) -> _Process:
    name = f"process of {process.column!r}"
    place, column = columns[process.column]
    made = []
    for case in process.cases:
        if case.table is not None and case.table >= len(tables):
            raise bundle.error("manifest.json", f"{name}: there are tables 0 to {len(tables) - 1}")
        loaded = [makers[term] for term in case.terms]
        states = [maker.states for maker in loaded if isinstance(maker, Chain)]
        if column.size and (case.low < 0 or case.high > column.size - 1 or any(n > column.size for n in states)):
            raise bundle.error("manifest.json", f"{name}: gives what are no codes of its categories")
        table = None if case.table is None else Segments([tables[case.table]])
        made.append(_Case(table, loaded, case.low, case.high))
    chooser = None if process.by is None else columns[process.by]
    if chooser is not None and chooser[1].size != len(made):
        raise bundle.error("manifest.json", f"{name}: must have a case for each code of {process.by!r}")
    draw = None if process.draw is None else columns[process.draw][0]
    whole = column.integer or column.size is not None
    return _Process(place, draw, None if chooser is None else chooser[0], whole, made)
