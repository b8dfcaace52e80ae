"""The template: how rows become messages, and messages become columns."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import field_validator, model_validator

from agent.message.identifiers import Identifier
from agent.message.leaves import EventTime, LagTime, Number, Pen, Table
from agent.message.tree import Items, Maybe, Node, Object, Slot, may_be_missing
from agent.reading import Column, Readings
from agent.strict import Strict

Path = tuple[str | Slot, ...]


class Template(Strict):
    """What is the same in every message of a sensor, and where the learnt fields stand in it."""

    message: Node

    @field_validator("message")
    @classmethod
    def _is_there(cls, message: Node) -> Node:
        if may_be_missing(message):
            raise ValueError("a message as a whole cannot be missing")
        return message

    @model_validator(mode="after")
    def _identifiers_know_their_place(self) -> "Template":
        for place, (_, node) in enumerate(self.walk()):
            if isinstance(node, Identifier):
                node.stand_at(place)
        return self

    @cached_property
    def columns(self) -> list[Column]:
        """The columns that a row needs, each once, in the message's order.

        Raises:
            ValueError: Two nodes mean different things by one name.
        """
        columns: dict[str, Column] = {}
        for column in self.message.columns():
            if columns.setdefault(column.name, column) != column:
                raise ValueError(f"template: {column.name!r} stands for two different columns")
        return list(columns.values())

    @cached_property
    def has_event_time(self) -> bool:
        return any(isinstance(node, EventTime) for _, node in self.walk())

    def render(self, readings: Readings, pen: Pen) -> list[str]:
        """The JSON text of each reading's message."""
        return self.message.render(readings, pen)

    def parse(self, messages: Sequence[Any]) -> Table:
        """The columns of recorded messages.

        Raises:
            ValueError, KeyError: A message is not of this template.
        """
        table = Table(self._event_times(messages))
        self.message.parse(list(messages), table)
        lags = [node.lags for _, node in self.walk() if isinstance(node, LagTime)]
        rises = [[*node.above, node.column] for _, node in self.walk() if isinstance(node, Number)]
        for *before, own in sorted(lags + rises, key=len, reverse=True):
            if before:
                table.columns[own] = table.columns[own] - table.columns[before[-1]]
        for *_, own in lags:
            table.columns[own] = np.round(table.columns[own], 9)
        return table

    def walk(self) -> Iterator[tuple[Path, Node]]:
        """Every node with its path, branches before their leaves."""
        yield from _walk((), self.message)

    def _event_times(self, messages: Sequence[Any]) -> list[int]:
        for path, node in self.walk():
            if isinstance(node, EventTime):
                return [node.format.parse(_at(message, path)) for message in messages]
        return [0] * len(messages)


def _at(message: Any, path: Path) -> Any:
    for key in path:
        message = message[key]
    return message


def _walk(path: Path, node: Node) -> Iterator[tuple[Path, Node]]:
    yield path, node
    if isinstance(node, Object):
        for key, member in node.members.items():
            yield from _walk((*path, key), member)
    elif isinstance(node, Items):
        for slot, item in node.slots.items():
            yield from _walk((*path, Slot(slot)), item)
    elif isinstance(node, Maybe):
        yield from _walk(path, node.of)
