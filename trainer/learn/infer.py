"""What each field of a recording is: messages in, a schema out, with findings for the user to read."""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from agent.clock import NS_PER_S
from agent.errors import RecordingError
from agent.message.boxes import Order, coordinates
from agent.message.identifiers import LONGEST
from agent.message.leaves import ABSENT, OUTSIDE, is_value, to_json
from trainer.learn import times as t
from trainer.learn.given import refuse_unfit, refuse_unfit_list
from trainer.learn.identifiers import is_identifier, personal_kind
from trainer.learn.numbers import NUMERIC, guess_number
from trainer.learn.values import (
    LARGEST,
    MOST_FIELDS,
    ORDERS,
    hold_integers,
    is_proper,
    kind_key_of,
    merged_keys,
    short,
    sorted_by_of,
    type_of,
)
from trainer.paths import EVERY, Path, join, last_key
from trainer.recording import Recording
from trainer.schema import Field, Schema, refuse_unknown

FEWEST = 20  # messages to learn from
LONGEST_PATH, MOST_ITEMS = 900, 500
EARLIEST_NS, LATEST_NS = -8_520_336_000 * NS_PER_S, 7_258_118_400 * NS_PER_S
FEW = 10  # whole numbers with as many different values or fewer are categories


@dataclass
class Findings:
    """A schema, and what a user should know about how it came about."""

    schema: Schema
    warnings: list[str]
    paths: dict[str, Path] = field(default_factory=dict)


def infer(messages: list[dict[str, Any]], corrections: Schema | None = None) -> Findings:
    """The schema of `messages`; fields in `corrections` are taken as they are given.

    Raises:
        RecordingError: A field mixes types, or a correction names a field that is not there.
    """
    look = _Look((corrections or Schema()).by_path())
    look.at((), list(messages))
    look.settle_times()
    fields = [look.fields[path] for path in look.order]
    refuse_unknown(corrections or Schema(), look.order)
    constraints = corrections.constraint if corrections else []
    return Findings(Schema(field=fields, constraint=constraints), look.warnings, look.paths)


def study(recording: Recording, corrections: Schema | None = None) -> Findings:
    """As `infer`, of a recording, which errors then name."""
    try:
        return infer(recording.messages, corrections)
    except ValueError as error:
        raise RecordingError(f"{recording.name}: {error}") from error


