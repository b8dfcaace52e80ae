"""Every camera. A new one is a file of its own and one line here."""

from agent.cameras.camera import Camera
from agent.cameras.fake import FakeCamera

CAMERAS: dict[str, type[Camera]] = {
    "fake": FakeCamera,
}
