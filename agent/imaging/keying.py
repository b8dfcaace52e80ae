"""Making the white background of a stock picture transparent."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

WHITE = 236  # of 255: a background is at least this bright in red, green and blue

Mask = NDArray[np.bool_]


def keyed(image: Image.Image) -> Image.Image:
    """`image`, its white transparent as far as it can be reached from the frame; white inside the object stays."""
    pixels = np.asarray(image.convert("RGB"))
    background = _reached(pixels.min(axis=2) >= WHITE)
    alpha = Image.fromarray(np.where(background, 0, 255).astype(np.uint8))
    # One pixel less, and soft: what borders on white is half white itself.
    alpha = ImageChops.darker(alpha.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.GaussianBlur(0.6)), alpha)
    keyed_image = image.copy()
    keyed_image.putalpha(alpha)
    return keyed_image


def _reached(free: Mask) -> Mask:
    """What of `free` hangs together with the frame."""
    reached = np.zeros_like(free)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        reached[edge] = free[edge]
    count = -1
    while count != (count := int(reached.sum())):
        for view, open_ in ((reached, free), (reached.T, free.T)):
            _sweep(view, open_)
            _sweep(view[::-1], open_[::-1])
    return reached


def _sweep(reached: Mask, free: Mask) -> None:
    """Spread from each row to the next."""
    for row in range(1, len(reached)):
        reached[row] |= reached[row - 1] & free[row]
