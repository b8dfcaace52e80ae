"""A camera that sees the pictures of a folder, one after the other."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from agent.cameras.camera import Camera, Frame
from agent.cameras.picture import read_picture
from agent.clock import Clock
from agent.errors import CameraError
from agent.settings.camera import CameraTable

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


class FolderCamera:
    """Gives each picture once, then all of them again, for ever; holds none of them.

    A picture that cannot be read is an error of that capture alone.

    Args:
        folder: Where the pictures are; looked into when the camera is opened.
        size: Width and height of frames; None: as the pictures are.
        rng: Draws a new order for every round; None: in the order of their names.
        clock: Stamps the frames.
    """

    def __init__(
        self, folder: Path, size: tuple[int, int] | None, rng: np.random.Generator | None, clock: Clock
    ) -> None:
        self._folder, self._size, self._rng, self._clock = folder, size, rng, clock
        self._names: Iterator[str] | None = None

    def open(self) -> None:
        try:
            names = sorted(name for name in os.listdir(self._folder) if _is_picture(name))
        except OSError as error:
            raise CameraError(
                f"{self._folder}: cannot be read ({error.strerror}); give the path of a folder of pictures"
            ) from error
        if not names:
            raise CameraError(f"{self._folder}: holds no picture; put files into it that end in {', '.join(SUFFIXES)}")
        self._names = _rounds(names, self._rng)

    def capture(self, timeout_s: float) -> Frame:
        if self._names is None:
            raise CameraError("the camera is not open; call open first")
        pixels = read_picture(self._folder / next(self._names), self._size)
        return Frame(pixels, self._clock.unix_ns())

    def close(self) -> None:
        self._names = None


def folder(table: CameraTable, clock: Clock, rng: np.random.Generator) -> Camera:
    """Sees the pictures of the folder at `path`."""
    return FolderCamera(table.picture, table.size, rng if table.order == "random" else None, clock)


def _is_picture(name: str) -> bool:
    """By its name; a hidden file is none: other systems leave such beside every picture."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _rounds(names: Sequence[str], rng: np.random.Generator | None) -> Iterator[str]:
    while True:
        places = range(len(names)) if rng is None else rng.permutation(len(names))
        yield from (names[place] for place in places)
