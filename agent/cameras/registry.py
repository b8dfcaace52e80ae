"""Every camera. A new one is a file of its own and one line here."""

from collections.abc import Callable

import numpy as np

from agent.cameras.camera import Camera
from agent.cameras.fake import fake
from agent.cameras.folder import folder
from agent.cameras.picamera import picamera
from agent.cameras.steady import color, gradient, still
from agent.clock import Clock
from agent.settings.camera import CameraTable, Kind

CAMERAS: dict[Kind, Callable[[CameraTable, Clock, np.random.Generator], Camera]] = {
    "picamera2": picamera,
    "folder": folder,
    "still": still,
    "color": color,
    "gradient": gradient,
    "fake": fake,
}
