"""What pictures need beside the sensors: the camera, and the thread on which they are made."""

import logging
from collections.abc import Callable

import numpy as np
from PIL import Image

from agent.cameras.camera import Camera
from agent.cameras.registry import CAMERAS
from agent.cameras.steady import test_card
from agent.clock import Clock
from agent.errors import CameraError
from agent.imaging.files import read_background
from agent.imaging.pictures import Pictures
from agent.imaging.privacy import blurred
from agent.loop import Task
from agent.memory import keep_large_apart
from agent.modes.illustrator import Illustrator
from agent.parts import Part
from agent.player import Player
from agent.rarely import Rarely
from agent.settings.camera import CameraTable
from agent.settings.pictures import PicturesTable
from agent.studio import Studio
from agent.viewfinder import Viewfinder
from agent.wiring.stage import Stage

log = logging.getLogger(__name__)


def studio_of(table: CameraTable, clock: Clock, post: Callable[[Task], None], room: Callable[[], bool]) -> Studio:
    """The studio, its camera open.

    Raises:
        CameraError: The camera that is named cannot be opened, and there is no fallback.
        PictureError: The fallback is no picture.
    """
    keep_large_apart()
    return Studio(_viewfinder(table, clock), post, room, Rarely(clock))


def illustrator_of(stage: Stage, studio: Studio, table: PicturesTable, part: Part, player: Player) -> Illustrator:
    """What has pictures made of a sensor's messages."""
    return Illustrator(
        Pictures(part.bundle.manifest.template, table, studio.counts),
        studio,
        envelope=stage.envelope(part.sensor.name),
        publish=stage.publisher.publish,
        rng=player.rng,
        inline=table.inline,
    )


def _viewfinder(table: CameraTable, clock: Clock) -> Viewfinder:
    if table.fallback is not None:
        read_background(table.fallback, table.size)  # better told now than when it is needed
    shown = blurred if table.privacy == "blur" else _as_it_is

    def through(table: CameraTable, absent: str = "") -> Viewfinder:
        camera, fallback = _camera(table, clock), lambda: shown(_fallback(table))
        return Viewfinder(camera, fallback, shown, timeout_s=table.timeout_s, clock=clock, absent=absent)

    if table.privacy == "replace":  # the camera is not even opened
        still = table.model_copy(update={"kind": "still", "path": table.fallback})
        return through(still, "replaced, for privacy")
    viewfinder = through(table)
    try:
        viewfinder.open()
    except CameraError as error:
        if table.kind is None:
            log.warning("there is no camera (%s); pictures show a test card, unless [camera] names another", error)
            viewfinder.close()
            return through(table.model_copy(update={"kind": "gradient"}), "there is none")
        if table.fallback is None:
            viewfinder.close()
            raise CameraError(f"[camera] kind = {table.kind!r}: {error}; or set a fallback") from error
        log.warning("the camera cannot be opened (%s); the fallback is shown until it can", error)
    return viewfinder


def _camera(table: CameraTable, clock: Clock) -> Camera:
    return CAMERAS[table.kind or "picamera2"](table, clock, np.random.default_rng())


def _fallback(table: CameraTable) -> Image.Image:
    """The picture that is set, as large as frames are; else a test card."""
    if table.fallback is None:
        return Image.fromarray(test_card(table.size))
    return read_background(table.fallback, table.size)


def _as_it_is(image: Image.Image) -> Image.Image:
    return image
