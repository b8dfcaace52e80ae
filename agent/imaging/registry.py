"""Every camera. A new one is a file of its own and one line here."""

from agent.imaging.camera import Camera
from agent.imaging.fake import FakeCamera

CAMERAS: dict[str, type[Camera]] = {
    "fake": FakeCamera,
}
