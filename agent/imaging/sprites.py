"""The stock: sprites of each class, loaded when they are needed and kept at sizes that are quick to draw from.

Scaling a picture anew to each box takes longer than encoding the whole frame, and hardly two boxes have one size.
Every sprite is therefore kept at its size halved or doubled again and again, in width and in height by themselves,
as textures are in graphics. A box is filled with the nearest pixels of a level that has at least one for each of its
own; where the object is small, at least two, and four of them are averaged to one.
"""

import logging
import math
import re
import unicodedata
from collections.abc import Callable, Hashable
from functools import cached_property, partial
from pathlib import Path

from PIL import Image

from agent.errors import PictureError
from agent.imaging.files import SUFFIXES, probe, read_sprite
from agent.imaging.keying import keyed
from agent.imaging.levels import Levels
from agent.imaging.looks import cropped
from agent.imaging.placeholder import placeholder, shape_of
from agent.imaging.scene import Rect, source_of

log = logging.getLogger(__name__)

LARGEST_PX = 800  # a sprite's longest side as it is kept
SMALL_PX = 20_000  # of an object's area: in larger ones nobody sees the difference, and averaging takes its time


class Sprite:
    """One stock picture, cropped to what is not transparent.

    Args:
        key: Tells it apart.
        load: Reads it: premultiplied colours with transparency.
        levels: Where its sizes are kept.
    """

    def __init__(self, key: Hashable, load: Callable[[], Image.Image], levels: Levels) -> None:
        self._key, self._load, self._levels = key, load, levels

    @cached_property
    def size(self) -> tuple[int, int]:
        """Width and height as it was read."""
        return self.level(0, 0).size

    def near(self, width: int, height: int) -> Image.Image:
        """The sprite at the smallest size that has enough pixels to fill so many, or at its largest."""
        times = _oversampling(width, height)
        across, down = _halvings(self.size[0], width, times), _halvings(self.size[1], height, times)
        if min(across, down) >= 0 and abs(across - down) == 1:  # not much out of proportion: fewer sizes to keep
            across = down = min(across, down)
        return self.level(across, down)

    def level(self, across: int, down: int) -> Image.Image:
        """The sprite, its width and its height halved so many times; doubled, where that is below zero."""
        make = self._load if across == down == 0 else lambda: self._made(across, down)
        return self._levels.get((self._key, across, down), make)

    def _made(self, across: int, down: int) -> Image.Image:
        original = self.level(0, 0)
        larger = original.width << max(0, -across), original.height << max(0, -down)
        if larger != original.size:
            original = original.resize(larger, Image.Resampling.BILINEAR)
        return original.reduce((1 << max(0, across), 1 << max(0, down)))


class Stock:
    """The sprites of a folder: `class.png`, or a folder for each class.

    Args:
        folder: None: every class has a placeholder.
        white: Whether a white background is made transparent.
        levels: Where sizes are kept.

    Raises:
        PictureError: It is no folder, or holds no sprite.
    """

    def __init__(self, folder: Path | None, *, white: bool = False, levels: Levels | None = None) -> None:
        self.levels = levels or Levels()
        files = {} if folder is None else _files(folder)
        if folder is not None and not files:
            raise PictureError(f"{folder}: holds no sprites; put class.png, or a folder for each class, there")
        self._paths = [path for paths in files.values() for path in paths]
        self._sprites = {
            name: [Sprite((path, white), partial(_load, path, white), self.levels) for path in paths]
            for name, paths in files.items()
        }

    def has(self, label: str) -> bool:
        """Whether there is a sprite of this class."""
        return _plain(label) in self._sprites

    def sprites(self, label: str) -> list[Sprite]:
        """Those of a class; none if there are none."""
        return self._sprites.get(_plain(label), [])

    def gone(self, label: str, error: PictureError) -> None:
        """A sprite cannot be read any more: its class is told of once, and has plates."""
        log.error("sprites of %s are left out: %s", label, error)
        self._sprites.pop(_plain(label), None)

    def placeholder(self, label: str, width: int, height: int) -> Sprite:
        """A plate with the class on it, of about these proportions."""
        shape = shape_of(width, height)
        return Sprite((label, shape), lambda: placeholder(label, shape).convert("RGBa"), self.levels)

    def check(self) -> None:
        """See that every sprite is a picture, as far as that can be told at once (PictureError: one is none)."""
        for path in self._paths:
            probe(path)

    def read(self) -> None:
        """Read every sprite (PictureError: one cannot be read)."""
        for sprites in self._sprites.values():
            for sprite in sprites:
                sprite.level(0, 0)


def filled(level: Image.Image, whole: Rect, seen: Rect) -> Image.Image:
    """A sprite, stretched to `whole`, as far as it is seen; size and colours as of `seen` and `level`."""
    source, times = source_of(level.size, whole, seen), _oversampling(*seen.size)
    if level.width < whole.width or level.height < whole.height:
        return level.resize(seen.size, Image.Resampling.BILINEAR, source)
    picked = level.resize((times * seen.width, times * seen.height), Image.Resampling.NEAREST, source)
    return picked.reduce(times) if times > 1 else picked


def _oversampling(width: int, height: int) -> int:
    return 2 if width * height <= SMALL_PX else 1


def _files(folder: Path) -> dict[str, list[Path]]:
    """The files of each class, in the order of their names."""
    files: dict[str, list[Path]] = {}
    try:
        for entry in sorted(folder.iterdir()):
            for path in sorted(entry.iterdir()) if entry.is_dir() else [entry]:
                hidden = path.name.startswith(".")  # other systems leave such beside every picture
                if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
                    files.setdefault(_plain(entry.name if entry.is_dir() else entry.stem), []).append(path)
    except OSError as error:
        raise PictureError(f"{folder}: cannot be read ({error.strerror}); give a folder of sprites") from error
    return files


def _plain(name: str) -> str:
    """A class or a file's name, whatever stands between its words and however its letters are put together."""
    return re.sub(r"[\s_\-./\\:]+", " ", unicodedata.normalize("NFKC", name).casefold()).strip()


def _load(path: Path, white: bool) -> Image.Image:
    image = read_sprite(path, LARGEST_PX)
    image = keyed(image) if white and image.getchannel("A").getextrema()[0] == 255 else image
    object_ = cropped(image)
    if object_ is None:
        raise PictureError(f"{path}: nothing of it is opaque; give a picture of the object")
    return object_.convert("RGBa")


def _halvings(pixels: int, wanted: int, times: int) -> int:
    """How often a side can be halved and have `times` as many pixels as wanted; doubled, if it has not even as many."""
    enough = math.floor(math.log2(pixels / (times * wanted)))
    if enough >= 0 or pixels >= wanted:
        return max(enough, 0)
    least = -math.floor(math.log2(max(1, LARGEST_PX / pixels)))
    return max(math.floor(math.log2(pixels / wanted)), least)
