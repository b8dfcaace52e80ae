"""A canvas larger than the picture, on which shapes are painted with gradients and rounded by light."""

import io
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFilter

from drawing.shapes import Shape

Paint = str | tuple[str, str]
Pixels = NDArray[np.float32]
Window = tuple[int, int, int, int]
LIGHT = (-0.42, -0.91)  # where it comes from: above, a little from the left


def colour(name: str) -> Pixels:
    """Red, green and blue from 0 to 1."""
    return np.asarray(np.array(ImageColor.getrgb(name)[:3]) / 255, np.float32)


def mixed(one: str, other: str, share: float) -> str:
    """The colour `share` of the way from one to the other."""
    values = colour(one) * (1 - share) + colour(other) * share
    return "#" + "".join(f"{round(float(v) * 255):02x}" for v in values)


def darker(paint: str, share: float) -> str:
    """The colour towards a bluish black."""
    return mixed(paint, "#0b0d16", share)


def lighter(paint: str, share: float) -> str:
    """The colour towards a warm white."""
    return mixed(paint, "#fffaf0", share)


def shares(mask: Image.Image) -> Pixels:
    """A grey picture's values from 0 to 1."""
    return np.asarray(np.asarray(mask) / np.float32(255), np.float32)


def blurred(mask: Pixels, radius: float) -> Pixels:
    """A mask with soft edges."""
    picture = Image.fromarray(np.uint8(np.clip(mask, 0, 1) * 255))
    return shares(picture.filter(ImageFilter.GaussianBlur(radius)))


def spread(values: Pixels, deviation: float) -> Pixels:
    """A Gaussian blur without rounding, for what is differentiated next."""
    reach = max(1, round(3 * deviation))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    for weight_axis in (0, 1):
        padding = [(reach, reach) if axis == weight_axis else (0, 0) for axis in (0, 1)]
        padded, length = np.pad(values, padding, "edge"), values.shape[weight_axis]
        parts = (w * padded.take(range(i, i + length), weight_axis) for i, w in enumerate(weights / weights.sum()))
        values = np.asarray(sum(parts), np.float32)
    return values


def noise(height: int, width: int, rng: np.random.Generator, grain: tuple[float, float]) -> Pixels:
    """Smooth noise about 0 with lumps of `grain` pixels across and down, of deviation 1."""
    rows, columns = max(2, round(height / grain[1])), max(2, round(width / grain[0]))
    coarse = Image.fromarray(rng.standard_normal((rows, columns)).astype(np.float32))
    fine = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
    return np.asarray(fine / max(float(fine.std()), 1e-6), np.float32)


