"""Writing a picture as JPEG, PNG or WebP, small enough where that is asked for."""

import io
from dataclasses import dataclass
from typing import Literal

from PIL import Image

Format = Literal["jpeg", "png", "webp"]

SUFFIX: dict[Format, str] = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}
STEP, LEAST_QUALITY = 10, 5


@dataclass(frozen=True)
class Encoding:
    """How pictures are written.

    Attributes:
        format: Of the file.
        quality: Of JPEG and WebP, 1 to 100.
        max_bytes: None: any.
    """

    format: Format = "jpeg"
    quality: int = 85
    max_bytes: int | None = None

    @property
    def content_type(self) -> str:
        return f"image/{self.format}"

    @property
    def suffix(self) -> str:
        return SUFFIX[self.format]

    def written(self, image: Image.Image) -> tuple[bytes | None, int]:
        """The file, and by how many steps its quality is lower; None: it is too large even at the lowest."""
        qualities = [self.quality, *range(self.quality - STEP, LEAST_QUALITY, -STEP), LEAST_QUALITY]
        if self.format == "png" or self.quality <= LEAST_QUALITY:
            qualities = qualities[:1]
        for steps, quality in enumerate(qualities):
            data = self._at(image, quality)
            if self.max_bytes is None or len(data) <= self.max_bytes:
                return data, steps
        return None, len(qualities) - 1

    def _at(self, image: Image.Image, quality: int) -> bytes:
        file = io.BytesIO()
        match self.format:
            case "jpeg":
                image.save(file, "JPEG", quality=quality)
            case "png":
                image.save(file, "PNG", compress_level=3)
            case "webp":
                image.save(file, "WEBP", quality=quality, method=2)
        return file.getvalue()
