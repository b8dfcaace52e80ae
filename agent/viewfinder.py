"""What the camera sees, whatever the camera does: a background for every picture."""

import logging
import math
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agent.cameras.camera import Camera, Frame
from agent.clock import Clock
from agent.errors import CameraError

log = logging.getLogger(__name__)

OPEN_S = 8.0
LOOK_S = 0.05
GRACE_S = 0.5  # beyond a camera's own limit, after which it counts as stuck
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0

T = TypeVar("T")

Source = Literal["camera", "last", "fallback"]


@dataclass(frozen=True, slots=True)
class View:
    """A background, and where it comes from."""

    image: Image.Image
    source: Source


class Viewfinder:
    """Holds the camera, on a thread of its own: one that is stuck keeps nobody else waiting.

    `open`, `look`, `release` and `close` may be called from any thread, one at a time.

    Args:
        camera: May fail, be slow, or never answer.
        fallback: Makes what is shown as long as the camera gave nothing.
        shown: Makes what is shown of what the camera saw; here a background loses what nobody shall see.
        timeout_s: Seconds within which a frame comes.
        clock: What to go by.
        absent: Why this is no camera but what stands in for it; empty: it is one.

    Attributes:
        trouble: Why the camera gives no frames; empty: it does.
    """

    def __init__(
        self,
        camera: Camera,
        fallback: Callable[[], Image.Image],
        shown: Callable[[Image.Image], Image.Image],
        *,
        timeout_s: float,
        clock: Clock,
        absent: str = "",
    ) -> None:
        self._camera, self._shown, self._timeout_s, self._clock = camera, shown, timeout_s, clock
        self._fallback = fallback
        self._view: View | None = None
        self._pixels: weakref.ref[NDArray[np.uint8]] | None = None
        self._asked: Future[Frame] | None = None
        self._asked_s, self._absent = 0.0, absent
        self._failures, self._retry_s, self.trouble = 0, -math.inf, absent
        self._opened = False
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        Thread(target=self._work, name="camera", daemon=True).start()

    def open(self, give_up: Callable[[], bool] = lambda: False) -> None:
        """Take hold of the camera.

        Args:
            give_up: Asked now and then whether to wait no longer.

        Raises:
            CameraError: It cannot be opened, or does not answer. `look` tries again.
        """
        opened, looks = self._ask(self._open), round(OPEN_S / LOOK_S)
        for _ in range(looks):
            try:
                return opened.result(LOOK_S)
            except CameraError:
                raise
            except Exception as error:  # whatever a driver raises, a TimeoutError among it
                if opened.done():
                    raise CameraError(f"the camera cannot be opened: {_said(error)}") from error
                if give_up():
                    break
        raise CameraError(f"the camera did not open within {OPEN_S:g} s; see that nothing else holds it")

    def look(self, patience_s: float = math.inf) -> View:
        """What the camera sees now; what it saw last, or the fallback, where it does not tell in time.

        Args:
            patience_s: Seconds to wait at most, if the camera's own limit is longer.
        """
        frame = self._fresh(patience_s)
        if frame is not None:
            if self._view is None or self._pixels is None or self._pixels() is not frame.pixels:
                source: Source = "fallback" if self._absent else "camera"
                self._view = View(self._shown(Image.fromarray(frame.pixels)), source)
                self._pixels = weakref.ref(frame.pixels)
            return self._view
        if self._view is None:
            self._view = View(self._fallback(), "fallback")
        return self._view if self._pixels is None else View(self._view.image, "last")

    def release(self) -> None:
        """Let go of the camera, without waiting for it. `look` would take hold of it again."""
        self._tasks.put(self._close)

    def close(self) -> None:
        """Let go of the camera for ever."""
        self.release()
        self._tasks.put(None)

    def _fresh(self, patience_s: float) -> Frame | None:
        """A frame from the camera; None: it is not to be asked yet, or does not answer."""
        now_s = self._clock.monotonic_s()
        if self._asked is None:
            if now_s < self._retry_s:
                return None
            self._asked, self._asked_s = self._ask(self._shoot), now_s
        left_s = max(0.0, self._asked_s + self._timeout_s + GRACE_S - now_s)
        try:
            frame = self._asked.result(min(left_s, patience_s))
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # whatever a driver raises
            if self._asked.done():
                self._asked = None
                self._note(_said(error))
            elif patience_s >= left_s:
                self._note("it does not answer")
            return None
        self._asked = None
        if self._failures:
            log.info("the camera gives pictures again")
        self._failures, self._retry_s, self.trouble = 0, -math.inf, self._absent
        return frame

    def _note(self, trouble: str) -> None:
        if not self._failures:
            instead = "the fallback" if self._pixels is None else "the last good frame"
            log.warning("the camera gives no picture (%s); %s is shown until it does", trouble, instead)
        self._failures += 1
        self.trouble = trouble
        wait_s = min(FIRST_RETRY_S * 2.0 ** min(self._failures - 1, 10), LAST_RETRY_S)
        self._retry_s = self._clock.monotonic_s() + wait_s

    def _ask(self, task: Callable[[], T]) -> Future[T]:
        """Have something done on the camera's thread."""
        future: Future[T] = Future()

        def do() -> None:
            try:
                future.set_result(task())
            except BaseException as error:
                future.set_exception(error)

        self._tasks.put(do)
        return future

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def _open(self) -> None:
        if not self._opened:
            self._camera.open()
            self._opened = True

    def _shoot(self) -> Frame:
        self._open()
        try:
            return self._camera.capture(self._timeout_s)
        except Exception:
            self._close()
            raise

    def _close(self) -> None:
        self._opened = False
        try:
            self._camera.close()
        except Exception:
            log.exception("the camera could not be closed")


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