class Canvas:
    """Painted in the picture's own coordinates, kept `scale` times larger, reduced at the end.

    Args:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        scale: how much larger everything is painted, for soft edges.
    """

    def __init__(self, width: int, height: int, scale: int = 4) -> None:
        self.scale = scale
        self.size = (width, height)
        self.ink = np.zeros((height * scale, width * scale, 3), np.float32)  # premultiplied
        self.alpha = np.zeros((height * scale, width * scale), np.float32)

    def fill(
        self,
        shape: Shape,
        paint: Paint,
        *,
        volume: float = 0.0,
        depth: float = 8.0,
        opacity: float = 1.0,
        blur: float = 0.0,
        clip: Shape | Literal["painted"] | None = None,
        across: bool = False,
    ) -> None:
        """Paints a shape.

        Args:
            shape: what to cover.
            paint: a colour, or two for a gradient from its top to its bottom.
            volume: how strongly light and shade round it off, 0 for flat.
            depth: how far from its edge it is round.
            opacity: 1 hides what is below.
            blur: softness of its edge.
            clip: paint only within another shape, or only on what is painted already.
            across: the gradient runs from left to right.
        """
        margin = 3 * max(blur, 0.0) + 2
        window = self._window(shape, margin)
        left, top, right, bottom = window
        if right <= left or bottom <= top:
            return
        mask = self._mask(shape, window)
        ink = self._paint(shape, window, paint, across=across)
        if volume:
            ink = self._lit(ink, shape, window, volume, depth)
        if blur:
            mask = blurred(mask, blur * self.scale)
        here = np.s_[top:bottom, left:right]
        if clip == "painted":
            mask = mask * self.alpha[here]
        elif clip is not None:
            mask = mask * self._mask(clip, window)
        cover = mask * opacity
        self.ink[here] = ink * cover[..., None] + self.ink[here] * (1 - cover[..., None])
        self.alpha[here] = cover + self.alpha[here] * (1 - cover)

    def mottle(self, shape: Shape, rng: np.random.Generator, strength: float, grain: tuple[float, float]) -> None:
        """Makes what is painted within the shape lighter and darker by noise of the given grain."""
        window = self._window(shape, 0)
        left, top, right, bottom = window
        lumps = noise(bottom - top, right - left, rng, (grain[0] * self.scale, grain[1] * self.scale))
        change = 1 + strength * lumps * self._mask(shape, window)
        here = np.s_[top:bottom, left:right]
        self.ink[here] = np.clip(self.ink[here] * change[..., None], 0, self.alpha[here][..., None])

    def reduced(self) -> Image.Image:
        """The picture in its own size, with transparency."""
        (width, height), n = self.size, self.scale
        alpha = self.alpha.reshape(height, n, width, n).mean(axis=(1, 3))
        ink = self.ink.reshape(height, n, width, n, 3).mean(axis=(1, 3))
        rgb = ink / np.maximum(alpha, 1e-3)[..., None]
        alpha = np.where(alpha > 0.97, 1, np.where(alpha < 0.06, 0, alpha))
        rgba = np.dstack([np.clip(rgb, 0, 1) * (alpha > 0)[..., None], alpha])
        return Image.fromarray(np.uint8(np.round(rgba * 255)))

    def _window(self, shape: Shape, margin: float) -> Window:
        corners = np.concatenate(shape)
        low, high = corners.min(axis=0) - margin, corners.max(axis=0) + margin
        left, top = (max(0, int(v * self.scale)) for v in low)
        right, bottom = (
            min(side * self.scale, int(np.ceil(v * self.scale))) for v, side in zip(high, self.size, strict=True)
        )
        return left, top, right, bottom

    def _mask(self, shape: Shape, window: Window) -> Pixels:
        left, top, right, bottom = window
        picture = Image.new("L", (right - left, bottom - top))
        draw = ImageDraw.Draw(picture)
        for part in shape:
            draw.polygon([(x * self.scale - left, y * self.scale - top) for x, y in part.tolist()], fill=255)
        return shares(picture)

    def _paint(self, shape: Shape, window: Window, paint: Paint, *, across: bool) -> Pixels:
        if isinstance(paint, str):
            return colour(paint)[None, None]
        left, top, right, bottom = window
        axis, first, last = (0, left, right) if across else (1, top, bottom)
        corners = np.concatenate(shape)[:, axis] * self.scale
        low, high = corners.min(), corners.max()
        share = np.clip((np.arange(first, last) - low) / max(high - low, 1), 0, 1).astype(np.float32)
        ramp = colour(paint[0]) * (1 - share[:, None]) + colour(paint[1]) * share[:, None]
        return np.asarray(ramp[None] if across else ramp[:, None], np.float32)

    def _lit(self, ink: Pixels, shape: Shape, window: Window, volume: float, depth: float) -> Pixels:
        left, top, right, bottom = window
        wide = round(3 * depth) * self.scale
        mask = self._mask(shape, (left - wide, top - wide, right + wide, bottom + wide))
        size = (mask.shape[1] // self.scale, mask.shape[0] // self.scale)
        small = Image.fromarray(np.uint8(mask * 255)).resize(size, Image.Resampling.BOX)
        height = spread(shares(small), depth)
        down, right_ = np.gradient(height)
        facing = -(right_ * LIGHT[0] + down * LIGHT[1]) * depth * 2.5
        smooth = Image.fromarray(facing.astype(np.float32)).resize(mask.shape[::-1], Image.Resampling.BILINEAR)
        inner = np.asarray(smooth)[wide : wide + bottom - top, wide : wide + right - left]
        light = np.clip(inner, -1, 1)[..., None] * volume
        up, under = np.maximum(light, 0), np.maximum(-light, 0)
        return np.asarray(ink * (1 - 0.62 * under) + (1 - ink) * 0.42 * up, np.float32)


def cropped(picture: Image.Image) -> Image.Image:
    """The picture without its empty margins."""
    return picture.crop(picture.getchannel("A").point(lambda a: 255 * (a > 40)).getbbox())


def png(picture: Image.Image, solid: int = 160, soft: int = 11, levels: int = 8) -> bytes:
    """The picture's bytes as a PNG whose palette holds transparency too, which is far smaller.

    Args:
        picture: with transparency.
        solid: how many colours to use where it is opaque.
        soft: how many colours to use along its edges, each with up to `levels` steps of transparency.
        levels: how many of those steps there are.
    """
    rgba = np.asarray(picture)
    alpha = rgba[..., 3]
    opaque, edge = alpha == 255, (alpha > 0) & (alpha < 255)
    few = np.zeros_like(rgba)
    few[..., 3] = np.where(edge, np.clip(np.round(alpha / 255 * levels), 1, levels - 1) / levels * 255, alpha)
    for where, colours in ((opaque, solid), (edge, soft)):
        line = Image.fromarray(np.ascontiguousarray(rgba[where][None, :, :3]))
        reduced = line.quantize(colours, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE)
        few[where, :3] = np.asarray(reduced.convert("RGB"))[0]
    palette, index = np.unique(few.reshape(-1, 4), axis=0, return_inverse=True)
    indexed = Image.fromarray(index.reshape(alpha.shape).astype(np.uint8))
    indexed.putpalette(palette[:, :3].tobytes())
    out = io.BytesIO()
    indexed.save(out, "PNG", optimize=True, transparency=palette[:, 3].tobytes())
    return out.getvalue()


def jpeg(picture: Image.Image, quality: int = 81) -> bytes:
    """The picture's bytes as a JPEG."""
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()
