"""The agent as it runs: start, signals, reload, goodbye."""

import json
import logging
import signal
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.clock import Clock
from agent.configuration import load
from agent.errors import UnderstudyError
from agent.loop import Job, Loop, every
from agent.modes.envelope import marks
from agent.notify import Notify
from agent.outputs.output import Message
from agent.parts import Part, prepare
from agent.progress import FILE, Progress
from agent.rarely import Rarely
from agent.settings.settings import Settings
from agent.timesync import TimeSync
from agent.wiring.cast import Cast
from agent.wiring.stage import Stage, output_of, publisher_of, seed_of

if TYPE_CHECKING:
    from agent.studio import Studio

log = logging.getLogger(__name__)

STATUS_S = 10.0
TOLD = ("clock_synced", "camera")  # in words
SAVE_S = 5.0
LAST_PICTURES_S, DRAIN_S, GOODBYE_S = 0.2, 0.6, 0.6  # a stop is over within 2 s, whatever the broker does
LOOK_S, SYNC_LOOK_S = 0.02, 0.2


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
        settings = load(path, env)
        self._parts = prepare(settings, str(path))
        seed = seed_of(settings, log.warning)
        self._loop, self._synced = Loop(clock), TimeSync(clock, settings.clock.synchronized)
        progress = progress_of(settings, f"{clock.unix_ns():x}")
        self._publisher = publisher_of(settings, clock, progress.run, self._loop.wake)
        studio = self._studio(settings, lambda: bool(signal.sigpending() & {signal.SIGTERM, signal.SIGINT}))
        self._stage = Stage(settings, seed, clock, self._publisher, progress, self._synced, studio)
        self._cast: Cast | None = None
        self._notify, self._unsaved = Notify(env), Rarely(clock)
        self._stopping = False

    def run(self) -> int:
        """Play. Returns the exit status: 0 after a stop, 1 when every sensor failed."""
        signal.signal(signal.SIGTERM, lambda *_: self._loop.post(self.stop))
        signal.signal(signal.SIGINT, lambda *_: self._loop.post(self.stop))
        signal.signal(signal.SIGHUP, lambda *_: self._loop.post(self.reload))
        # The command line held them back until here; there is nothing to reload yet.
        signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGHUP})
        self._publisher.open()
        self._loop.after = self._pump
        self._await_time()
        self._cast = Cast(self._stage, self._parts)
        self._schedule(self._cast)
        self._notify.ready(self._status())
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        log.info("playing %s in %s mode", ", ".join(list(self._cast.acts)[:10]), self._stage.settings.mode)
        try:
            self._loop.run(until=lambda: self._stopping or self._failed)
        finally:
            self._leave(self._cast)
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

    def _await_time(self) -> None:
        """Wait for the wall clock to be set, but not forever."""
        wait_s = self._stage.settings.clock.wait_s
        if not self._synced() and wait_s > 0:
            log.info("waiting for the wall clock to be set, for %g s at most", wait_s)
            self._notify.waiting("waiting for the wall clock to be set", wait_s)
            self._loop.run(lambda: self._stopping or self._synced(), wait_s, SYNC_LOOK_S)
        if not self._synced() and not self._stopping:
            log.warning("the wall clock was not set: until it is, messages say clock_synced=false")

    def _studio(self, settings: Settings, give_up: Callable[[], bool] | None = None) -> "Studio | None":
        if not settings.with_pictures:
            return None
        from agent.wiring.pictures import studio_of

        return studio_of(settings, self._clock, self._loop.post, self._publisher.has_room, give_up)

    def _studio_after(self, settings: Settings) -> "Studio | None":
        """The studio of another configuration, which nobody waits for; the present one lets go of the camera first."""
        old = self._stage
        same = all(getattr(old.settings, key) == getattr(settings, key) for key in ("camera", "with_pictures", "mode"))
        if same:
            return old.studio
        if old.studio is not None:
            old.studio.viewfinder.release()
        return self._studio(settings)

    def _change(self, settings: Settings) -> None:
        parts = prepare(settings, str(self._path))
        studio = self._studio_after(settings)
        try:
            self._take_over(settings, parts, studio)
        except BaseException:
            if studio is not None and studio is not self._stage.studio:
                studio.close()
            raise

    def _take_over(self, settings: Settings, parts: list[Part], studio: "Studio | None") -> None:
        """Everything that can fail comes first; then the new takes the place of the old."""
        old = self._stage
        kept = settings.seed is None and old.settings.seed is None and settings.state_dir == old.settings.state_dir
        seed = old.seed if kept else seed_of(settings, log.warning)
        moved = (settings.mode, settings.state_dir) != (old.settings.mode, old.settings.state_dir)
        progress = progress_of(settings, f"{self._clock.unix_ns():x}") if moved else old.progress
        stage = replace(old, settings=settings, seed=seed, progress=progress, studio=studio)
        if self._cast is not None and not self._cast.plays_on(stage):
            self._cast.finish()
        cast = Cast(stage, parts, self._cast)
        if self._cast is not None:
            self._cast.leave()
        if old.studio is not None and old.studio is not studio:
            old.studio.close()
        self._save()
        if moved:
            old.progress.close()
        if moved or (settings.mqtt, settings.device) != (old.settings.mqtt, old.settings.device):
            output = output_of(settings, progress.run, self._loop.wake)
            self._publisher.switch(output, settings.mqtt.queue_messages)
        self._stage, self._cast = stage, cast
        self._schedule(cast)
        log.info("reloaded %s", self._path)

    def _schedule(self, cast: Cast) -> None:
        jobs, now_s = list(cast.jobs), self._clock.monotonic_s()
        if self._notify.watchdog_s:
            jobs.append(Job(now_s, every(self._notify.watchdog_s), self._notify.ping, "watchdog"))
        if self._notify.listened:
            jobs.append(Job(now_s + STATUS_S, every(STATUS_S), self._tell_status, "status"))
        if self._stage.settings.mqtt.health_s > 0:
            health_s = self._stage.settings.mqtt.health_s
            jobs.append(Job(now_s + health_s, every(health_s), self._publish_health, "health"))
        jobs.append(Job(now_s, every(SAVE_S), self._save, "progress"))
        self._loop.replace(jobs)

    @property
    def _failed(self) -> bool:
        return self._cast is not None and self._loop.failed >= len(self._cast.jobs)

    def _health(self) -> dict[str, Any]:
        """What there is to count."""
        cast, publisher = self._cast, self._publisher
        tally = asdict(cast.aggregator.tally) if cast and cast.aggregator else {}
        counts = {"sensors": len(cast.acts) if cast else 0, "missed": self._loop.missed, "failed": self._loop.failed}
        pictures = self._stage.studio.health() if self._stage.studio is not None else {}
        return counts | publisher.counts() | tally | pictures | {"clock_synced": self._synced()}

    def _status(self) -> str:
        """One line for people: what is not zero."""
        health = self._health()
        state = "connected" if self._publisher.connected else "not connected"
        counts = [f"{value:,.0f} {name}" for name, value in health.items() if name not in TOLD and value]
        if health["sensors"] == 1:
            counts[0] = "1 sensor"
        trouble = "" if health.get("camera", "ok") == "ok" else f"; camera: {health['camera']}"
        return f"{state}; {', '.join(counts)}{trouble}{'' if health['clock_synced'] else '; the clock is not set'}"

    def _pump(self) -> None:
        before = self._publisher.connected
        self._publisher.pump()
        if self._publisher.connected != before and self._cast is not None:
            self._tell_status()

    def _tell_status(self) -> None:
        self._notify.status(self._status())

    def _publish_health(self) -> None:
        settings = self._stage.settings
        topic = settings.topic(settings.mqtt.health_topic)
        payload = json.dumps(self._health(), separators=(",", ":")).encode()
        self._publisher.publish(
            Message(topic, payload, settings.mqtt.qos, True, marks(self._stage.progress.run), "application/json")
        )

    def _leave(self, cast: Cast) -> None:
        self._notify.stopping()
        self._loop.replace([])
        try:
            cast.finish()
        except Exception:
            log.exception("what was collected could not be sent")
        studio = self._stage.studio
        if studio is not None:
            self._loop.run(lambda: studio.waiting == 0, LAST_PICTURES_S, LOOK_S)
            studio.close()
        if self._stage.settings.mqtt.health_s > 0:
            self._publish_health()
        self._loop.run(lambda: self._publisher.drained, DRAIN_S, LOOK_S)
        self._publisher.close()
        self._loop.run(lambda: self._publisher.closed, GOODBYE_S, LOOK_S)
        self._save()
        self._stage.progress.close()
        log.info("stopped")
        if self._publisher.unsent:
            log.warning("%d messages were not acknowledged before the stop", self._publisher.unsent)

    def _save(self) -> None:
        """Keep how far the sensors got; if that fails, the next start repeats what it cannot know to have arrived."""
        try:
            self._stage.progress.save()
        except OSError as error:
            if self._unsaved.due():
                log.error("how far the sensors got cannot be kept (%s): is state_dir full or read-only?", error)


def progress_of(settings: Settings, run: str) -> Progress:
    """What is kept of it: the instants of sensor mode are not to be caught up with, and its `seq` begins anew."""
    kept = settings.mode == "aggregator" and settings.state_dir is not None
    return Progress(settings.state_dir / FILE if kept and settings.state_dir else None, run)
