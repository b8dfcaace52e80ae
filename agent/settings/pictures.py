"""The `[sensor.pictures]` table: how a sensor's detections become pictures."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from agent.message.boxes import Order
from agent.settings.camera import Frame
from agent.settings.fields import PathFrom
from agent.strict import Strict

IMAGE, LABELS = "image", "labels"  # what a sensor's topic is followed by, for pictures and for what is in them

LabelsName = Literal["coco", "yolo", "voc"]


class PicturesTable(Strict):
    """How pictures are composed, written and sent.

    Attributes:
        sprites: Folder of stock pictures, `class.png` or a folder for each class; None: placeholders.
        white: Whether a white background of sprites is made transparent.
        order: Of a box's four numbers; None: as the bundle says.
        units: Of boxes; `auto`: as the bundle's limits show.
        frame: Width and height that boxes in pixels refer to; None: the picture's own.
        fit: An object fills its box, or keeps its proportions in it.
        depth: What is drawn behind: the largest, or the least sure.
        blend: How an object's edge meets the background.
        brightness: Whether objects are as bright as what is behind them.
        shadow: Whether they throw a shadow on the ground.
        rotation_deg: Largest angle by which they are turned, either way.
        noise: Standard deviation of the noise on them, in levels of 255.
        labels: How what is seen is told beside a picture; None: it is not.
        quality: Of JPEG and WebP, 1 to 100.
        max_bytes: Of a picture; its quality is stepped down until it fits. None: any.
        inline: Key of the message under which the picture stands in base64; None: it has a topic of its own.
    """

    sprites: PathFrom | None = None
    white: bool = False
    order: Order | None = None
    units: Literal["auto", "normalised", "pixels"] = "auto"
    frame: Frame | None = None
    fit: Literal["fill", "keep"] = "fill"
    depth: Literal["size", "score"] = "size"
    blend: Literal["hard", "feather", "gaussian"] = "hard"
    brightness: bool = False
    shadow: bool = False
    rotation_deg: Annotated[float, Field(ge=0, le=45)] = 0.0
    noise: Annotated[float, Field(ge=0, le=64)] = 0.0
    labels: LabelsName | None = None
    format: Literal["jpeg", "png", "webp"] = "jpeg"
    quality: Annotated[int, Field(ge=1, le=100)] = 85
    max_bytes: Annotated[int, Field(ge=256, le=268_000_000)] | None = None
    inline: Annotated[str, Field(min_length=1, max_length=256)] | None = None

    @model_validator(mode="after")
    def _of_use(self) -> "PicturesTable":
        if self.inline is not None and self.labels is not None:
            raise ValueError("labels have a message of their own, which inline pictures have not; keep one of them")
        return self
