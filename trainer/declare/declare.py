"""`declare`: a specification becomes the bundle of a sensor that was never recorded."""

import hashlib
import tomllib
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from agent.errors import SpecificationError
from agent.message.leaves import EventTime
from agent.message.template import Template
from agent.message.tree import Node
from agent.models import bundle as bundles
from agent.models.bundle import Bundle
from agent.models.manifest import FORMAT, Arrival, Manifest, Period, Provenance
from agent.problems import closest, listed
from agent.reading import Column
from agent.terminal import bar_width
from trainer.declare import spec
from trainer.declare.arrival import timing
from trainer.declare.choices import Choices, labels_of
from trainer.declare.columns import Columns
from trainer.declare.fields import Fields, read_field
from trainer.declare.lists import Lists
from trainer.declare.message import Message
from trainer.declare.numbers import Numbers, unit_of
from trainer.declare.problems import Problems, odd_values, shortened
from trainer.declare.ranks import Ranks
from trainer.declare.terms import followed

EXAMPLE = Path(__file__).with_name("example.toml")
KEYS = ("sensor", "arrival", "fields", "message", "correlation")
VERSIONS = ("understudy", "numpy", "scipy")
MOST_FIELDS = 1000
MOST_BYTES = 2**20


def declare(path: Path) -> Bundle:
    """The bundle of a specification.

    Raises:
        SpecificationError: It cannot be read, or declares what cannot be; the message lists every problem.
    """
    content = _content(path)
    data = _toml(content, path)
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
        self._fields, self._declared = self._read(declared), set(declared)
        self._order = self._ordered()
        nodes = self._nodes()
        self._template = self._message(data.get("message"), {name: nodes.get(name) for name in declared})
        ranks = Ranks(self._fields, self._columns, problems)
        pairs = ranks.pairs(data.get("correlation", []), self._declared)
        if not problems:
            self._factor = ranks.factor(pairs, [column.name for column in self._row])

    def bundle(self, name: str, sha256: str) -> Bundle:
        """The bundle, as it is read back from its bytes."""
        columns, processes = self._columns, self._columns.processes
        arrival, period, timed = self._time
        manifest = Manifest(
            format=FORMAT,
            sensor=str(self._sensor),
            kind="declared",
            template=self._template,
            columns=self._row,
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

    def _ordered(self) -> list[str]:
        """The fields, each after those that it follows."""
        needs = {name: _needs(field) & self._declared for name, field in self._fields.items()}
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
        broken = self._declared - set(self._fields)  # what follows them is not wrong because of that
        units = {n: unit_of(f) for n, f in numbers.items()} | dict.fromkeys(broken, 1.0)
        labels = {n: labels_of(f) for n, f in choosing.items()} | {name: [] for name in broken}
        maker = Fields(
            self._columns,
            Numbers(self._columns, units, labels, self._problems),
            Choices(self._columns, labels, self._problems),
            self._problems,
        )
        lists, nodes = Lists(maker), {}
        bar = tqdm(
            self._fields.items(), "declaring", unit="field", delay=2, leave=False, ncols=bar_width(), disable=None
        )
        for name, field in bar:
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
    def _row(self) -> list[Column]:
        """The columns of the message, then those that processes need and no message shows."""
        written = self._template.columns
        needed = {name for process in self._columns.processes.values() for name in (process.column, *process.needs())}
        hidden = needed - {column.name for column in written}
        return [*written, *(drawn.column for name, drawn in self._columns.drawn.items() if name in hidden)]


def _needs(field: spec.AnyField) -> set[str]:
    """The fields that one follows."""
    needed: set[str] = set()
    if isinstance(field, spec.Float | spec.Integer | spec.Category | spec.Boolean) and field.by is not None:
        needed.add(field.by)
    if isinstance(field, spec.Float | spec.Integer):
        for draw in (field, *field.cases.values()):
            needed.update(followed(draw.series))
    return needed


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise SpecificationError(f"{path}: cannot be read ({reason}); give the path of a specification") from error
    if len(content) > MOST_BYTES:
        raise SpecificationError(f"{path}: is larger than {MOST_BYTES} bytes; no specification needs as much")
    return content


def _toml(content: bytes, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # TOML's own error, no UTF-8, or a number of thousands of digits
        raise SpecificationError(f"{path}: is not TOML ({error}); declare --example prints a specification") from error
