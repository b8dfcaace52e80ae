"""What stands for an object whose class has no sprite: a plate with its name."""

import colorsys
import math
import zlib

from PIL import Image

LONGEST_PX = 320
SHARPEST = 4.0  # of a longer side to a shorter one
MOST_LETTERS = 24

Shape = tuple[int, int]


def shape_of(width: int, height: int) -> Shape:
    """The plate's size for an object of this one: one of a few proportions, so that few plates are made."""
    ratio = min(max(width / height, 1 / SHARPEST), SHARPEST)
    ratio = 2.0 ** (round(2 * math.log2(ratio)) / 2)
    return (LONGEST_PX, round(LONGEST_PX / ratio)) if ratio >= 1 else (round(LONGEST_PX * ratio), LONGEST_PX)


def placeholder(label: str, shape: Shape) -> Image.Image:
    """An opaque plate in a colour of the class, with its name on it."""
    from PIL import ImageDraw, ImageFont  # fonts take memory, and where all classes have sprites nobody needs them

    hue = zlib.crc32(label.encode()) % 360 / 360
    dark, light = (_rgb(hue, value) for value in (0.45, 0.75))
    plate = Image.new("RGBA", shape, dark)
    draw = ImageDraw.Draw(plate)
    draw.rectangle((8, 8, shape[0] - 9, shape[1] - 9), fill=light)
    text = "".join(letter if letter.isprintable() else " " for letter in label[:MOST_LETTERS]) or "?"
    size = min(1.6 * shape[0] / max(len(text), 3), 0.5 * shape[1])
    middle = (shape[0] / 2, shape[1] / 2)
    draw.text(middle, text, fill=_rgb(hue, 0.15), font=ImageFont.load_default(max(size, 8)), anchor="mm")
    return plate


def _rgb(hue: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.45, value)
    return round(255 * red), round(255 * green), round(255 * blue)
