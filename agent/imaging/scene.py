"""Where objects stand in a picture: boxes as whole pixels, cut off by the frame, from back to front."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from agent.message.boxes import Four
from agent.message.detections import Detection

LEAST_PX = 2  # an object of which less is in the frame is none
FARTHEST_PX = 1_000_000  # beyond the frame; what is farther is no place that a detector gives


class Rect(NamedTuple):
    """Pixels from `left`, `top` up to but without `right`, `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def area(self) -> int:
        return max(0, self.width) * max(0, self.height)

    def within(self, other: "Rect") -> "Rect":
        """What both have in common; of no area where that is nothing."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        return Rect(left, top, max(left, min(self.right, other.right)), max(top, min(self.bottom, other.bottom)))


def source_of(size: tuple[int, int], whole: Rect, seen: Rect) -> tuple[float, float, float, float]:
    """What of a picture of this size, stretched to `whole`, is `seen`: left, top, right and bottom in its pixels."""
    across, down = size[0] / whole.width, size[1] / whole.height
    left, top = (seen.left - whole.left) * across, (seen.top - whole.top) * down
    return left, top, left + seen.width * across, top + seen.height * down


@dataclass
class Placed:
    """An object in a picture.

    Attributes:
        label: Its class.
        score: How sure the detector was.
        whole: Where it stands, the part outside the frame included.
        seen: The part in the frame.
        visibility: How much of what is in the frame no other object hides, 0 to 1.
        place: Of its box among those that the message tells, from 0.
        rest: Where anything of an object is that the frame cuts off; None: all over `seen`.
    """

    label: str
    score: float
    whole: Rect
    seen: Rect
    visibility: float = 1.0
    place: int = 0
    rest: Rect | None = None

    @property
    def extent(self) -> Rect:
        """Where anything of it is in the frame."""
        return self.rest or self.seen

    def stand(self, whole: Rect, frame: Rect) -> None:
        """Take another place."""
        self.whole, self.seen = whole, whole.within(frame)

    @property
    def truncation(self) -> float:
        """How much of it lies outside the frame, 0 to 1."""
        return 1 - self.seen.area / self.whole.area


@dataclass(frozen=True)
class Ruler:
    """Turns boxes into pixels of a picture.

    Attributes:
        width, height: Of the picture.
        normalised: Boxes are fractions of the frame; else they are pixels of `frame`.
        frame: Width and height that pixels of boxes refer to; None: the picture's.
    """

    width: int
    height: int
    normalised: bool
    frame: tuple[int, int] | None = None

    @property
    def whole(self) -> Rect:
        """The picture."""
        return Rect(0, 0, self.width, self.height)

    def rect(self, box: Four) -> Rect:
        """The pixels that a box covers: each edge at the nearest border between two of them."""
        frame = (1, 1) if self.normalised else self.frame or (self.width, self.height)
        across, down = self.width / frame[0], self.height / frame[1]
        near_y, near_x, far_y, far_x = box
        return Rect(_pixel(near_x * across), _pixel(near_y * down), _pixel(far_x * across), _pixel(far_y * down))


@dataclass(frozen=True)
class Scene:
    """What stands in a picture.

    Attributes:
        placed: The objects, from back to front.
        skipped: How many are not drawn: fewer than two pixels of them are in the frame.
    """

    placed: list[Placed]
    skipped: int


def scene_of(found: Iterable[Detection], ruler: Ruler, depth: Literal["size", "score"] = "size") -> Scene:
    """Places what a message tells. The largest stand behind, so that what is seen in front of them is seen."""
    placed, skipped = [], 0
    for place, detection in enumerate(found):
        whole = ruler.rect(detection.box)
        seen = whole.within(ruler.whole)
        if min(seen.width, seen.height) < LEAST_PX:
            skipped += 1
        else:
            placed.append(Placed(detection.label, detection.score, whole, seen, place=place))
    placed.sort(key=(lambda each: -each.whole.area) if depth == "size" else (lambda each: each.score))
    return Scene(placed, skipped)


def _pixel(edge: float) -> int:
    return round(min(max(edge, -FARTHEST_PX), FARTHEST_PX))
