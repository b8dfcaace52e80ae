"""Where a message tells which objects are seen, and what it tells of them."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from agent.message.boxes import Box, Four, Order, corners
from agent.message.leaves import Category, Constant, Number
from agent.message.template import Path, Template
from agent.message.tree import Maybe, Node, Object, Slot

UNNAMED = "object"
LABELS = ("label", "class", "classes", "class_name", "category", "object", "name", "type", "kind")
SCORES = ("score", "scores", "confidence", "probability", "conf")

# Width and height of usual frames in pixels, and how much of one's side is reached by some of many boxes.
FRAMES = (
    *((320, 240), (352, 288), (640, 360), (640, 480), (800, 600), (1024, 768), (1280, 720), (1280, 960), (1640, 1232)),
    *((1920, 1080), (2304, 1296), (2592, 1944), (3280, 2464), (3840, 2160), (4056, 3040), (4608, 2592)),
)
RATIOS = (Fraction(16, 9), Fraction(4, 3), Fraction(3, 2), Fraction(5, 4))
NEARLY = 0.95
MOST_OF_A_FRAME = 2.0  # normalised boxes may leave the frame a little; in pixels no far edge is as near as this


@dataclass(frozen=True, slots=True)
class Detection:
    """One object that a message tells of.

    Attributes:
        label: Its class.
        score: How sure the detector is; 0 where the message does not tell.
        box: Its edges: near y, near x, far y, far x; in the message's unit.
    """

    label: str
    score: float
    box: Four


@dataclass(frozen=True)
class Place:
    """A box in the messages of a template; through a list, one in each item.

    Attributes:
        path: Keys from the message to what holds the box; a `Slot` stands for every item of a list.
        key: Of the box there.
        labels: Keys that tell the class, the first of them that is there.
        scores: Keys that tell the score likewise.
        order: What the four numbers mean.
        normalised: Edges are fractions of the frame; else they are pixels.
        frame: Width and height of the frame that pixels are of, as far as can be told.
    """

    path: Path
    key: str
    labels: tuple[str, ...]
    scores: tuple[str, ...]
    order: Order
    normalised: bool
    frame: tuple[int, int] | None = None

    def __str__(self) -> str:
        names = ["[]" if isinstance(key, Slot) else f".{key}" for key in (*self.path, self.key)]
        return "".join(names).lstrip(".")

    def detections(self, message: Any, order: Order | None = None) -> Iterator[Detection]:
        """What `message` tells here, in its order; `order` takes the place of the template's own."""
        for holder in _reached(message, self.path):
            box = corners(holder.get(self.key), order or self.order) if isinstance(holder, dict) else None
            if box is not None:
                yield Detection(_text(_first(holder, self.labels)), _number(_first(holder, self.scores)), box)


def places_of(template: Template) -> list[Place]:
    """Every place of a box in a template's messages."""
    holders = {path: node for path, node in template.walk() if isinstance(node, Object)}
    boxes: dict[tuple[Path, str], list[tuple[Box, dict[str, Node]]]] = {}
    for path, node in template.walk():
        if isinstance(node, Box) and path[:-1] in holders:
            where = (_general(path[:-1]), str(path[-1]))
            boxes.setdefault(where, []).append((node, holders[path[:-1]].members))
    return [_place(where, found) for where, found in boxes.items()]


def _place(where: tuple[Path, str], found: list[tuple[Box, dict[str, Node]]]) -> Place:
    labels = _telling([_named(members, LABELS, _tells_a_class) for _, members in found], LABELS)
    scores = _telling([_named(members, SCORES, _tells_a_number) for _, members in found], SCORES)
    farthest = [max(box.limits[axis] / (box.format.denominator or 1) for box, _ in found) for axis in (1, 0)]
    normalised = max(farthest) <= MOST_OF_A_FRAME
    frame = None if normalised else _frame(*farthest)
    return Place(*where, labels, scores, found[0][0].order, normalised, frame)


def _telling(keys: Iterable[str | None], names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a list's kinds of items, the most telling first."""
    known = {key for key in keys if key is not None}
    return tuple(sorted(known, key=lambda key: (names.index(key.lower()) if key.lower() in names else len(names), key)))


def _frame(width: float, height: float) -> tuple[int, int] | None:
    """The frame of a camera whose boxes reach so far; None: they tell of no usual one."""
    if width.is_integer() and height.is_integer() and width * height and Fraction(int(width), int(height)) in RATIOS:
        return int(width), int(height)
    for frame in sorted(FRAMES, key=lambda frame: frame[0] * frame[1]):
        if width <= frame[0] and height <= frame[1]:
            return frame if width > NEARLY * frame[0] or height > NEARLY * frame[1] else None
    return None


def _general(path: Path) -> Path:
    """A path through lists, whichever item it goes through."""
    return tuple(Slot("") if isinstance(step, Slot) else step for step in path)


def detections(text: str, places: list[Place], order: Order | None = None) -> list[Detection]:
    """What a message, as JSON text, tells to be seen."""
    message = json.loads(text)
    return [detection for place in places for detection in place.detections(message, order)]


def classes_of(template: Template, places: list[Place]) -> list[str]:
    """Every class that the template's messages can name, in the order of the alphabet."""
    holders = [(_general(path), node.members) for path, node in template.walk() if isinstance(node, Object)]
    telling = [
        _first(members, place.labels)
        for path, members in holders
        for place in places
        if place.path == path and place.key in members
    ]
    return sorted(set().union(*map(_classes, telling)))


def _classes(telling: Node | None) -> set[str]:
    """The classes that a member can tell; None: nothing tells one."""
    known = {_text(value) for value in _values(telling)} if telling is not None else set()
    return known | ({UNNAMED} if telling is None or isinstance(telling, Maybe) else set())


def _first(holder: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((holder[key] for key in keys if key in holder), None)


def _reached(value: Any, path: Path) -> Iterator[Any]:
    if not path:
        yield value
    elif isinstance(path[0], Slot):
        for item in value if isinstance(value, list) else []:
            yield from _reached(item, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _reached(value[path[0]], path[1:])


def _named(members: dict[str, Node], names: tuple[str, ...], fits: Any) -> str | None:
    """The member of the most telling name, else the first one that fits."""
    fitting = [key for key, node in members.items() if fits(node)]
    telling = [key for name in names for key in fitting if key.lower() == name]
    return next(iter(telling), fitting[0] if fitting and names is LABELS else None)


def _tells_a_class(node: Node) -> bool:
    values = _values(node)
    return bool(values) and all(isinstance(value, str | int) and not isinstance(value, bool) for value in values)


def _tells_a_number(node: Node) -> bool:
    inner = node.of if isinstance(node, Maybe) else node
    return isinstance(inner, Number) or (isinstance(inner, Constant) and _number(inner.value) > 0)


def _values(node: Node) -> list[Any]:
    inner = node.of if isinstance(node, Maybe) else node
    if isinstance(inner, Category):
        return list(inner.labels)
    return [inner.value] if isinstance(inner, Constant) else []


def _text(value: Any) -> str:
    return UNNAMED if value is None or isinstance(value, dict | list) else str(value)


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return number if math.isfinite(number) else 0.0
