"""A Raspberry Pi's camera, by picamera2: the only file that knows it.

picamera2 is imported when the camera is opened, so that everything else works where it is not installed.

A frame is a job for picamera2's own thread. A job whose time is up is not gone: its frame comes later, and keeps
one of the few buffers that the camera has. So it is waited for again at the next capture, or, if it has come in
the meantime and is old, released. Asking picamera2 itself to stop would queue behind such a job, and wait for ever
if no frame comes any more; its `close` ends the thread first.
"""

from contextlib import suppress
from typing import Any

import numpy as np

from agent.cameras.camera import Camera, Frame
from agent.clock import Clock
from agent.errors import CameraError, UnderstudyError
from agent.settings.camera import CARD, CameraTable

FORMAT = "BGR888"  # named from the last byte to the first: the array is red, green, blue
_INSTALL = (
    "install it with `sudo apt install python3-picamera2` and run deploy/install.sh again (of the package: restart the "
    "service), or make the environment "
    "that the agent runs in with `python3 -m venv --system-site-packages`"
)


class PiCamera:
    """Opened, configured and started once; then every capture waits for the next frame.

    Args:
        size: Width and height of frames, both even.
        clock: Stamps the frames, as they arrive.
    """

    def __init__(self, size: tuple[int, int], clock: Clock) -> None:
        self._size, self._clock = size, clock
        self._camera: Any = None
        self._job: Any = None  # asked for, and not yet answered

    def open(self) -> None:
        try:
            from picamera2 import Picamera2
        except Exception as error:  # an array library of another version is a ValueError, for one
            raise CameraError(f"picamera2 cannot be imported ({error}); {_INSTALL}") from error
        try:
            if not Picamera2.global_camera_info():  # asked first, as every attempt in vain costs a file descriptor
                raise CameraError("no camera is attached; check its cable, and `rpicam-hello --list-cameras`")
            self._camera = Picamera2()
            self._start(self._camera)
        except CameraError:
            raise
        except Exception as error:
            self.close()
            raise CameraError(
                f"the camera cannot be opened ({_reason(error)}); end the program that uses it, and try [camera] size "
                'such as "1280x720"'
            ) from error

    def capture(self, timeout_s: float) -> Frame:
        if self._camera is None:
            raise CameraError("the camera is not open; call open first")
        try:
            pixels = self._next_pixels(timeout_s)
        except TimeoutError as error:
            raise CameraError(
                f"the camera gave no frame within {timeout_s:g} s; check its cable, or raise [camera] timeout_s"
            ) from error
        except Exception as error:
            raise CameraError(f"the camera gave no frame ({_reason(error)}); open it again") from error
        self._refuse_another_kind_of_frame(pixels)
        return Frame(pixels, self._clock.unix_ns())

    def close(self) -> None:
        camera, self._camera = self._camera, None
        if camera is None:
            return
        with suppress(Exception):
            camera.stop_preview()  # its thread: no job is answered from now on
        self._release_what_came_late(camera)
        with suppress(Exception):
            camera.close()
        self._job = None

    def _start(self, camera: Any) -> None:
        configuration = camera.create_video_configuration(
            main={"size": self._size, "format": FORMAT},
            queue=False,  # else a capture may be given the frame before it
        )
        camera.configure(configuration)
        camera.start()

    def _next_pixels(self, timeout_s: float) -> Any:
        self._release_what_came_late(self._camera)
        if self._job is None:
            self._job = self._camera.capture_request(wait=False)
        request = self._answer(self._camera, timeout_s)
        try:
            return request.make_array("main")  # a copy
        finally:
            request.release()

    def _release_what_came_late(self, camera: Any) -> None:
        if self._job is not None:
            with suppress(Exception):
                self._answer(camera, 0).release()

    def _answer(self, camera: Any, timeout_s: float) -> Any:
        """What the job gives; it is over then, but for when it ran out of time."""
        job, self._job = self._job, None
        try:
            return camera.wait(job, timeout=timeout_s)
        except TimeoutError:
            self._job = job
            raise

    def _refuse_another_kind_of_frame(self, pixels: Any) -> None:
        width, height = self._size
        if pixels.shape != (height, width, 3):
            raise CameraError(
                f"the camera gives frames of the shape {pixels.shape} instead of {width}x{height} in colour; "
                "set [camera] size to one that it has"
            )


def picamera(table: CameraTable, clock: Clock, _: np.random.Generator) -> Camera:
    """Sees what the Raspberry Pi's first camera sees."""
    return PiCamera(table.size or CARD, clock)


def _reason(error: BaseException) -> str:
    """What was wrong at first: picamera2's own errors often say no more than that something was."""
    while (cause := error.__cause__ or error.__context__) and not isinstance(cause, UnderstudyError):
        error = cause
    return str(error) or type(error).__name__
