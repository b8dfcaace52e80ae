"""Pictures of a sensor's messages: ordered with each message, published when they are made."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from agent.imaging.pictures import Picture, Pictures
from agent.message.leaves import to_json
from agent.modes.envelope import Envelope
from agent.outputs.output import Message
from agent.settings.pictures import IMAGE, LABELS
from agent.studio import Studio
from agent.viewfinder import View

PATIENCE_S = 0.3  # of a message that carries its picture
PICTURES = 0x9C7  # tells the randomness of pictures from that of rows


class Illustrator:
    """Has a picture made of each message of a sensor.

    Args:
        pictures: Makes them.
        studio: Where they are made.
        envelope: Of the sensor's messages.
        publish: Takes what is to be sent.
        rng: Randomness for a message's `seq` alone.
        inline: Key under which the picture stands in the message itself, which then waits for it.
    """

    def __init__(
        self,
        pictures: Pictures,
        studio: Studio,
        *,
        envelope: Envelope,
        publish: Callable[[Message], None],
        rng: Callable[..., np.random.Generator],
        inline: str | None = None,
    ) -> None:
        self._pictures, self._studio, self._publish, self._rng = pictures, studio, publish, rng
        self._envelope, self.inline = envelope, inline
        self._image = replace(envelope, topic=f"{envelope.topic}/{IMAGE}")
        self._labels = replace(envelope, topic=f"{envelope.topic}/{LABELS}")

    def tell(self, seq: int, text: str) -> None:
        """Publish a message, and order its picture."""
        if not self.inline:
            self._publish(self._envelope.reading(seq, text))
        self.show(seq, text)

    def show(self, seq: int, text: str) -> None:
        """Order a message's picture."""
        make = partial(self._make, seq, text)
        if self.inline:
            self._studio.order(make, partial(self._tell_within, seq, text), PATIENCE_S)
        else:
            self._studio.order(make, partial(self._tell, seq))

    def _make(self, seq: int, text: str, view: View) -> Picture | None:
        return self._pictures.make(seq, text, view.image, self._rng(seq, PICTURES))

    def _tell(self, seq: int, picture: Picture | None, view: View | None) -> None:
        """The picture on a topic of its own, and its labels on another."""
        if picture is None or view is None:
            return
        content_type = self._pictures.encoding.content_type
        self._publish(self._image.message(picture.data, content_type, seq=seq, background=view.source))
        if picture.labels is not None and self._pictures.labels is not None:
            seen = ",".join(f"{placed.visibility:.4f}" for placed in picture.labelled.placed)
            content_type, told = self._pictures.labels.content_type, {"visibility": seen}
            if self._pictures.labels.numbered:
                told["classes"] = to_json(list(self._pictures.classes))
            self._publish(self._labels.message(picture.labels, content_type, None, seq=seq, **told))

    def _tell_within(self, seq: int, text: str, picture: Picture | None, _view: View | None) -> None:
        """The message with its picture; without it where there is none."""
        written = "null" if picture is None else f'"{base64.b64encode(picture.data).decode()}"'
        separator = "," if json.loads(text) else ""
        whole = f"{text[:-1]}{separator}{to_json(self.inline)}:{written}}}"
        self._publish(self._envelope.reading(seq, whole))
