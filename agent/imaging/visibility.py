"""How much of each object those in front of it leave to be seen."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agent.imaging.scene import Placed

OPAQUE = 128  # of 255: what is less opaque hides nothing

Mask = NDArray[np.bool_]


class Visibility:
    """Told of each object as it is drawn, from back to front, it knows whose each pixel is.

    Args:
        size: Width and height of the picture.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._owners = np.zeros((size[1], size[0]), np.uint16)
        self._drawn: list[Placed] = []
        self._faint: dict[int, Mask] = {}
        self._wholes: list[int] = []

    def drawn(self, placed: Placed, cut: Image.Image) -> None:
        """An object was drawn: `cut` is what was pasted."""
        self._drawn.append(placed)
        number, alpha = len(self._drawn), np.asarray(cut.getchannel(3))
        mask = alpha >= OPAQUE
        if mask.any():
            self._of(placed)[mask] = number
        else:  # it hides nothing, and is seen all the same
            mask = self._faint[number] = alpha > 0
        self._wholes.append(int(np.count_nonzero(mask)))

    def tell(self) -> None:
        """Let each object know."""
        for number, (placed, whole) in enumerate(zip(self._drawn, self._wholes, strict=True), 1):
            owners, faint = self._of(placed), self._faint.get(number)
            seen = owners == number if faint is None else faint & (owners < number)
            placed.visibility = float(np.count_nonzero(seen) / whole) if whole else 0.0

    def _of(self, placed: Placed) -> NDArray[np.uint16]:
        left, top, right, bottom = placed.seen
        return self._owners[top:bottom, left:right]
