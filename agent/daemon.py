"""The agent as it runs: start, signals, reload, goodbye."""

import logging
import signal
from collections.abc import Mapping
from pathlib import Path

from agent import build
from agent.clock import Clock
from agent.configuration import load
from agent.errors import UnderstudyError
from agent.loop import Job, Loop
from agent.notify import Notify
from agent.settings import Settings

log = logging.getLogger(__name__)

STATUS_S = 10.0
DRAIN_S, GOODBYE_S = 0.7, 0.7  # a stop is over within 2 s, whatever the broker does
LOOK_S = 0.02


class Agent:
    """Plays a configuration until it is told to stop.

    Args:
        path: The configuration.
        env: The environment.
        clock: The clocks.

    Raises:
        ConfigError: The configuration or a bundle cannot be used.
    """

    def __init__(self, path: Path, env: Mapping[str, str], clock: Clock) -> None:
        self._path, self._env, self._clock = path, env, clock
        self._run = f"{clock.unix_ns():x}"
        self._settings = load(path, env)
        parts = build.prepare(self._settings, str(path))
        self._seed = build.seed_of(self._settings, log.warning)
        self._loop = Loop(clock)
        self._publisher = build.publisher_of(self._settings, clock, self._run, self._loop.wake)
        self._cast = self._make_cast(self._settings, parts, self._seed)
        self._notify = Notify(env)
        self._stopping = False

    def run(self) -> int:
        """Play. Returns the exit status: 0 after a stop, 1 when every sensor failed."""
        signal.signal(signal.SIGTERM, lambda *_: self._loop.post(self.stop))
        signal.signal(signal.SIGINT, lambda *_: self._loop.post(self.stop))
        signal.signal(signal.SIGHUP, lambda *_: self._loop.post(self.reload))
        signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the command line held them back until here
        self._publisher.open()
        self._loop.after = self._publisher.pump
        self._schedule()
        self._notify.ready(self._status())
        log.info("playing %s in %s mode", ", ".join(list(self._cast.acts)[:10]), self._settings.mode)
        try:
            self._loop.run(until=lambda: self._stopping or self._loop.failed >= len(self._cast.jobs))
        finally:
            self._leave()
        return 0 if self._stopping else 1

    def stop(self) -> None:
        """Say goodbye, then let `run` return."""
        self._stopping = True

    def reload(self) -> None:
        """Play the configuration as it is now; if that is bad, say why and go on with the old one."""
        self._notify.reloading(self._clock.monotonic_s())
        try:
            self._change(load(self._path, self._env))
        except UnderstudyError as error:
            log.error("the new configuration is not used, the old one plays on: %s", error)
        except Exception:
            log.exception("the new configuration is not used, the old one plays on")
        self._notify.ready(self._status())

    def _change(self, settings: Settings) -> None:
        """Everything that can fail comes first; then the new takes the place of the old."""
        old = self._settings
        parts = build.prepare(settings, str(self._path))
        kept = settings.seed is None and old.seed is None and settings.state_dir == old.state_dir
        seed = self._seed if kept else build.seed_of(settings, log.warning)
        self._cast = self._make_cast(settings, parts, seed, self._cast)
        if (settings.mqtt, settings.device) != (old.mqtt, old.device):
            output = build.output_of(settings, self._run, self._loop.wake)
            self._publisher.switch(output, settings.mqtt.queue_messages)
        self._settings, self._seed = settings, seed
        self._schedule()
        log.info("reloaded %s", self._path)

    def _make_cast(
        self, settings: Settings, parts: list[build.Part], seed: int, before: build.Cast | None = None
    ) -> build.Cast:
        publish = self._publisher.publish
        return build.Cast(settings, parts, seed, clock=self._clock, publish=publish, run=self._run, before=before)

    def _schedule(self) -> None:
        jobs, now_s = list(self._cast.jobs), self._clock.monotonic_s()
        if self._notify.watchdog_s:
            jobs.append(Job(now_s, self._notify.watchdog_s, self._notify.ping, "watchdog"))
        if self._notify.listened:
            jobs.append(Job(now_s + STATUS_S, STATUS_S, self._tell_status, "status"))
        self._loop.replace(jobs)

    def _status(self) -> str:
        return f"{len(self._cast.acts)} sensors; {self._publisher.status()}; {self._loop.missed} instants missed"

    def _tell_status(self) -> None:
        self._notify.status(self._status())

    def _leave(self) -> None:
        self._notify.stopping()
        self._loop.replace([])
        self._loop.run(lambda: self._publisher.drained, DRAIN_S, LOOK_S)
        self._publisher.close()
        self._loop.run(lambda: self._publisher.closed, GOODBYE_S, LOOK_S)
        if self._publisher.unsent:
            log.warning("%d messages were not acknowledged before the stop", self._publisher.unsent)
