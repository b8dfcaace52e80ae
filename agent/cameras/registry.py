"""Every camera. A new one is a file of its own and one line here."""

from collections.abc import Callable

import numpy as np

from agent.cameras.camera import Camera
from agent.cameras.fake import fake
from agent.cameras.folder import folder
from agent.cameras.picamera import picamera
from agent.cameras.steady import color, gradient, still
from agent.clock import Clock
from agent.imaging.files import read_background
from agent.settings.camera import CameraTable, Kind

CAMERAS: dict[Kind, Callable[[CameraTable, Clock, np.random.Generator], Camera]] = {
    "picamera2": picamera,
    "folder": folder,
    "still": still,
    "color": color,
    "gradient": gradient,
    "fake": fake,
}


def camera_of(table: CameraTable, clock: Clock) -> Camera:
    """The camera that is asked for; the Pi's own where none is named."""
    return CAMERAS[table.kind or "picamera2"](table, clock, np.random.default_rng())


def check_files(table: CameraTable, clock: Clock) -> None:
    """See that what frames are taken from is there, as far as it is files.

    Raises:
        CameraError, PictureError: It is not.
    """
    if table.fallback is not None:
        read_background(table.fallback, table.size)
    if table.kind in ("still", "folder") and table.privacy != "replace":
        camera_of(table, clock).open()
