"""What is kept from picture to picture, within a bound of memory."""

from collections import OrderedDict
from collections.abc import Callable, Hashable

from PIL import Image

CACHE_BYTES = 9 * 2**20


class Levels:
    """Sizes of sprites by key, made when they are asked for; the least used are let go where memory is full.

    And the canvas, on which one picture after the other is composed.

    Args:
        most_bytes: Of all that are kept.
    """

    def __init__(self, most_bytes: int = CACHE_BYTES) -> None:
        self._most_bytes, self.held_bytes = most_bytes, 0
        self._kept: OrderedDict[Hashable, Image.Image] = OrderedDict()
        self._canvas: Image.Image | None = None

    def get(self, key: Hashable, make: Callable[[], Image.Image]) -> Image.Image:
        """The picture of `key`."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        image = make()
        self.held_bytes += _size(image)
        self._kept[key] = image
        while self.held_bytes > self._most_bytes and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self.held_bytes -= _size(dropped)
        return image

    def canvas(self, background: Image.Image) -> Image.Image:
        """A copy, where the picture before was: it would leave a gap that sprites fill, and memory would grow."""
        if self._canvas is None or self._canvas.size != background.size:
            self._canvas = background.copy()
        else:
            self._canvas.paste(background)
        return self._canvas


def _size(image: Image.Image) -> int:
    return image.width * image.height * 4
