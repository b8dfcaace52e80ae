"""The compositor: sprites on a background, each exactly in its box."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from agent.errors import PictureError
from agent.imaging.looks import dressed, opaque_box, throw_shadow, turned
from agent.imaging.scene import LEAST_PX, Placed, Rect, Ruler, scene_of
from agent.imaging.sprites import Sprite, Stock, filled
from agent.imaging.visibility import Visibility
from agent.message.detections import Detection
from agent.settings.pictures import PicturesTable


@dataclass(frozen=True)
class Composed:
    """A picture, and what is in it.

    Attributes:
        image: Red, green and blue; the next picture is composed on it.
        placed: The objects, from back to front.
        skipped: Objects that are not drawn, for fewer than two pixels of them are in the frame.
        placeholders: Objects for which a plate stands.
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
        self.frame = table.frame or frame
        self.normalised = normalised if table.units == "auto" else table.units == "normalised"

    def compose(self, background: Image.Image, found: Iterable[Detection], rng: np.random.Generator) -> Composed:
        """What a message tells, on a background, which stays as it is. `rng` chooses among sprites."""
        image = self._stock.levels.canvas(background)
        ruler = Ruler(image.width, image.height, self.normalised, self.frame)
        scene = scene_of(found, ruler, self._table.depth)
        chosen = [self._chosen(placed, rng) for placed in scene.placed]  # first, so that looks do not change it
        visibility = Visibility(image.size) if self._table.labels is not None else None
        drawn, plates = [], 0
        for placed, sprite in zip(scene.placed, chosen, strict=True):
            level, is_plate = self._fitted(placed, sprite, ruler.whole)
            if min(placed.seen.size) < LEAST_PX:
                continue
            cut = self._draw(image, placed, level, rng)
            if placed.extent.area == 0:
                continue
            drawn.append(placed)
            plates += is_plate
            if visibility is not None:
                visibility.drawn(placed, cut)
        if visibility is not None:
            visibility.tell()
        return Composed(image, drawn, scene.skipped + len(scene.placed) - len(drawn), plates)

    def _chosen(self, placed: Placed, rng: np.random.Generator) -> Sprite | None:
        """A sprite of an object's class; None: there is none."""
        sprites = self._stock.sprites(placed.label)
        return sprites[int(rng.integers(len(sprites)))] if len(sprites) > 1 else next(iter(sprites), None)

    def _fitted(self, placed: Placed, sprite: Sprite | None, frame: Rect) -> tuple[Image.Image, bool]:
        """The size of a sprite to draw from, and whether it is a plate; the object takes its place in its box."""
        try:
            if sprite is not None:
                if self._table.fit == "keep":
                    placed.stand(_in_proportion(placed.whole, sprite.size), frame)
                return sprite.near(*placed.whole.size), False
        except PictureError as error:  # it is gone since it was looked for
            self._stock.gone(placed.label, error)
        return self._stock.placeholder(placed.label, *placed.whole.size).near(*placed.whole.size), True

    def _draw(self, image: Image.Image, placed: Placed, level: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Draw an object; gives what was pasted."""
        table, whole, seen = self._table, placed.whole, placed.seen
        if table.rotation_deg:
            level = turned(level, table.rotation_deg, rng)
        if table.shadow:
            throw_shadow(image, whole)
        sides = Rect(*(int(edge == cut) for edge, cut in zip(whole, seen, strict=True)))
        under = image.crop(seen) if table.brightness else None
        cut = dressed(filled(level, whole, seen), under, sides, table, rng)
        image.paste(cut, (seen.left, seen.top), cut)
        if seen != whole:
            placed.rest = _rest(cut, seen)
        return cut


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
