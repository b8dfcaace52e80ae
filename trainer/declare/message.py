"""The nested message: constants as they stand, and `{name}` where a field's value goes."""

import re
from collections.abc import Mapping
from typing import Any

from agent.message.leaves import Constant
from agent.message.tree import Node, Object
from agent.problems import closest
from trainer.declare.problems import Problems

_REFERENCE = re.compile(r"\{([^{}]*)\}")
DEEPEST = 32


class Message:
    """Turns the `[message]` table into a template's node.

    Args:
        nodes: What stands for each field; None where the field itself has a problem.
        problems: Takes what is wrong.

    Attributes:
        named: The fields that stand in the message.
    """

    def __init__(self, nodes: Mapping[str, Node | None], problems: Problems) -> None:
        self._nodes, self._problems = nodes, problems
        self.named: list[str] = []

    def node(self, value: Any, place: str, depth: int = 0) -> Node:
        """The node of a value at a place in the file."""
        if depth > DEEPEST:
            self._problems.append(f"{place[:80]}…: messages are nested {DEEPEST} deep at most")
            return Constant(value=None)
        if isinstance(value, dict):
            return Object(members={key: self.node(inner, f"{place}.{key}", depth + 1) for key, inner in value.items()})
        if isinstance(value, str):
            return self._text(value, place)
        with self._problems.at(place):
            if _holds_reference(value):
                raise ValueError("a field cannot stand within a list; declare a field of type list")
            return Constant(value=value)
        return Constant(value=None)

    def _text(self, text: str, place: str) -> Node:
        name = _REFERENCE.fullmatch(text)
        with self._problems.at(place):
            if name is None and _REFERENCE.search(text):
                raise ValueError(f'{text!r}: a field stands alone, as in "{{name}}"; it cannot be part of a text')
            if name is None:
                return Constant(value=text)
            return self._field(name[1])
        return Constant(value=None)

    def _field(self, name: str) -> Node:
        if name not in self._nodes:
            hint = closest(name, self._nodes) or f"declared: {', '.join(self._nodes) or 'none'}"
            raise ValueError(f"no field {name!r} is declared; {hint}")
        if name in self.named:
            raise ValueError(f"field {name!r} stands here a second time; each stands once")
        self.named.append(name)
        return self._nodes[name] or Constant(value=None)


def _holds_reference(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_REFERENCE.search(value))
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_holds_reference(part) for part in parts)
