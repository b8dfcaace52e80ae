"""`declare`: a specification becomes the bundle of a sensor that was never recorded."""

import hashlib
import tomllib
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from agent.errors import SpecificationError
from agent.message.leaves import EventTime
from agent.message.template import Template
from agent.message.tree import Node
from agent.models import bundle as bundles
from agent.models.bundle import Bundle
from agent.models.manifest import FORMAT, Arrival, Manifest, Period, Provenance
from agent.problems import closest, listed
from trainer.declare import spec
from trainer.declare.arrival import timing
from trainer.declare.choices import Choices, labels_of
from trainer.declare.columns import Columns
from trainer.declare.correlation import CorrelationError, factor_of
from trainer.declare.fields import Fields, read_field
from trainer.declare.lists import Lists
from trainer.declare.message import Message
from trainer.declare.numbers import Numbers, unit_of
from trainer.declare.problems import Problems, odd_values, shortened
from trainer.declare.terms import followed

EXAMPLE = Path(__file__).with_name("example.toml")
KEYS = ("sensor", "arrival", "fields", "message", "correlation")
VERSIONS = ("understudy", "numpy", "scipy")
MOST_FIELDS, MOST_CORRELATED = 1000, 100
MOST_BYTES = 2**20


def declare(path: Path) -> Bundle:
    """The bundle of a specification.

    Raises:
        SpecificationError: It cannot be read, or declares what cannot be; the message lists every problem.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise SpecificationError(f"{path}: is larger than {MOST_BYTES} bytes; no specification needs as much")
        data = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise SpecificationError(
            f"{path}: cannot be read ({error.strerror}); give the path of a specification"
        ) from error
    except SpecificationError:
        raise
    except (ValueError, RecursionError) as error:  # TOML's own error, no UTF-8, or a number of thousands of digits
        raise SpecificationError(f"{path}: is not TOML ({error}); declare --example prints a specification") from error
    problems = Problems(odd_values(data))
    made = None if problems else _Declared(data, problems)
    bundle = None
    if made is not None and not problems:
        with problems.at("what is declared is more than a bundle can hold"):
            bundle = made.bundle(path.name, hashlib.sha256(content).hexdigest())
    if bundle is None:
        raise SpecificationError(listed(str(path), shortened(problems)))
    return bundle


class _Declared:
    """A specification as it is understood, part by part; what is wrong with one does not hide the next."""

    def __init__(self, data: dict[str, Any], problems: Problems) -> None:
        self._problems, self._columns = problems, Columns()
        for key in data.keys() - set(KEYS):
            hint = closest(key, KEYS) or f"known: {', '.join(KEYS)}"
            problems.append(f"{key}: no such key; {hint}")
        self._sensor = data.get("sensor")
        if not isinstance(self._sensor, str) or not 1 <= len(self._sensor) <= 256 or not self._sensor.isprintable():
            problems.append("sensor: must be the sensor's name, 1 to 256 printable characters")
        self._time = self._timing(data.get("arrival"))
        declared = data.get("fields")
        if not isinstance(declared, dict) or not 1 <= len(declared) <= MOST_FIELDS:
            problems.append(f"[fields]: must declare 1 to {MOST_FIELDS} fields")
            declared = {}
        self._fields = self._read(declared)
        self._order = self._ordered(set(declared))
        nodes = self._nodes()
        self._template = self._message(data.get("message"), {name: nodes.get(name) for name in declared})
        self._factor = self._correlated(data.get("correlation", []), set(declared))

    def bundle(self, name: str, sha256: str) -> Bundle:
        """The bundle, as it is read back from its bytes."""
        columns, processes = self._columns, self._columns.processes
        arrival, period, timed = self._time
        written = self._template.columns
        manifest = Manifest(
            format=FORMAT,
            sensor=str(self._sensor),
            kind="declared",
            template=self._template,
            columns=[*written, *(columns.drawn[hidden].column for hidden in self._hidden)],
            hours=columns.hours,
            processes=[processes[column] for column in self._order if column in processes],
            arrival=arrival,
            period=period,
            provenance=Provenance(
                recording=name,
                sha256=sha256,
                rows=0,
                span=None,
                seed=0,
                versions={package: version(package) for package in VERSIONS},
            ),
            quality={},
            parity={},
        )
        plan = columns.plan([column.name for column in manifest.columns])
        return bundles.from_bytes(
            Bundle(manifest, {"factor": self._factor, **plan, **columns.arrays, **timed}).to_bytes(), name
        )

    def _timing(self, table: Any) -> tuple[Arrival, Period, dict[str, Any]]:
        if table is None:
            self._problems.append("[arrival]: missing; say when messages come, with interval_s or per_hour")
        read = None if table is None else self._problems.read("[arrival]", table, spec.Arrival)
        if read is not None:
            with self._problems.at("[arrival]"):
                return timing(read)
        return Arrival(), Period(), {}

    def _read(self, declared: dict[str, Any]) -> dict[str, spec.AnyField]:
        read = {name: read_field(name, table, f"[fields.{name}]", self._problems) for name, table in declared.items()}
        return {name: field for name, field in read.items() if field is not None}

    def _ordered(self, declared: set[str]) -> list[str]:
        """The fields, each after those that it follows."""
        needs = {name: _needs(field) & declared for name, field in self._fields.items()}
        try:
            return list(TopologicalSorter(needs).static_order())
        except CycleError as error:
            self._problems.append(
                f"[fields]: these follow each other in a circle: {' → '.join(reversed(error.args[1]))}"
            )
            return list(self._fields)

    def _nodes(self) -> dict[str, Node]:
        numbers = {n: f for n, f in self._fields.items() if isinstance(f, spec.Float | spec.Integer)}
        choosing = {n: f for n, f in self._fields.items() if isinstance(f, spec.Category | spec.Boolean)}
        units, labels = {n: unit_of(f) for n, f in numbers.items()}, {n: labels_of(f) for n, f in choosing.items()}
        maker = Fields(
            self._columns,
            Numbers(self._columns, units, labels, self._problems),
            Choices(self._columns, labels, self._problems),
            self._problems,
        )
        lists, nodes = Lists(maker), {}
        for name, field in self._fields.items():
            place = f"[fields.{name}]"
            node = lists.node(field, name, place) if isinstance(field, spec.List) else maker.node(field, (name,), place)
            if node is not None:
                nodes[name] = node
        return nodes

    def _message(self, table: Any, nodes: dict[str, Node | None]) -> Template:
        """The template, and the problems of what never stands in it."""
        message = Message(nodes, self._problems)
        if table is not None and not isinstance(table, dict):
            self._problems.append("[message]: must be a table")
            table = {}
        node = message.node({name: f"{{{name}}}" for name in nodes} if table is None else table, "[message]")
        followed_ = set().union(*(_needs(field) for field in self._fields.values()))
        for name in nodes:
            if name not in message.named and name not in followed_:
                self._problems.append(f"[message]: field {name!r} stands nowhere in it, and no other field follows it")
        times = [n for n in message.named if isinstance(nodes[n], EventTime)]
        if len(times) > 1:
            self._problems.append(f"[message]: {times[0]!r} and {times[1]!r} are both the event's time; give one a lag")
        with self._problems.at("[message]"):
            return Template(message=node)
        return Template.model_validate({"message": {"node": "constant", "value": None}})

    @property
    def _hidden(self) -> list[str]:
        """The columns that processes need and no message shows, in the order in which they were declared."""
        written = {column.name for column in self._template.columns}
        needed = {name for process in self._columns.processes.values() for name in (process.column, *process.needs())}
        return [name for name in self._columns.drawn if name in needed - written]

    def _correlated(self, tables: Any, declared: set[str]) -> Any:
        """The factor of all columns; the identity where something was wrong before."""
        pairs: dict[tuple[str, str], float] = {}
        if not isinstance(tables, list):
            self._problems.append("[[correlation]]: must be a list of tables")
            tables = []
        for number, table in enumerate(tables, 1):
            place = f"[[correlation]] {number}"
            read = self._problems.read(place, table, spec.Correlation)
            if read is not None:
                with self._problems.at(place):
                    self._add_pairs(read, pairs, declared)
        if len({name for pair in pairs for name in pair}) > MOST_CORRELATED:
            self._problems.append(f"[[correlation]]: more than {MOST_CORRELATED} fields are correlated; leave some out")
        if self._problems:
            return np.eye(0)
        names = [column.name for column in self._template.columns] + self._hidden
        drawn = [self._columns.drawn[name] for name in names]
        by_place = {(names.index(one), names.index(other)): value for (one, other), value in pairs.items()}
        try:
            integer = [known.column.integer for known in drawn]
            return factor_of([known.always for known in drawn], names, by_place, integer).astype("<f8")
        except CorrelationError as error:
            self._problems += [f"[[correlation]]: {problem}" for problem in error.problems]
            return np.eye(0)

    def _add_pairs(self, read: spec.Correlation, pairs: dict[tuple[str, str], float], declared: set[str]) -> None:
        for name in read.fields:
            if name not in declared:
                raise ValueError(f"no field {name!r} is declared; {closest(name, declared) or 'declare it'}")
            problem = self._why_unranked(name)
            if problem:
                raise ValueError(f"{name!r} {problem}; leave it out")
        if len(set(read.fields)) < len(read.fields):
            raise ValueError("fields: one is named twice")
        for (one, other), value in read.pairs().items():
            key = (one, other) if (other, one) not in pairs else (other, one)
            if pairs.setdefault(key, value) != value:
                raise ValueError(f"{one!r} and {other!r} are given {pairs[key]:g} and {value:g}; say it once")

    def _why_unranked(self, name: str) -> str | None:
        field = self._fields.get(name)
        if field is None or (name in self._columns.drawn and not self._columns.drawn[name].windows):
            return (
                "follows a series or another field: its ranks are not its own"
                if name in self._columns.processes
                else None
            )
        if name in self._columns.drawn and not isinstance(field, spec.List):
            return "differs by the hour (when): its ranks over all hours are not promised"
        return "is no number, category or boolean"


def _needs(field: spec.AnyField) -> set[str]:
    """The fields that one follows."""
    needed: set[str] = set()
    if isinstance(field, spec.Float | spec.Integer | spec.Category | spec.Boolean) and field.by is not None:
        needed.add(field.by)
    if isinstance(field, spec.Float | spec.Integer):
        for draw in (field, *field.cases.values()):
            needed.update(followed(draw.series))
    return needed
