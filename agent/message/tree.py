"""The branches of a template: objects, keys that may be null or missing, and lists of varying length."""

import collections
import re
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, model_validator

from agent.message.boxes import Box
from agent.message.identifiers import Identifier
from agent.message.leaves import (
    ABSENT,
    OUTSIDE,
    Category,
    Constant,
    Counter,
    EventTime,
    ExportTime,
    LagTime,
    Number,
    Pen,
    Table,
    to_json,
)
from agent.reading import Column, Readings
from agent.strict import Strict

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


class Slot(NamedTuple):
    """A place in a list, where paths go through it: `person 1` is the first person."""

    name: str


class _Form(NamedTuple):
    """A text with a `%s` for each node, in order. `gappy`: there may be nothing where a node stands."""

    text: str
    nodes: "list[Node]"
    gappy: bool


class Maybe(Strict):
    """A value that is null, or whose key is missing, in some messages.

    Attributes:
        column: Category column of what stands there. Values that come and go together share one.
        states: By code.
    """

    node: Literal["maybe"] = "maybe"
    column: str
    states: Annotated[list[Literal["value", "null", "missing"]], Field(min_length=2, max_length=3)]
    of: "Node"

    def columns(self) -> list[Column]:
        return [Column(name=self.column, size=len(self.states)), *self.of.columns()]

    def render(self, readings: Readings, pen: Pen) -> list[str]:
        """As for every node, but a missing key is the empty string."""
        states = [self.states[code] for code in readings.rows.codes(self.column)]
        texts = self.of.render(readings, pen)
        return [
            text if state == "value" else "null" if state == "null" else ""
            for text, state in zip(texts, states, strict=True)
        ]

    def parse(self, values: list[Any], table: Table) -> None:
        self.of.parse(values, table)
        codes = {state: code for code, state in enumerate(self.states)}
        states = [OUTSIDE if value is OUTSIDE else state_of(value) for value in values]
        table.fill(self.column, states, lambda state: codes[state])


class Object(Strict):
    """A JSON object, its keys in the recording's order."""

    node: Literal["object"] = "object"
    members: dict[str, "Node"]

    @cached_property
    def _form(self) -> "_Form":
        """This object as a text with gaps, and what stands in them; objects within it are part of the text."""
        texts: list[str] = []
        nodes: list[Node] = []
        for name, node in self.members.items():
            key, inner = f"{to_json(name)}:".replace("%", "%%"), _Form("%s", [node], may_be_missing(node))
            if isinstance(node, Constant):
                inner = _Form(node.text.replace("%", "%%"), [], False)
            elif isinstance(node, Object) and not node._form.gappy:
                inner = node._form
            texts.append(key + inner.text)
            nodes += inner.nodes
        return _Form("{" + ",".join(texts) + "}", nodes, any(may_be_missing(node) for node in self.members.values()))

    def columns(self) -> list[Column]:
        return [column for node in self.members.values() for column in node.columns()]

    def render(self, readings: Readings, pen: Pen) -> list[str]:
        if self._form.gappy:
            return self._render_members(readings, pen)
        if not self._form.nodes:
            return [self._form.text % ()] * len(readings)
        written = [node.render(readings, pen) for node in self._form.nodes]
        return [self._form.text % texts for texts in zip(*written, strict=True)]

    def _render_members(self, readings: Readings, pen: Pen) -> list[str]:
        """Member by member, where some may be missing."""
        written = []
        for name, node in self.members.items():
            key = f"{to_json(name)}:"
            written.append([key + text if text else "" for text in node.render(readings, pen)])
        return ["{" + ",".join(filter(None, parts)) + "}" for parts in zip(*written, strict=True)]

    def parse(self, values: list[Any], table: Table) -> None:
        for key, node in self.members.items():
            node.parse([v.get(key, ABSENT) if isinstance(v, dict) else OUTSIDE for v in values], table)


