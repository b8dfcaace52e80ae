"""A Raspberry Pi with a camera, as tests have it: picamera2's calls, each bound against its real signatures."""

import functools
import json
import sys
from collections.abc import Callable
from inspect import Parameter, Signature
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from pytest_mock import MockerFixture

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "picamera2.json").read_text())


def signatures(kind: str, name: str) -> list[Signature]:
    """Of a method, without self, in every version that is kept."""
    return [
        Signature(
            Parameter(
                known["name"],
                getattr(Parameter, known["kind"]),
                default=Parameter.empty if known["default"] is None else known["default"],
            )
            for known in version[kind][name]
        )
        for version in GOLDEN.values()
    ]


def bound(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Refuses a call that a real version would refuse; then fails as the test wants, or does it."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            for signature in signatures(kind, function.__name__):
                signature.bind(*args, **kwargs)
            if function.__name__ in self.pi.faults:
                raise self.pi.faults[function.__name__]
            return function(self, *args, **kwargs)

        return call

    return decorate


class Pi:
    """What a test sets, and what it sees.

    Attributes:
        attached: There is a camera.
        taken: A program holds it.
        stalled: No frame comes.
        just_missed: A frame comes right after it was looked for in vain.
        faults: What to raise, by the method's name.
        buffers: How many frames may be held at once.
        held: Frames that were given and not released.
        jobs: Asked for, and not yet answered.
        frames: How many came; each is red, and as green as its number.
        kept: A frame that came before anybody asked, where the configuration keeps one.
        hung: Something was called that would never return.
    """

    def __init__(self, buffers: int = 2) -> None:
        self.attached = True
        self.taken = self.stalled = self.just_missed = self.hung = False
        self.faults: dict[str, Exception] = {}
        self.buffers, self.held, self.frames = buffers, 0, 0
        self.jobs: list[Job] = []
        self.keeps, self.kept = False, 0
        self.shape: tuple[int, int] | None = None

    def install(self, mocker: MockerFixture) -> "Pi":
        """Let `import picamera2` find this one."""
        module = ModuleType("picamera2")
        module.Picamera2 = type("Picamera2", (Picamera2,), {"pi": self})  # type: ignore[attr-defined]
        mocker.patch.dict(sys.modules, {"picamera2": module})
        return self

    def frame_comes(self) -> None:
        """It answers the oldest job, if a buffer is free."""
        if self.held == self.buffers:
            return
        self.frames += 1
        if self.jobs:
            self.answer(self.jobs.pop(0), self.frames)
        elif self.keeps:
            self.kept = self.frames

    def answer(self, job: "Job", number: int) -> None:
        """Give the frame of this number, which holds a buffer from now on."""
        self.held += 1
        job.answer = Request(self, job.configuration, number)


class Job:
    def __init__(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration
        self.answer: Request | None = None


class Request:
    def __init__(self, pi: Pi, configuration: dict[str, Any], number: int) -> None:
        self.pi, self._main, self._number, self._held = pi, configuration["main"], number, True

    @bound("CompletedRequest")
    def make_array(self, name: str) -> np.ndarray:
        assert self._held
        assert name == "main"
        color = {"R": 200, "G": self._number, "B": 7, "X": 255}
        order = next(iter(GOLDEN.values()))["bytes"][self._main["format"]]
        width, height = self.pi.shape or self._main["size"]
        return np.full((height, width, len(order)), [color[place] for place in order], np.uint8)

    @bound("CompletedRequest")
    def release(self) -> None:
        if not self._held:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")
        self._held = False
        self.pi.held -= 1


class Picamera2:
    """As the real one is seen from outside; its thread is `Pi.frame_comes`."""

    pi: Pi

    @bound("Picamera2")
    def __init__(self) -> None:
        self._configuration: dict[str, Any] | None = None
        self._thread = False
        if not self.pi.attached:
            raise IndexError("list index out of range")
        if self.pi.taken:
            busy = RuntimeError("Failed to acquire camera: Device or resource busy")
            raise RuntimeError("Camera __init__ sequence did not complete.") from busy
        self.pi.taken = True

    @classmethod
    @bound("Picamera2")
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return [{"Num": 0}] if cls.pi.attached else []

    @bound("Picamera2")
    def create_video_configuration(self, main: dict[str, Any], queue: bool = True) -> dict[str, Any]:
        assert main.keys() <= {"format", "size", "stride", "preserve_ar"}
        assert not any(side % 2 for side in main["size"])
        return {"main": {"format": "XBGR8888", "size": (1280, 720)} | main, "queue": queue}

    @bound("Picamera2")
    def configure(self, camera_config: dict[str, Any]) -> None:
        self._configuration = camera_config

    @bound("Picamera2")
    def start(self) -> None:
        self._configuration = self._configuration or {"main": {"format": "XBGR8888", "size": (640, 480)}}
        self._thread = True
        self.pi.keeps = self._configuration.get("queue", True)

    @bound("Picamera2")
    def capture_request(self, wait: bool | None = None) -> Job:
        if wait is not False:  # a number, too, is taken for true by old versions
            self.pi.hung = self.pi.hung or self.pi.stalled
            raise AssertionError("waits for ever")
        assert self._thread
        assert self._configuration
        job = Job(self._configuration)
        if self.pi.kept:
            self.pi.answer(job, self.pi.kept)
            self.pi.kept = 0
        else:
            self.pi.jobs.append(job)
        return job

    @bound("Picamera2")
    def wait(self, job: Job, timeout: float | None = None) -> Request:
        assert timeout is not None
        if not self.pi.stalled and timeout > 0 and job.answer is None:
            self.pi.frame_comes()
        if job.answer is None:
            if self.pi.just_missed and self._thread:
                self.pi.frame_comes()
            raise TimeoutError
        return job.answer

    @bound("Picamera2")
    def stop(self) -> None:
        self.pi.hung = self.pi.hung or (self._thread and bool(self.pi.jobs))

    @bound("Picamera2")
    def stop_preview(self) -> None:
        if not self._thread:
            raise RuntimeError("No preview specified.")
        self._thread = False
        self.pi.jobs.clear()

    @bound("Picamera2")
    def close(self) -> None:
        if self._thread:
            self.stop_preview()
        self.pi.taken = False
