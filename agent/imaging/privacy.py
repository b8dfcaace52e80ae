"""Blurring a background beyond recognition."""

from PIL import Image

CELLS = 24  # along the longer side: a face, a text, a number plate is less than one of them


def blurred(image: Image.Image) -> Image.Image:
    """`image` as its colours at some hundred places, and what lies between: nobody can be made out, by any means."""
    cell = max(image.size) / CELLS
    cells = tuple(max(1, round(side / cell)) for side in image.size)
    coarse = image.resize((cells[0], cells[1]), Image.Resampling.BOX)
    return coarse.resize(image.size, Image.Resampling.BICUBIC)
