"""`backfill`: plays what lies in the past, as fast as asked, to the broker or into a file."""

import logging
import signal
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from agent.clock import LAST_NS, NS_PER_S, Clock
from agent.configuration import load
from agent.cuts import Cuts
from agent.ending import EXIT_FAILED
from agent.errors import ConfigError
from agent.files import replacing
from agent.loop import Loop
from agent.outputs.file import FileOutput
from agent.outputs.outbox import Outbox
from agent.parts import Part, prepare
from agent.progress import FILE, Progress
from agent.publisher import Publisher
from agent.rarely import Rarely
from agent.settings.settings import Settings
from agent.terminal import bar_width
from agent.wiring.batches import Playing, past_of
from agent.wiring.stage import Stage, output_of, player_of, seed_of

log = logging.getLogger(__name__)

LOOK_S = 0.01
GOODBYE_S = 2.0
QUEUE = 10_000
AT_ONCE, RATED_S = 1000, 0.2  # readings made between two looks; or those of so many seconds, at a rate
NS_PER_MS = 1_000_000
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BAR = "{percentage:3.0f}%|{bar}|{postfix} [{elapsed}<{remaining}]"


@dataclass(frozen=True)
class Wish:
    """What to play.

    Attributes:
        start: Of the time to play, in ISO 8601; without an offset it is local to the sensors.
        stop: Its end, which is not part of it; None: now.
        rate: Readings per second; None: as fast as they are taken.
        out: The file to write; None: to the broker.
        live: Whether the agent plays on from the end.
    """

    start: str
    stop: str | None = None
    rate: float | None = None
    out: Path | None = None
    live: bool = False


def backfill(path: Path, env: Mapping[str, str], clock: Clock, wish: Wish) -> int:
    """Play a configuration's past. Returns the exit status: 0, or 1 where it was stopped before the end.

    It counts as a run of its own. Only when it came to its end does the agent go on from there.

    Raises:
        ConfigError: The configuration, a bundle or what is asked for cannot be used.
        OSError: The file cannot be written.
    """
    settings = load(path, env)
    parts = prepare(settings, str(path))
    _refuse_live(settings, wish)
    zone = _zone(parts)
    start_ns = _time(wish.start, zone, "--from")
    stop_ns = clock.unix_ns() if wish.stop is None else _time(wish.stop, zone, "--to")
    if start_ns >= stop_ns:
        raise ConfigError(f"--from {wish.start}: is not before the end; nothing lies between")
    if settings.with_pictures:
        log.warning("the past is played without pictures: no camera sees it; preview --pictures makes a dataset")
    seed = seed_of(settings, log.warning)
    state = settings.state_dir if wish.out is None and settings.mode == "aggregator" else None
    run = f"{clock.unix_ns():x}"
    with ExitStack() as closing:
        file = closing.enter_context(_file(wish.out))
        live = Progress(None if state is None else state / FILE, run)
        closing.callback(live.close)
        past = Past(settings, seed, clock, Progress(None, run), file)
        past.prepare(parts, start_ns, stop_ns, wish.rate)
        if not past.play():
            if wish.out is not None:
                raise KeyboardInterrupt
            log.warning("stopped before the end; go on with: --from %s", past.settled(zone))
            return EXIT_FAILED
        past.hand_over(live)
        log.info("%d readings played", past.mode.tally.readings)
    return EXIT_FAILED if past.stopped and wish.live else 0


