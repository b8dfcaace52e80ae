"""Reading pictures that somebody put into a file."""

import warnings
from pathlib import Path

from PIL import Image, ImageOps

from agent.errors import PictureError

MOST_PIXELS = 40_000_000
STRIP_BYTES = 4 * 2**20


def read_picture(path: Path, longest_px: int | None = None) -> Image.Image:
    """The picture in a file: upright, with transparency, its longest side at most `longest_px`.

    Raises:
        PictureError: There is no such file, or it holds no picture, or too large a one.
    """
    if path.exists() and not path.is_file():
        raise PictureError(f"{path}: is no file; give a picture")
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")
            if image.width * image.height > MOST_PIXELS:
                raise PictureError(f"{path}: has more than {MOST_PIXELS:,} pixels; make it smaller")
            if longest_px is not None and image.format == "JPEG":
                image.draft(None, (longest_px, longest_px))
            return ImageOps.exif_transpose(_reduced(image, longest_px).convert("RGBA"))
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, Image.DecompressionBombError) as error:
        if isinstance(error, PictureError):
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged, or no picture"
        raise PictureError(f"{path}: cannot be read ({reason}); give a PNG, JPEG, WebP or BMP") from error


def _reduced(image: Image.Image, longest_px: int | None) -> Image.Image:
    """Smaller, strip by strip: as a whole a large picture with transparency takes four times its memory."""
    longest = max(image.size)
    if longest_px is None or longest <= longest_px:
        return image
    factor = longest // longest_px
    rows = max(1, STRIP_BYTES // (4 * image.width * factor)) * factor
    reduced = Image.new("RGBa", (-(-image.width // factor), -(-image.height // factor)))
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height))).convert("RGBA").convert("RGBa")
        reduced.paste(strip.reduce(factor), (0, top // factor))
    reduced.thumbnail((longest_px, longest_px), Image.Resampling.BOX)
    return reduced.convert("RGBA")
