"""What pictures need beside the sensors: the camera, and the thread on which they are made."""

import logging
from collections.abc import Callable

from PIL import Image

from agent.cameras.registry import camera_of, check_files
from agent.cameras.steady import test_card
from agent.clock import Clock
from agent.errors import CameraError, PictureError
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
from agent.settings.settings import Settings
from agent.studio import Studio
from agent.viewfinder import Viewfinder
from agent.wiring.stage import Stage

log = logging.getLogger(__name__)

MOST_WAITING, MOST_OF_BATCHES = 64, 10_000  # pictures: of now, and of all that falls due together


def studio_of(
    settings: Settings,
    clock: Clock,
    post: Callable[[Task], None],
    room: Callable[[], bool],
    give_up: Callable[[], bool] | None = None,
) -> Studio:
    """The studio, its camera open.

    Args:
        settings: The configuration.
        clock: What to go by.
        post: Has something done on the loop's thread.
        room: Whether pictures can be sent.
        give_up: Asked while the camera opens; None: whoever asks cannot wait, so the camera opens when it may.

    Raises:
        CameraError: The camera that is named cannot be opened, and there is no fallback.
        PictureError: The fallback is no picture.
    """
    keep_large_apart()
    most_waiting = MOST_WAITING if settings.mode == "sensor" else MOST_OF_BATCHES
    return Studio(_viewfinder(settings.camera, clock, give_up), post, room, Rarely(clock), most_waiting)


def illustrator_of(stage: Stage, studio: Studio, table: PicturesTable, part: Part, player: Player) -> Illustrator:
    """What has pictures made of a sensor's messages."""
    return Illustrator(
        Pictures(part.bundle.manifest.template, table, studio.counts, studio.levels),
        studio,
        envelope=stage.envelope(part.sensor.name),
        publish=stage.publisher.publish,
        rng=player.rng,
        inline=table.inline,
    )


def _viewfinder(table: CameraTable, clock: Clock, give_up: Callable[[], bool] | None) -> Viewfinder:
    check_files(table, clock)
    shown = blurred if table.privacy == "blur" else _as_it_is

    def through(table: CameraTable, absent: str = "") -> Viewfinder:
        camera, fallback = camera_of(table, clock), lambda: shown(_fallback(table))
        return Viewfinder(camera, fallback, shown, timeout_s=table.timeout_s, clock=clock, absent=absent)

    if table.privacy == "replace":  # the camera is not even opened
        still = table.model_copy(update={"kind": "still", "path": table.fallback})
        return through(still, "replaced, for privacy")
    viewfinder = through(table)
    if give_up is None and table.kind is not None:
        return viewfinder
    try:
        viewfinder.open(give_up or _never)
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


def _fallback(table: CameraTable) -> Image.Image:
    """The picture that is set, as large as frames are; else a test card."""
    try:
        if table.fallback is not None:
            return read_background(table.fallback, table.size)
    except PictureError as error:  # it was there at the start
        log.error("the fallback is a test card: %s", error)
    return Image.fromarray(test_card(table.size))


def _never() -> bool:
    return False


def _as_it_is(image: Image.Image) -> Image.Image:
    return image
