"""Reading what a camera sees from a file."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agent.errors import CameraError, PictureError
from agent.imaging.files import read_background


def read_picture(path: Path, size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """As `read_background`, shape (height, width, 3).

    Raises:
        CameraError: It is no file, holds no whole picture, or too large a one.
    """
    try:
        return np.asarray(read_background(path, size))
    except PictureError as error:
        raise CameraError(str(error)) from error