class Past:
    """A span of time that is played.

    Args:
        settings: The configuration.
        seed: The device's seed.
        clock: The clocks.
        progress: What is kept of how far the sensors got.
        file: Where messages go; None: to the broker.

    Attributes:
        mode: Plays it, once there are sensors.
        stopped: Whether a signal asked to end.
    """

    def __init__(self, settings: Settings, seed: int, clock: Clock, progress: Progress, file: IO[bytes] | None) -> None:
        self._loop, self._to_file = Loop(clock), file is not None
        wake = self._loop.wake
        output = output_of(settings, progress.run, wake, "backfill") if file is None else FileOutput(wake, file)
        outbox = Outbox(max(settings.mqtt.queue_messages, QUEUE), Rarely(clock))
        self._publisher = Publisher(outbox, output, Rarely(clock), Cuts(clock))
        self._stage = Stage(settings, seed, clock, self._publisher, progress, synced=lambda: True)
        self.stopped = False

    def prepare(self, parts: list[Part], start_ns: int, stop_ns: int, rate: float | None) -> None:
        """Sensors to play, from `start_ns` to before `stop_ns`, so many readings a second at most."""
        self._start_ns, self._stop_ns, self._rate = start_ns, stop_ns, rate
        at_once = AT_ONCE if rate is None else max(1, min(AT_ONCE, int(rate * RATED_S)))
        playing = [self._playing(part, len(parts)) for part in parts]
        file, room = self._to_file, self._has_room
        self.mode = past_of(self._stage, playing, start_ns - 1, room, to_file=file, at_once=at_once)

    def play(self) -> bool:
        """Play it all, with a bar of what is done; whether it came to its end. Signals are held back after it."""
        for number in SIGNALS:
            signal.signal(number, lambda *_: self._stop())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        self._publisher.open()
        self._begun_s = self._stage.clock.monotonic_s()
        span_s = (self._stop_ns - self._start_ns) / NS_PER_S
        with tqdm(total=span_s, bar_format=BAR, ncols=bar_width(), disable=None) as bar:
            self._loop.after = lambda: self._step(bar)
            self._loop.run(lambda: self.stopped or (self._played and self._publisher.unsent == 0), look_s=LOOK_S)
        self._loop.after = self._publisher.pump
        self._loop.run(lambda: self._publisher.drained, GOODBYE_S if self.stopped else 0.0, LOOK_S)
        self._publisher.close()
        self._loop.run(lambda: self._publisher.closed, GOODBYE_S, LOOK_S)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        return self._played and self._publisher.unsent == 0

    def settled(self, zone: tzinfo) -> str:
        """Up to where all sensors' messages have arrived, in ISO 8601."""
        reached_ns = min(reached_ns for _, reached_ns in self._stage.progress.reached.values())
        return datetime.fromtimestamp((reached_ns + 1) // NS_PER_MS / 1000, zone).isoformat(timespec="milliseconds")

    def hand_over(self, live: Progress) -> None:
        """Let whoever plays on do so from the end, or from where it was beyond that, and count on from here."""
        reached = {}
        for name, (seq, _) in self._stage.progress.reached.items():
            _, live_ns = live.reached.get(name, (0, 0))
            reached[name] = (seq, max(live_ns, self._stop_ns - 1))
        live.replace(self._stage.progress.run, reached)
        live.save()

    @property
    def _played(self) -> bool:
        return self.mode.reached_ns >= self._stop_ns - 1

    def _step(self, bar: Any) -> None:
        self._publisher.pump()
        if not self._played and self.mode.advance(self._stop_ns - 1):
            self.mode.flush()
            self._publisher.pump()
        bar.set_postfix_str(f"{self.mode.tally.readings:,} readings", refresh=False)
        bar.update((self.mode.reached_ns + 1 - self._start_ns) / NS_PER_S - bar.n)

    def _has_room(self) -> bool:
        if self._rate is not None:
            allowed = self._rate * (self._stage.clock.monotonic_s() - self._begun_s)
            if self.mode.tally.readings > allowed:
                return False
        return self._publisher.has_room()

    def _stop(self) -> None:
        self.stopped = True
        self._loop.wake()

    def _playing(self, part: Part, sensors: int) -> Playing:
        first_ns = self._start_ns - 1
        self._stage.progress.begin(part.sensor.name, first_ns)
        player = player_of(part, [self._stage.seed], 0, sensors)
        return part.sensor, player, part.plan().agenda(player.rng, first_ns, part.sensor.until_ns(part.zone))


def _refuse_live(settings: Settings, wish: Wish) -> None:
    if not wish.live:
        return
    if wish.out is not None or wish.stop is not None:
        raise ConfigError("--live: goes on from now, at the broker; leave out --to and --out")
    if settings.mode != "aggregator" or settings.state_dir is None:
        raise ConfigError('--live: the agent goes on from what is kept; set mode = "aggregator" and state_dir')


def _zone(parts: list[Part]) -> tzinfo:
    """Where times without an offset are local: where all sensors are, else UTC."""
    zones = {str(part.zone): part.zone for part in parts}
    return next(iter(zones.values())) if len(zones) == 1 else UTC


def _time(text: str, zone: tzinfo, option: str) -> int:
    try:
        time = datetime.fromisoformat(text)
        time_ns = round((time if time.tzinfo else time.replace(tzinfo=zone)).timestamp() * 1_000_000) * 1_000
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{option} {text}: is no time in ISO 8601; write it as 2026-06-01 or 2026-06-01T12:00"
        ) from None
    if not 0 < time_ns <= LAST_NS:
        raise ConfigError(f"{option} {text}: does not lie between 1970 and 2262; choose another time")
    return time_ns


def _file(path: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    if path is not None and not path.parent.is_dir():
        raise ConfigError(f"--out {path}: there is no folder {path.parent}; make it, or choose another one")
    return nullcontext() if path is None else replacing(path)
