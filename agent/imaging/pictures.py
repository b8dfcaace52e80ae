"""A sensor's pictures: from a message and a background to a file and its labels."""

from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image

from agent.errors import ConfigError
from agent.imaging.compositor import Composed, Compositor
from agent.imaging.encoding import Encoding
from agent.imaging.labels import LABELS, Labelled
from agent.imaging.levels import Levels
from agent.imaging.sprites import Stock
from agent.message.detections import classes_of, detections, places_of
from agent.message.template import Template
from agent.message.tree import Object
from agent.settings.pictures import PicturesTable

NO_BOXES = "its messages tell of no boxes, so there is nothing to draw; leave the table out"


@dataclass
class Counts:
    """What happened to pictures.

    Attributes:
        pictures: Those made.
        placeholders: Objects whose class has no sprite.
        skipped_boxes: Objects that were not drawn: fewer than two pixels of them are in the frame.
        lower_quality: Pictures that had to be written at a lower quality to be small enough.
        too_large: Pictures that were not small enough at any.
    """

    pictures: int = 0
    placeholders: int = 0
    skipped_boxes: int = 0
    lower_quality: int = 0
    too_large: int = 0

    def __str__(self) -> str:
        told = [f"{count:,} {name.replace('_', ' ')}" for name, count in asdict(self).items() if count]
        return ", ".join(told) or "no pictures"

    def plus(self, other: "Counts") -> "Counts":
        """What happened here and there."""
        ours, theirs = asdict(self), asdict(other)
        return Counts(**{name: count + theirs[name] for name, count in ours.items()})


@dataclass(frozen=True)
class Picture:
    """A picture as it is sent or kept.

    Attributes:
        data: The file.
        labels: Of the same picture; None: not asked for.
        labelled: What is in it.
    """

    data: bytes
    labels: bytes | None
    labelled: Labelled


class Pictures:
    """Makes a sensor's pictures.

    Args:
        template: Of its messages.
        table: What the pictures are like.
        counts: What happened to those of others, too.
        levels: What they are made of, and those of others.

    Attributes:
        classes: Every class there can be, in the order of its number.
        encoding: How pictures are written.
        counts: What happened so far.
        stock: The sprites.

    Raises:
        ConfigError: Messages have no boxes.
        PictureError: There are no sprites where they should be.
    """

    def __init__(
        self, template: Template, table: PicturesTable, counts: Counts | None = None, levels: Levels | None = None
    ) -> None:
        self._places = places_of(template)
        if not self._places:
            raise ConfigError(NO_BOXES)
        if table.inline is not None:
            _refuse_inline(template, table.inline)
        self._order = table.order
        self.stock = Stock(table.sprites, white=table.white, levels=levels)
        first = self._places[0]
        self._compositor = Compositor(self.stock, table, normalised=first.normalised, frame=first.frame)
        self.classes = classes_of(template, self._places)
        self.encoding = Encoding(table.format, table.quality, table.max_bytes)
        self.labels = None if table.labels is None else LABELS[table.labels]()
        self.counts = counts or Counts()

    @property
    def told(self) -> str:
        """What is drawn, for people; what is assumed of boxes is said."""
        frame = self._compositor.frame
        pixels = f"pixels of {frame[0]}x{frame[1]}" if frame else "pixels of the picture"
        units = "fractions of the frame" if self._compositor.normalised else pixels
        boxes = [f"{place} ({self._order or place.order}, {units})" for place in self._places]
        return ", ".join(boxes)

    def make(self, seq: int, text: str, background: Image.Image, rng: np.random.Generator) -> Picture | None:
        """The picture of a message.

        Args:
            seq: Of the message.
            text: The message.
            background: Red, green and blue; stays as it is.
            rng: Chooses sprites and all that is random about them.

        Returns:
            None: it is too large at any quality.
        """
        composed = self._compositor.compose(background, detections(text, self._places, self._order), rng)
        data, steps = self.encoding.written(composed.image)
        self._count(composed, data is not None, steps)
        if data is None:
            return None
        image = composed.image
        labelled = Labelled(seq, f"{seq:06d}{self.encoding.suffix}", image.width, image.height, composed.placed)
        labels = None if self.labels is None else self.labels.write(labelled, self.classes)
        return Picture(data, labels, labelled)

    def _count(self, composed: Composed, fits: bool, steps: int) -> None:
        self.counts.pictures += fits
        self.counts.too_large += not fits
        self.counts.lower_quality += fits and steps > 0
        self.counts.placeholders += composed.placeholders
        self.counts.skipped_boxes += composed.skipped


def _refuse_inline(template: Template, key: str) -> None:
    """Where a message has no place for its picture."""
    if not isinstance(template.message, Object):
        raise ConfigError("inline: its messages are no JSON objects, which a picture could stand in; leave it out")
    if key in template.message.members:
        raise ConfigError(f"inline = {key!r}: its messages have that key already; choose another")
