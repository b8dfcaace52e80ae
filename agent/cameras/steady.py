"""Cameras that see one picture for ever: a still, or a test card."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from agent.cameras.camera import Camera, Frame
from agent.cameras.picture import read_picture
from agent.clock import Clock
from agent.errors import CameraError
from agent.settings.camera import CARD, CameraTable

# Where a colour stands, from the top (0) to the bottom (1): a sky, brightest at the horizon, and the ground below it.
_PLACES = (0.0, 0.55, 0.62, 1.0)
_COLORS = ((112, 158, 205), (214, 226, 233), (150, 156, 132), (92, 98, 80))


class SteadyCamera:
    """Gives the same array each time, so that whoever works with it need not begin anew.

    Args:
        see: Makes the picture, when the camera is opened.
        clock: Stamps the frames.
    """

    def __init__(self, see: Callable[[], NDArray[np.uint8]], clock: Clock) -> None:
        self._see, self._clock = see, clock
        self._pixels: NDArray[np.uint8] | None = None

    def open(self) -> None:
        self._pixels = self._see()

    def capture(self, timeout_s: float) -> Frame:
        if self._pixels is None:
            raise CameraError("the camera is not open; call open first")
        return Frame(self._pixels, self._clock.unix_ns())

    def close(self) -> None:
        self._pixels = None


def still(table: CameraTable, clock: Clock, _: np.random.Generator) -> Camera:
    """Sees the picture at `path`."""
    return SteadyCamera(lambda: read_picture(table.picture, table.size), clock)


def color(table: CameraTable, clock: Clock, _: np.random.Generator) -> Camera:
    """Sees a plain card."""
    return SteadyCamera(lambda: _card(np.asarray([table.color]), table.size or CARD), clock)


def gradient(table: CameraTable, clock: Clock, _: np.random.Generator) -> Camera:
    """Sees a card with a soft sky and ground."""
    return SteadyCamera(lambda: test_card(table.size), clock)


def test_card(size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """A soft sky and ground of this width and height, shape (height, width, 3)."""
    width, height = size or CARD
    return _card(_sky_and_ground(height), (width, height))


def _sky_and_ground(height: int) -> NDArray[np.float64]:
    """The colour of each row."""
    rows = np.linspace(0, 1, height)
    return np.stack([np.interp(rows, _PLACES, channel) for channel in zip(*_COLORS, strict=True)], axis=1)


def _card(rows: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Rows of one colour each, or one colour for all rows."""
    card = np.empty((size[1], size[0], 3), np.uint8)
    card[:] = rows[:, np.newaxis]
    return card