class _Look:
    """One walk over the messages, all values of a path at a time."""

    def __init__(self, given: dict[str, Field]) -> None:
        self.given = given
        self.fields: dict[str, Field] = {}
        self.order: list[str] = []
        self.paths: dict[str, Path] = {}
        self.moments: list[t.Moments] = []
        self.warnings: list[str] = []

    def at(self, path: Path, values: list[Any]) -> None:
        """Look at the values of one path: one a message, or one an item of a list."""
        present = [value for value in values if is_value(value)]
        name = join(path)
        if len(name) > LONGEST_PATH or len(self.order) >= MOST_FIELDS:
            raise RecordingError(
                f"{short(name)}: paths have at most {LONGEST_PATH} characters, messages {MOST_FIELDS} fields; "
                "leave some out of the recording"
            )
        types = {type_of(value) for value in present}
        if name in self.given and self.given[name].kind in ("constant", "category"):
            return self._add(path, self.given[name])
        if name in self.given:
            refuse_unfit(self.given[name], present)
        if len(types) > 1:
            raise RecordingError(_mixed(name, values, types))
        if types == {"object"}:
            for key in merged_keys(present):
                self.at((*path, key), [v.get(key, ABSENT) if isinstance(v, dict) else OUTSIDE for v in values])
            return None
        given_box = name in self.given and self.given[name].kind == "box"
        if types == {"list"} and not given_box and not _are_boxes(last_key(path), present):
            return self._list(path, present)
        return self._add(path, self._leaf(path, values, present))

    def settle_times(self) -> None:
        """Which time is the event's, which lag behind it, and where local time is."""
        roles = {f.path: f.kind for f in self.fields.values() if f.path in self.given}
        given = [m for m in self.moments if roles.get(m.path) == "event-time"]
        odd = next((m for m in given if EVERY in self.paths[m.path] or None in m.times_ns), None)
        odd = odd or next(
            (m for m in self.moments if roles.get(m.path) == "export-time" and m not in self._once()), None
        )
        if odd is not None:
            raise RecordingError(
                f"schema: {odd.path} cannot be {roles[odd.path]}: it must stand in every message, once"
            )
        if len(given) > 1:
            raise RecordingError(f"schema: {given[0].path} and {given[1].path} are both event-time; one can be")
        open_ = [m for m in self._once() if m.path not in roles]
        event = given[0] if given else t.choose_event(open_)
        if event is None:
            if self.moments:
                raise RecordingError(
                    f"{self.moments[0].path}: a time, but none is left that is in every message and may be the "
                    "event's; give one the kind event-time in the schema, or these the kind category"
                )
            return
        moments = [self._placed(m, event) for m in self.moments]
        event = next(m for m in moments if m.path == event.path)
        for m in moments:
            kind = "event-time" if m is event else "export-time" if t.is_export(m, event) else "lag-time"
            update = {"kind": roles.get(m.path, kind), "time": m.format}
            self.fields[m.path] = self.fields[m.path].model_copy(update=update)

    def _placed(self, moments: t.Moments, event: t.Moments) -> t.Moments:
        """Naive local times with their offset from UTC, as far as the other times of a message tell it."""
        if not moments.format.local or moments.path in self.given:
            return moments
        offset_s = t.local_offset_s(moments, [m for m in self._once() if not t.is_shared(m)])
        if offset_s is None and moments.path == event.path:
            self.warnings.append(
                f"{moments.path} is local time, and nothing says where: taken as UTC. "
                "Set the sensor's timezone in the agent's configuration."
            )
        return moments.shifted(offset_s or 0)

    def _once(self) -> list[t.Moments]:
        """The times that stand once in a message, not in its lists."""
        return [m for m in self.moments if EVERY not in self.paths[m.path]]

    def _list(self, path: Path, lists: list[list[Any]]) -> None:
        if max(map(len, lists)) > MOST_ITEMS:
            raise RecordingError(
                f"{join(path)}: lists of more than {MOST_ITEMS} items cannot be learnt item by item; "
                "give the field the kind category in the schema, or leave it out of the recording"
            )
        items = [item for value in lists for item in value]
        given = self.given.get(join(path))
        kind_key = given.kind_key if given else kind_key_of(items)
        sorted_by = given.sorted_by if given else sorted_by_of(lists)
        refuse_unfit_list(given, lists, items)
        self._add(path, given or Field(path=join(path), kind="list", kind_key=kind_key, sorted_by=sorted_by))
        if items:
            self.at((*path, EVERY), items)

    def _leaf(self, path: Path, values: list[Any], present: list[Any]) -> Field:
        name, key = join(path), last_key(path)
        given = self.given.get(name)
        time = given.time if given else None
        if present and time is None and type_of(present[0]) in ("string", "number"):
            if given is None:
                time = t.guess_time(key, present)
            elif given.kind.endswith("-time"):
                time = t.guess_time("time", present)  # that it is one is said already
        constant = not present or (len(present) > 1 and len({to_json(value) for value in present}) == 1)
        if time and not (constant and given is None):
            return self._time(name, time, values, given)
        if given is not None:
            return self._completed(given, present)
        if constant:
            return Field(path=name, kind="constant")
        return self._classified(name, key, present)

    def _time(self, name: str, time: Any, values: list[Any], given: Field | None) -> Field:
        parsed = [time.parse(value) if is_value(value) else None for value in values]
        if any(ns is not None and not EARLIEST_NS <= ns <= LATEST_NS for ns in parsed):
            raise RecordingError(f"{name}: times must lie between the years 1700 and 2200; correct or drop the others")
        self.moments.append(t.Moments(name, time, parsed))
        if isinstance(values[0], str) and t.is_ambiguous(time, [v for v in values if is_value(v)]):
            self.warnings.append(f"{name}: day and month could stand either way; taken as {time.pattern}")
        return given or Field(path=name, kind="lag-time", time=time)

    def _classified(self, name: str, key: str, present: list[Any]) -> Field:
        if _are_boxes(key, present):
            return self._box(name, present)
        personal = personal_kind(key, present)
        if (personal or is_identifier(key, present)) and max(len(str(v)) for v in present) > LONGEST // 2:
            raise RecordingError(
                f"{name}: texts of more than {LONGEST // 2} characters cannot be made up; "
                "leave the field out of the recording, or give it the kind category in the schema"
            )
        if personal or is_identifier(key, present):
            self.warnings.append(f"{name} looks like {personal or 'an identifier'}: made up afresh, never replayed")
            return Field(path=name, kind="identifier", personal=personal)
        if type_of(present[0]) == "number" or all(isinstance(v, str) and NUMERIC.fullmatch(v) for v in present):
            return self._number(name, present)
        return Field(path=name, kind="category")

    def _number(self, name: str, present: list[Any]) -> Field:
        whole = all(isinstance(value, int) for value in present)
        if max(abs(float(value)) for value in present) > LARGEST:
            if not all(str(value).isdigit() for value in present):
                raise RecordingError(
                    f"{name}: numbers beyond {LARGEST:g} cannot be learnt; correct them in the recording"
                )
            self.warnings.append(f"{name}: whole numbers beyond {LARGEST:g}, taken for identifiers: made up afresh")
            return Field(path=name, kind="identifier")
        steps = {b - a for a, b in pairwise(present)} if whole else set()
        if len(present) >= 20 and len(steps) == 1 and abs(max(steps)) < 2**31:
            return Field(path=name, kind="counter")
        if whole and len(set(present)) <= FEW and len(present) >= 5 * len(set(present)):
            return Field(path=name, kind="category")
        return Field(path=name, kind="number", number=guess_number(present))

    def _box(self, name: str, present: list[Any], order: Order | None = None) -> Field:
        order = order or next((o for o in ORDERS if is_proper(present, o)), None)
        if order is None:
            raise RecordingError(f"{name}: four numbers, but no order of corners fits all; set its order in the schema")
        self.warnings.append(f"{name}: boxes, assumed order {order}")
        numbers = [number for value in present for number in coordinates(value) or []]
        number = guess_number([int(x) if hold_integers(present) else x for x in numbers])
        return Field(path=name, kind="box", order=order, number=number)

    def _completed(self, given: Field, present: list[Any]) -> Field:
        """A given field with what it leaves open guessed."""
        if given.kind == "number" and given.number is None:
            return given.model_copy(update={"number": guess_number(present)})
        if given.kind == "box" and (given.number is None or given.order is None):
            box = self._box(given.path, present, given.order)
            return box if given.number is None else box.model_copy(update={"number": given.number})
        return given

    def _add(self, path: Path, field_: Field) -> None:
        self.fields[field_.path] = field_
        self.paths[field_.path] = path
        self.order.append(field_.path)


def _mixed(name: str, values: list[Any], types: set[str]) -> str:
    first = {kind: next(i for i, v in enumerate(values) if is_value(v) and type_of(v) == kind) for kind in types}
    where = ", ".join(f"{kind} in message {place + 1}" for kind, place in sorted(first.items(), key=lambda x: x[1]))
    return (
        f"{name or 'message'}: mixed types ({where}); record one type, or give the field kind 'category' in the schema"
    )


def _are_boxes(key: str, present: list[Any]) -> bool:
    return bool(re.search(r"box|rect|bounds", key, re.IGNORECASE)) and all(coordinates(v) for v in present)
