"""A camera that sees the pictures of a folder, one after the other."""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from agent.cameras.camera import Camera, Frame
from agent.cameras.picture import read_picture
from agent.clock import Clock
from agent.errors import CameraError, PictureError
from agent.imaging.files import pictures_in
from agent.settings.camera import CameraTable

log = logging.getLogger(__name__)


class FolderCamera:
    """Gives each picture once, then all of them again, for ever; holds none of them.

    A picture that cannot be read is told once and left out.

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
        self._pictures: Iterator[Path] | None = None
        self._count, self._told = 0, set[Path]()

    def open(self) -> None:
        try:
            pictures = pictures_in(self._folder)
        except PictureError as error:
            raise CameraError(str(error)) from error
        self._count, self._pictures = len(pictures), _rounds(pictures, self._rng)

    def capture(self, timeout_s: float) -> Frame:
        if self._pictures is None:
            raise CameraError("the camera is not open; call open first")
        for path in islice(self._pictures, self._count):
            try:
                return Frame(read_picture(path, self._size), self._clock.unix_ns())
            except CameraError as error:
                if path not in self._told:
                    log.warning("a background is left out: %s", error)
                    self._told.add(path)
        raise CameraError(f"{self._folder}: none of its pictures can be read; put others there")

    def close(self) -> None:
        self._pictures = None


def folder(table: CameraTable, clock: Clock, rng: np.random.Generator) -> Camera:
    """Sees the pictures of the folder at `path`."""
    return FolderCamera(table.picture, table.size, rng if table.order == "random" else None, clock)


def _rounds(pictures: Sequence[Path], rng: np.random.Generator | None) -> Iterator[Path]:
    while True:
        places = range(len(pictures)) if rng is None else rng.permutation(len(pictures))
        yield from (pictures[place] for place in places)
