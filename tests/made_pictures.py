"""Sprites and backgrounds that cannot be taken for each other: one is bright in every pixel, the other dark."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from agent.imaging.compositor import Composed, Compositor
from agent.imaging.scene import Rect
from agent.imaging.sprites import Stock
from agent.message.detections import Detection
from agent.settings.pictures import PicturesTable

DARK, BRIGHT = 40, 60  # of 255: no background is brighter, no sprite darker, in red, green or blue
RED, GREEN, BLUE, YELLOW = (230, 60, 60), (60, 230, 60), (60, 60, 230), (230, 230, 60)
FRAME = (320, 180)


def backdrop(size: tuple[int, int] = FRAME) -> Image.Image:
    """Dark noise."""
    return Image.fromarray(np.random.default_rng(0).integers(0, DARK + 1, (size[1], size[0], 3), np.uint8))


def noise(size: tuple[int, int], seed: int = 0) -> Image.Image:
    """Bright noise."""
    return Image.fromarray(np.random.default_rng(seed).integers(BRIGHT, 256, (size[1], size[0], 3), np.uint8))


def quarters(size: tuple[int, int] = (100, 100)) -> Image.Image:
    """Red and green above blue and yellow."""
    image = Image.new("RGB", (2, 2))
    for place, color in {(0, 0): RED, (1, 0): GREEN, (0, 1): BLUE, (1, 1): YELLOW}.items():
        image.putpixel(place, color)
    return image.resize(size, Image.Resampling.NEAREST)


def plain(size: tuple[int, int], color: tuple[int, ...] = RED) -> Image.Image:
    return Image.new("RGB" if len(color) == 3 else "RGBA", size, color)


def thing(label: str, left: float, top: float, right: float, bottom: float, score: float = 0.5) -> Detection:
    return Detection(label, score, (top, left, bottom, right))


def put(folder: Path, **sprites: Image.Image) -> Path:
    """A stock of these sprites, by class."""
    for name, image in sprites.items():
        image.save(folder / f"{name}.png")
    return folder


def compose(
    found: list[Detection],
    sprites: Path | None = None,
    background: Image.Image | None = None,
    seed: int = 0,
    normalised: bool = False,
    **keys: Any,
) -> Composed:
    """A picture of what was found; `keys` are those of the table."""
    table = PicturesTable(sprites=sprites, **keys)
    compositor = Compositor(Stock(sprites, white=table.white), table, normalised=normalised)
    return compositor.compose(background or backdrop(), found, np.random.default_rng(seed))


def bright(image: Image.Image) -> np.ndarray:
    """Which pixels are certainly of a sprite."""
    return np.asarray(image).max(axis=2) >= BRIGHT


def bounds(mask: np.ndarray) -> Rect:
    """The smallest rectangle that holds all of a mask."""
    (rows,), (columns,) = np.nonzero(mask.any(axis=1)), np.nonzero(mask.any(axis=0))
    return Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
