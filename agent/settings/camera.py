"""The `[camera]` table: where backgrounds come from."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from agent.settings.fields import PathFrom
from agent.strict import Strict

SIDE = 4096  # of a picture, at most
CARD = (1280, 720)  # width and height, where no size is set

Kind = Literal["picamera2", "folder", "still", "color", "gradient", "fake"]


def _sides(value: Any) -> tuple[int, int]:
    """Width and height, written as 1280x720."""
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", value, re.ASCII) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be a width and a height such as "1280x720"')
    return int(match[1]), int(match[2])


def _frame(value: Any) -> Any:
    sides = _sides(value)
    if min(sides) < 1:
        raise ValueError("must have sides of at least 1 pixel")
    return sides


def _size(value: Any) -> Any:
    sides = _sides(value)
    if not all(16 <= side <= SIDE and side % 2 == 0 for side in sides):  # cameras give no odd ones
        raise ValueError(f"must have even sides of 16 to {SIDE} pixels")
    return sides


def _color(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError('must be a colour such as "#7f9f7f"')
    return tuple(bytes.fromhex(value[1:]))


def _step(value: Any) -> Any:
    """A line of a script, as its word and what stands behind it."""
    if value in ("frame", "error"):
        return value, ""
    match = re.fullmatch(r"(error|closed): (.{1,200})|(delay) (\d{1,4}(?:\.\d{1,3})?)", str(value), re.ASCII)
    if match is None:
        raise ValueError('must be "frame", "delay SECONDS", "error", "error: REASON" or, first, "closed: REASON"')
    return tuple(part for part in match.groups() if part)


Frame = Annotated[tuple[int, int], BeforeValidator(_frame)]
Size = Annotated[tuple[int, int], BeforeValidator(_size)]
Color = Annotated[tuple[int, int, int], BeforeValidator(_color)]
Step = Annotated[tuple[str, str], BeforeValidator(_step)]


class CameraTable(Strict):
    """Which camera, and what happens when it gives nothing.

    Attributes:
        kind: None: a Raspberry Pi's camera where there is one, else a test card.
        path: Of a picture, or of a folder of pictures.
        size: Width and height of frames in pixels, both even; None: 1280x720, or as the pictures are.
        order: Of a folder's pictures.
        color: Of a plain card.
        script: What a fake camera does, capture by capture: `frame`, a frame after some seconds (`delay 2.5`),
            `error`, `error: busy`; the last one for ever. `closed: busy` as the first: it does not open.
        timeout_s: Seconds within which a frame comes.
        fallback: A picture that is shown when the camera gave none yet.
        privacy: Whether frames are blurred beyond recognition, or replaced by `fallback`.
    """

    kind: Kind | None = None
    path: PathFrom | None = None
    size: Size | None = None
    order: Literal["name", "random"] = "name"
    color: Color = (127, 127, 127)
    script: Annotated[tuple[Step, ...], Field(max_length=1000)] = (("frame", ""),)
    timeout_s: Annotated[float, Field(ge=0.05, le=60)] = 2.0
    fallback: PathFrom | None = None
    privacy: Literal["none", "blur", "replace"] = "none"

    @model_validator(mode="after")
    def _complete(self) -> "CameraTable":
        if (self.kind in ("folder", "still")) != (self.path is not None):
            needs = "needs path" if self.path is None else "has no path; only folder and still have"
            raise ValueError(f"kind = {self.kind or 'auto'!r} {needs}")
        for key, kind in (("script", "fake"), ("color", "color"), ("order", "folder")):
            if key in self.model_fields_set and self.kind != kind:
                raise ValueError(f"{key} is of kind = {kind!r}, which this is not; leave it out")
        if not self.script:
            raise ValueError('script is empty; the least is ["frame"]')
        if self.privacy == "replace" and self.fallback is None:
            raise ValueError('privacy = "replace" needs a picture to show instead; set fallback')
        if any(word == "closed" for word, _ in self.script[1:]):
            raise ValueError("closed may only stand first in script: a camera that is open gives frames or errors")
        return self

    @property
    def told(self) -> str:
        """What it is, for people."""
        kind = self.kind or "picamera2 where one opens, else a test card"
        size = "x".join(map(str, self.size)) if self.size else ""
        private = {"none": "", "blur": "blurred", "replace": "replaced by the fallback"}[self.privacy]
        fallback = f"{self.fallback} as long as it gives nothing" if self.fallback else ""
        return ", ".join(part for part in (kind, str(self.path or ""), size, private, fallback) if part)

    @property
    def picture(self) -> Path:
        """`path`, of a camera that has one."""
        return self.path or Path()