class Items(Strict):
    """A list whose length and kinds of items vary from message to message.

    Every kind of item has as many *slots* as it was seen in one message (`person 1`, `person 2`), each
    learnt on its own. One category column holds which slots a message fills, so what occurs together in
    the recording occurs together here.

    Attributes:
        column: Category column of the composition.
        compositions: Names of the slots in a message, by code.
        slots: The item of each slot.
        kind_key: Key of an item that tells its kind; None where items are told apart by position alone.
        sorted_by: Key of an item by which the recording's items always fall.
    """

    node: Literal["items"] = "items"
    column: str
    compositions: Annotated[list[list[str]], Field(min_length=1)]
    slots: dict[str, "Node"]
    kind_key: str | None = None
    sorted_by: str | None = None

    @model_validator(mode="after")
    def _slots_exist(self) -> "Items":
        if any(len(set(composition)) < len(composition) for composition in self.compositions):
            raise ValueError(f"list {self.column!r}: a composition names a slot twice")
        for slot in {slot for composition in self.compositions for slot in composition}:
            if slot not in self.slots:
                raise ValueError(f"list {self.column!r}: a composition names slot {slot!r}, which is not there")
            if may_be_missing(self.slots[slot]):
                raise ValueError(f"list {self.column!r}: an item cannot be missing, as slot {slot!r} may")
            if self.sorted_by is not None and self._rank_node(slot) is None:
                raise ValueError(f"list {self.column!r}: slot {slot!r} has no number at {self.sorted_by!r} to sort by")
        return self

    def columns(self) -> list[Column]:
        own = Column(name=self.column, size=len(self.compositions))
        return [own, *(column for node in self.slots.values() for column in node.columns())]

    def render(self, readings: Readings, pen: Pen) -> list[str]:
        chosen = [self.compositions[code] for code in readings.rows.codes(self.column)]
        places: dict[str, list[int]] = {}
        for place, slots in enumerate(chosen):
            for slot in slots:
                places.setdefault(slot, []).append(place)
        rendered = {slot: iter(self._render_slot(slot, readings.take(at), pen)) for slot, at in places.items()}
        lists = [[next(rendered[slot]) for slot in slots] for slots in chosen]
        if self.sorted_by is not None:
            for items in lists:
                items.sort(key=lambda item: -item[0])
        return ["[" + ",".join(text for _, text in items) + "]" for items in lists]

    def parse(self, values: list[Any], table: Table) -> None:
        filled = [self.fill_slots(value) if isinstance(value, list) else None for value in values]
        for slot, node in self.slots.items():
            node.parse([OUTSIDE if slots is None else slots.get(slot, OUTSIDE) for slots in filled], table)
        codes = {tuple(names): code for code, names in enumerate(self.compositions)}
        compositions = [None if slots is None else self.composition(slots) for slots in filled]
        table.fill(self.column, compositions, lambda names: codes[names])

    def fill_slots(self, items: list[Any]) -> dict[str, Any]:
        """A recorded list's items by the slot each belongs to, in the list's order."""
        return slots_of(items, self.kind_key)

    def composition(self, slots: dict[str, Any]) -> tuple[str, ...]:
        """The names of the slots, in the list's order where that is not the order of `sorted_by`."""
        return tuple(slots if self.sorted_by is None else sorted(slots))

    def _render_slot(self, slot: str, readings: Readings, pen: Pen) -> list[tuple[float, str]]:
        texts = self.slots[slot].render(readings, pen)
        rank = self._rank_node(slot)
        ranks = [0.0] * len(texts) if rank is None else [float(t.strip('"')) for t in rank.render(readings, pen)]
        return list(zip(ranks, texts, strict=True))

    def _rank_node(self, slot: str) -> Number | Constant | None:
        node = self.slots[slot]
        member = node.members.get(self.sorted_by or "") if isinstance(node, Object) else None
        if isinstance(member, Constant):
            return member if _NUMBER.fullmatch(member.text.strip('"')) else None
        return member if isinstance(member, Number) else None


def slots_of(items: list[Any], kind_key: str | None) -> dict[str, Any]:
    """The items of one recorded list by slot: the first person is `person 1`, the second `person 2`."""
    slots: dict[str, Any] = {}
    seen: collections.Counter[str] = collections.Counter()
    for item in items:
        kind = str(item.get(kind_key)) if kind_key is not None and isinstance(item, dict) else "item"
        seen[kind] += 1
        slots[f"{kind} {seen[kind]}"] = item
    return slots


def may_be_missing(node: "Node") -> bool:
    """Whether there may be nothing at all, which only a member of an object may be."""
    return isinstance(node, Maybe) and ("missing" in node.states or may_be_missing(node.of))


def state_of(value: Any) -> str:
    """What stands in a message: a value, null, or nothing."""
    return "missing" if value is ABSENT else "null" if value is None else "value"


Leaf = Constant | Number | Category | EventTime | LagTime | ExportTime | Counter | Identifier | Box
Node = Annotated[Leaf | Maybe | Object | Items, Field(discriminator="node")]

for _model in (Maybe, Object, Items):
    _model.model_rebuild()
