"""A camera without hardware, that can be told what to give, how slowly, and when to fail."""

import time
from collections import deque
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from agent.clock import Clock, SystemClock
from agent.errors import CameraError
from agent.cameras.camera import Frame

Shot = NDArray[np.uint8] | CameraError


class FakeCamera:
    """Gives its shots in turn, the last one for ever: a picture, or an error to raise.

    Args:
        shots: At least one; None: a grey picture.
        delay_s: Seconds until each frame comes.
        fails_to_open: Raised by `open`.
        clock: Stamps the frames.
        sleep: Lets seconds pass.
    """

    def __init__(
        self,
        shots: Iterable[Shot] | None = None,
        *,
        delay_s: float = 0.0,
        fails_to_open: CameraError | None = None,
        clock: Clock | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._shots = deque(shots if shots is not None else [np.full((120, 160, 3), 128, np.uint8)])
        self._delay_s, self._fails_to_open = delay_s, fails_to_open
        self._clock, self._sleep = clock or SystemClock(), sleep
        self._open = False

    def open(self) -> None:
        if self._fails_to_open is not None:
            raise self._fails_to_open
        self._open = True

    def capture(self, timeout_s: float) -> Frame:
        if not self._open:
            raise CameraError("the fake camera is not open; call open first")
        self._sleep(min(self._delay_s, timeout_s))
        if self._delay_s > timeout_s:
            raise CameraError(f"the fake camera gave no frame within {timeout_s:g} s; allow it more time")
        shot = self._shots.popleft() if len(self._shots) > 1 else self._shots[0]
        if isinstance(shot, CameraError):
            raise shot
        return Frame(shot, self._clock.unix_ns())

    def close(self) -> None:
        self._open = False
