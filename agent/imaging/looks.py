"""How an object meets the background: its edge, its brightness, its shadow, a turn, and noise."""

from functools import cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageStat

from agent.imaging.scene import Rect, source_of
from agent.settings.pictures import PicturesTable

FAINT = 8  # of 255: what is no more opaque than this is no edge of an object
SHADE = 0.45  # how much darker the ground is in the middle of a shadow
DIMMEST, BRIGHTEST = 0.6, 1.5


def opaque_box(image: Image.Image) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what is not transparent; None: all is."""
    return image.getchannel(3).point(lambda alpha: 255 * (alpha > FAINT)).getbbox()


def cropped(image: Image.Image) -> Image.Image | None:
    """`image` without its transparent margins; None: nothing of it is opaque."""
    box = opaque_box(image)
    return None if box is None else image.crop(box)


def turned(image: Image.Image, most_deg: float, rng: np.random.Generator) -> Image.Image:
    """`image` at an angle of up to so much either way, without margins."""
    angle = float(rng.uniform(-most_deg, most_deg))
    return cropped(image.rotate(angle, Image.Resampling.BILINEAR, expand=True)) or image


def dressed(
    cut: Image.Image, under: Image.Image | None, open_sides: Rect, table: PicturesTable, rng: np.random.Generator
) -> Image.Image:
    """An object as it is pasted.

    Args:
        cut: What is seen of it, colours premultiplied.
        under: The background there, of the same size; None: brightness is as it is.
        open_sides: 1 on each side on which the object ends, 0 where the frame cuts it off.
        table: Says how.
        rng: Draws the noise.
    """
    if table.blend == "hard" and not table.brightness and not table.noise:
        return cut
    image = cut.convert("RGBA")
    alpha, colors = image.getchannel("A"), image.convert("RGB")
    if under is not None and table.brightness:
        colors = _as_bright(colors, alpha, under)
    if table.noise:
        colors = _noisy(colors, table.noise, rng)
    if table.blend != "hard":
        alpha = _softened(alpha, open_sides, table.blend == "gaussian")
    colors.putalpha(alpha)
    return colors


def throw_shadow(image: Image.Image, whole: Rect) -> None:
    """Darken the ground under an object that stands at `whole`."""
    height = max(4, round(0.14 * min(whole.width, whole.height)))
    reach = round(0.06 * whole.width)
    middle = whole.bottom - height // 4
    shadow = Rect(whole.left - reach, middle - height // 2, whole.right + reach, middle + height - height // 2)
    seen = shadow.within(Rect(0, 0, image.width, image.height))
    if seen.area == 0:
        return
    spot = _spot()
    mask = spot.resize(seen.size, Image.Resampling.BILINEAR, source_of(spot.size, shadow, seen))
    image.paste((0, 0, 0), seen, mask)


@cache
def _spot() -> Image.Image:
    """A dark spot that fades to its edge."""
    y, x = np.mgrid[-1:1:64j, -1:1:128j]
    fade = np.clip(1 - np.sqrt(x * x + y * y), 0, 1)
    return Image.fromarray((255 * SHADE * np.minimum(1, 1.6 * fade)).astype(np.uint8))


def _as_bright(colors: Image.Image, alpha: Image.Image, under: Image.Image) -> Image.Image:
    """Half the way to the brightness of what is behind."""
    behind, own = ImageStat.Stat(under.convert("L")).mean[0], ImageStat.Stat(colors.convert("L"), alpha).mean[0]
    factor = min(max(((behind + 1) / (own + 1)) ** 0.5, DIMMEST), BRIGHTEST)
    return colors.point([min(255, round(factor * level)) for level in range(256)] * 3)


def _noisy(colors: Image.Image, std: float, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(colors, np.float32)
    noise = rng.standard_normal(pixels.shape[:2], np.float32)[..., None] * np.float32(std)
    return Image.fromarray(np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8))


def _softened(alpha: Image.Image, open_sides: Rect, gaussian: bool) -> Image.Image:
    """Opacity that falls off towards the edge: within the outline, or on both sides of it as far as the box goes."""
    radius = min(max(round(0.02 * min(alpha.size)), 1), 4)
    left, top, right, bottom = (radius * side for side in open_sides)
    padded = Image.new("L", (alpha.width + left + right, alpha.height + top + bottom))
    padded.paste(alpha, (left, top))
    if gaussian:
        soft = padded.filter(ImageFilter.GaussianBlur(radius))
    else:  # thin parts, such as spokes, stay
        soft = ImageChops.darker(padded.filter(ImageFilter.BoxBlur(radius)), padded)
    return soft.crop((left, top, left + alpha.width, top + alpha.height))
