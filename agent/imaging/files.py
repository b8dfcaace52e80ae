"""Reading pictures that somebody put into a file, whatever the file turns out to be."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from agent.errors import PictureError

PIXELS, BYTES = 40_000_000, 200_000_000  # of a picture, at most
FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
SIDE = 8192  # of a background as it is, at most
ORIENTATION = 0x0112  # in EXIF
STRIP_BYTES = 2**20
_REMEDY = "give the path of a picture: JPEG, PNG, WebP or BMP"


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder by their names; a hidden file is none: other systems leave such beside every picture.

    Raises:
        PictureError: It cannot be read, or there is none.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise PictureError(f"{folder}: cannot be read ({error.strerror}); give a folder of pictures") from error
    pictures = [folder / name for name in names if name.lower().endswith(SUFFIXES) and not name.startswith(".")]
    if not pictures:
        raise PictureError(f"{folder}: holds no picture; put files into it that end in {', '.join(SUFFIXES)}")
    return pictures


def probe(path: Path) -> None:
    """See that there is a picture in a file, without decoding it (PictureError: there is none)."""
    with _opened(path):
        pass


def read_background(path: Path, size: tuple[int, int] | None) -> Image.Image:
    """The picture in a file: upright, in red, green and blue.

    Args:
        path: Of the file.
        size: Width and height that it is scaled to fill, and cropped to at the middle; None: as it is.

    Raises:
        PictureError: It is no file, holds no whole picture, or too large a one.
    """
    with _opened(path) as image:
        if size is None and max(image.size) > SIDE:
            raise PictureError(f"{path}: has a side of more than {SIDE} pixels; scale it down, or set size")
        if size:
            image.draft(None, (max(size), max(size)))  # a JPEG is decoded at about this size
        upright = _eight_bits(ImageOps.exif_transpose(image)).convert("RGB")
        return ImageOps.fit(upright, size) if size else upright


def read_sprite(path: Path, longest_px: int) -> Image.Image:
    """The picture in a file: upright, with transparency, its longest side at most `longest_px`.

    Raises:
        PictureError: See `read_background`.
    """
    with _opened(path) as image:
        image.draft(None, (longest_px, longest_px))
        reduced = _reduced(_eight_bits(image), longest_px)
        reduced.getexif()[ORIENTATION] = image.getexif().get(ORIENTATION, 1)
        return ImageOps.exif_transpose(reduced)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The picture in a file, not decoded yet; whatever goes wrong with it is a `PictureError`."""
    try:
        _refuse_what_is_no_picture(path)
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > PIXELS:
                raise Image.DecompressionBombError
            yield image
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(f"{path}: has more than {PIXELS / 1e6:g} million pixels; scale it down") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{path}: is no picture of a known kind; {_REMEDY}") from error
    except Exception as error:  # a damaged file makes Pillow raise errors of almost any kind
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise PictureError(f"{path}: cannot be read ({reason}); {_REMEDY}") from error


def _refuse_what_is_no_picture(path: Path) -> None:
    """Before it is opened: opening a pipe would wait for ever."""
    if not path.is_file() and path.stat():
        raise PictureError(f"{path}: is a folder or a device; {_REMEDY}")
    if path.stat().st_size > BYTES:
        raise PictureError(f"{path}: is larger than {BYTES // 10**6} MB; scale it down")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Greys of 16 bits, whose upper half would all become white, in 8."""
    return image.point(lambda grey: grey / 256).convert("L") if image.mode.startswith("I") else image


def _reduced(image: Image.Image, longest_px: int) -> Image.Image:
    """With transparency, and smaller; strip by strip, since a large picture as a whole takes many times its memory."""
    factor = max(1, round(max(image.size) / longest_px))
    if factor == 1:
        whole = image.convert("RGBA")
    else:
        rows = max(1, STRIP_BYTES // (4 * image.width * factor)) * factor
        premultiplied = Image.new("RGBa", (-(-image.width // factor), -(-image.height // factor)))
        for top in range(0, image.height, rows):
            strip = image.crop((0, top, image.width, min(top + rows, image.height)))
            reduced = strip.convert("RGBA").convert("RGBa").reduce(factor)
            premultiplied.paste(reduced, (0, top // factor))
        whole = premultiplied.convert("RGBA")
    whole.thumbnail((longest_px, longest_px), Image.Resampling.BOX)
    return whole
