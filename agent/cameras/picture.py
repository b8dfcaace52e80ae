"""Reading a picture from a file, whatever the file turns out to be."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from agent.errors import CameraError

PIXELS, BYTES = 40_000_000, 200_000_000  # of a picture, at most
FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
_REMEDY = "give the path of a picture: JPEG, PNG, WebP or BMP"


def read_picture(path: Path, size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """The picture in a file, turned upright as its camera noted.

    Args:
        path: Of the file.
        size: Width and height that it is scaled to fill, and cropped to at the middle; None: as it is.

    Returns:
        Shape (height, width, 3), red, green and blue, 0 to 255.

    Raises:
        CameraError: It is no file, holds no whole picture, or is too large.
    """
    try:
        _refuse_what_is_no_picture(path)
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as image:
            return _pixels(image, size)
    except CameraError:
        raise
    except Image.DecompressionBombError as error:
        raise CameraError(f"{path}: has more than {PIXELS / 1e6:g} million pixels; scale it down") from error
    except UnidentifiedImageError as error:
        raise CameraError(f"{path}: is no picture of a known kind; {_REMEDY}") from error
    except Exception as error:  # a damaged file makes Pillow raise errors of almost any kind
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise CameraError(f"{path}: cannot be read ({reason}); {_REMEDY}") from error


def _refuse_what_is_no_picture(path: Path) -> None:
    """Before it is opened: opening a pipe would wait for ever."""
    if not path.is_file() and path.stat():
        raise CameraError(f"{path}: is a folder or a device; {_REMEDY}")
    if path.stat().st_size > BYTES:
        raise CameraError(f"{path}: is larger than {BYTES // 10**6} MB; {_REMEDY}")


def _pixels(image: Image.Image, size: tuple[int, int] | None) -> NDArray[np.uint8]:
    if image.width * image.height > PIXELS:  # known before anything is decoded
        raise Image.DecompressionBombError
    if size:
        image.draft(None, (max(size), max(size)))  # a JPEG is decoded at about this size: faster, and in less memory
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # greys of 16 bits, whose upper half would all become white
        upright = upright.point(lambda grey: grey / 256)
    colored = upright.convert("RGB")
    return np.asarray(ImageOps.fit(colored, size) if size else colored)
