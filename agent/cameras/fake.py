"""A camera without hardware, that can be told what to give, how slowly, and when to fail."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.cameras.camera import Camera, Frame
from agent.clock import Clock, SystemClock
from agent.errors import CameraError
from agent.settings.camera import CameraTable

SIZE = (160, 120)


@dataclass(frozen=True, slots=True)
class Slow:
    """A picture that takes its time, in seconds."""

    pixels: NDArray[np.uint8]
    delay_s: float


Shot = NDArray[np.uint8] | Slow | CameraError


class FakeCamera:
    """Gives its shots in turn, the last one for ever: a picture, a slow one, or an error to raise.

    Args:
        shots: Taken one a capture, as late as that; None: a grey picture.
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
        self._shots: Iterator[Shot] = iter(shots if shots is not None else ())
        self._shot: Shot = _grey(SIZE, 0)
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
        shot = self._shot = next(self._shots, self._shot)
        delay_s = shot.delay_s if isinstance(shot, Slow) else self._delay_s
        self._sleep(min(delay_s, timeout_s))
        if delay_s > timeout_s:
            raise CameraError(f"the fake camera gave no frame within {timeout_s:g} s; allow it more time")
        if isinstance(shot, CameraError):
            raise shot
        return Frame(shot.pixels if isinstance(shot, Slow) else shot, self._clock.unix_ns())

    def close(self) -> None:
        self._open = False


def fake(
    table: CameraTable, clock: Clock, _: np.random.Generator, sleep: Callable[[float], None] = time.sleep
) -> Camera:
    """Does what `script` says; its frames are greys that tell the lines of the script apart."""
    word, reason = table.script[0]
    closed = CameraError(f"fake camera: {reason}") if word == "closed" else None
    return FakeCamera(_played(table), fails_to_open=closed, clock=clock, sleep=sleep)


def _played(table: CameraTable) -> Iterator[Shot]:
    for line, (word, detail) in enumerate(table.script):
        if word == "error":
            yield CameraError(f"fake camera: {detail or 'its script says error'}")
            continue
        grey = _grey(table.size or SIZE, line)
        yield Slow(grey, float(detail)) if word == "delay" else grey


def _grey(size: tuple[int, int], line: int) -> NDArray[np.uint8]:
    return np.full((size[1], size[0], 3), (128 + 8 * line) % 256, np.uint8)
