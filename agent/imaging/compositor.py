"""The compositor: sprites on a background, each exactly in its box."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agent.imaging.looks import dressed, opaque_box, throw_shadow, turned
from agent.imaging.scene import LEAST_PX, Placed, Rect, Ruler, scene_of
from agent.imaging.sprites import Sprite, Stock, filled
from agent.message.detections import Detection
from agent.settings.pictures import PicturesTable

OPAQUE = 128  # of 255: what is less opaque hides nothing

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Composed:
    """A picture, and what is in it.

    Attributes:
        image: Red, green and blue; the next picture is composed on it.
        placed: The objects, from back to front.
        skipped: Objects that are not drawn, for fewer than two pixels of them are in the frame.
        placeholders: Objects whose class has no sprite.
    """

    image: Image.Image
    placed: list[Placed]
    skipped: int
    placeholders: int


class Compositor:
    """Composes pictures.

    Args:
        stock: The sprites.
        table: How they are put on the background.
        normalised: Whether the bundle's boxes are fractions of the frame; else they are pixels.
        frame: Width and height of the frame that they are pixels of; None: the picture's.

    Attributes:
        normalised, frame: The same, as `table` has it.
    """

    def __init__(
        self, stock: Stock, table: PicturesTable, *, normalised: bool, frame: tuple[int, int] | None = None
    ) -> None:
        self._stock, self._table = stock, table
        self._canvas: Image.Image | None = None
        self.frame = table.frame or frame
        self.normalised = normalised if table.units == "auto" else table.units == "normalised"

    def compose(self, background: Image.Image, found: Iterable[Detection], rng: np.random.Generator) -> Composed:
        """What a message tells, on a background, which stays as it is. `rng` chooses among sprites."""
        image = self._canvas_of(background)
        ruler = Ruler(image.width, image.height, self.normalised, self.frame)
        scene = scene_of(found, ruler, self._table.depth)
        chosen = [self._chosen(placed, rng) for placed in scene.placed]  # first, so that looks do not change it
        drawn = [self._draw(image, *pair, rng) for pair in zip(scene.placed, chosen, strict=True)]
        if self._table.labels is not None:
            _tell_visibility(scene.placed, drawn)
        placed = [each for each in scene.placed if each.extent.area]
        placeholders = sum(not self._stock.has(each.label) for each in placed)
        return Composed(image, placed, scene.skipped + len(scene.placed) - len(placed), placeholders)

    def _canvas_of(self, background: Image.Image) -> Image.Image:
        """A copy, where the picture before was: it would leave a gap that sprites fill, and memory would grow."""
        if self._canvas is None or self._canvas.size != background.size:
            self._canvas = background.copy()
        else:
            self._canvas.paste(background)
        return self._canvas

    def _draw(self, image: Image.Image, placed: Placed, sprite: Sprite, rng: np.random.Generator) -> Image.Image:
        """Draw an object; gives what was pasted."""
        table = self._table
        frame = Rect(0, 0, image.width, image.height)
        if table.fit == "keep":
            placed.whole = _in_proportion(placed.whole, sprite.size)
            placed.seen = placed.whole.within(frame)
        whole, seen = placed.whole, placed.seen
        level = sprite.near(whole.width, whole.height)
        if table.rotation_deg:
            level = turned(level, table.rotation_deg, rng)
        if table.shadow:
            throw_shadow(image, whole)
        sides = Rect(*(int(edge == cut) for edge, cut in zip(whole, seen, strict=True)))
        cut = dressed(filled(level, whole, seen), image.crop(seen), sides, table, rng)
        image.paste(cut, (seen.left, seen.top), cut)
        if seen != whole:
            placed.rest = _rest(cut, seen)
        return cut

    def _chosen(self, placed: Placed, rng: np.random.Generator) -> Sprite:
        sprites = self._stock.sprites(placed.label)
        if not sprites:
            return self._stock.placeholder(placed.label, placed.whole.width, placed.whole.height)
        return sprites[int(rng.integers(len(sprites)))] if len(sprites) > 1 else sprites[0]


def _in_proportion(whole: Rect, size: tuple[int, int]) -> Rect:
    """The largest rectangle of these proportions in a box; it stands on the box's ground, in the middle."""
    scale = min(whole.width / size[0], whole.height / size[1])
    width, height = (max(LEAST_PX, round(scale * side)) for side in size)
    left = whole.left + (whole.width - width) // 2
    return Rect(left, whole.bottom - height, left + width, whole.bottom)


def _rest(cut: Image.Image, seen: Rect) -> Rect:
    """Where in the picture anything of an object is."""
    left, top, right, bottom = opaque_box(cut) or (0, 0, 0, 0)
    return Rect(seen.left + left, seen.top + top, seen.left + right, seen.top + bottom)


def _tell_visibility(placed: list[Placed], drawn: list[Image.Image]) -> None:
    """How much of each object those in front of it leave to be seen."""
    masks = [_opaque(cut) for cut in drawn]
    for place, (behind, mask) in enumerate(zip(placed, masks, strict=True)):
        hidden = np.zeros_like(mask)
        for front, other in zip(placed[place + 1 :], masks[place + 1 :], strict=True):
            common = behind.seen.within(front.seen)
            if common.area:
                hidden[_slices(common, behind.seen)] |= other[_slices(common, front.seen)]
        whole = int(mask.sum())
        behind.visibility = 1 - int((mask & hidden).sum()) / whole if whole else 1.0


def _opaque(cut: Image.Image) -> Mask:
    return np.asarray(cut.getchannel(3)) >= OPAQUE


def _slices(part: Rect, whole: Rect) -> tuple[slice, slice]:
    """Where `part` lies in the pixels of `whole`."""
    top, left = part.top - whole.top, part.left - whole.left
    return slice(top, top + part.height), slice(left, left + part.width)
