"""What a camera is, and the frames it gives."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture.

    Attributes:
        pixels: Shape (height, width, 3), red, green and blue, 0 to 255.
        time_unix_ns: When it was taken, in nanoseconds since 1970 (UTC).
    """

    pixels: NDArray[np.uint8]
    time_unix_ns: int


class Camera(Protocol):
    """Gives frames.

    Call order: `open` once, `capture` any number of times, `close` once, which is allowed at any time and
    more than once. All from one thread; no thread is shared with the rest of the agent. `capture` waits for
    a frame for a bounded time. Making a camera touches no hardware; `open` does.
    """

    def open(self) -> None:
        """Take hold of the camera.

        Raises:
            CameraError: There is none, or another program holds it.
        """
        ...

    def capture(self, timeout_s: float) -> Frame:
        """The next frame, within `timeout_s` seconds.

        Raises:
            CameraError: None came in time, or the camera is not open. Calling again is allowed.
        """
        ...

    def close(self) -> None:
        """Let go of the camera."""
        ...
