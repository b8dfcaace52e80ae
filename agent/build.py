"""From settings to a wired agent: the only place that picks which classes play together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent import seed
from agent.clock import Clock
from agent.errors import BundleError, ConditionError, ConfigError
from agent.loop import Job, spread
from agent.models import bundle as bundles
from agent.models.bundle import Bundle
from agent.models.manifest import PeriodName
from agent.models.registry import sampler_of
from agent.models.sampler import BLOCK, GIVEN_BLOCK, Given, Sampler, each_hour
from agent.modes.aggregator import AggregatorMode, Voice
from agent.modes.calendar import Agenda, choose_period, coverage_problem, mean_counts
from agent.modes.envelope import Envelope, marks
from agent.modes.sensor import SensorMode
from agent.outputs.mqtt import MqttOutput
from agent.outputs.outbox import Outbox
from agent.outputs.output import Message, Output, Wake
from agent.player import Player, given_of
from agent.problems import listed
from agent.publisher import Publisher
from agent.rarely import Rarely
from agent.settings import Sensor, Settings

ROWS_BYTES = 8 * 2**20  # of rows drawn ahead, for all sensors together
SHORTEST_S = 0.001


@dataclass(frozen=True)
class Part:
    """One sensor of the configuration, with the bundle it plays: checked, not yet playing."""

    sensor: Sensor
    bundle: Bundle
    sampler: Sampler

    @property
    def interval_s(self) -> float | None:
        """As set, else as recorded; None: neither."""
        recorded = self.bundle.manifest.arrival.interval_s
        return self.sensor.interval_s or (recorded if recorded and recorded >= SHORTEST_S else None)

    @property
    def given(self) -> Given:
        """What its rows have to be like (ConditionError: they never are)."""
        return given_of(self.bundle, self.sensor.given)

    @property
    def period(self) -> PeriodName:
        """As set, else the longest that is covered."""
        return choose_period(self.bundle, self.sensor.period)

    def problem(self, mode: str | None) -> str | None:
        """Why this sensor cannot be played in `mode` (None: in any); None: it can.

        Raises:
            BundleError: The counts of its period are not as they must be.
        """
        impossible = self._impossible() if self.sensor.given else None
        if impossible:
            return impossible
        if mode == "sensor" and self.interval_s is None:
            return "its bundle tells no usable interval; set interval_s"
        if mode != "aggregator":
            return None
        problem = coverage_problem(self.bundle, self.sensor.period)
        if problem is None:
            mean_counts(self.bundle, self.period)
        return problem

    def _impossible(self) -> str | None:
        """Why its messages are never as asked, or not at some hour: better told now than when that hour comes."""
        hour = None
        try:
            for given in each_hour(self.given, self.bundle.manifest.hours):
                hour = given.hour
                self.sampler.draw(2 * GIVEN_BLOCK, np.random.default_rng(0), given)
        except ConditionError as error:
            return f"given{'' if hour is None else f', at {hour:02d}:00'}: {error}"
        return None


@dataclass(frozen=True)
class Act:
    """A sensor while it plays. What did not change at a reload goes on with the same act."""

    part: Part
    player: Player
    job: Job | None = None
    agenda: Agenda | None = None


def parts_of(sensors: Sequence[Sensor], mode: str | None) -> tuple[list[Part], list[str]]:
    """The sensors that can be played, and every problem of the others.

    A bundle that several sensors play is loaded once.
    """
    parts, problems = [], []
    loaded: dict[Path, tuple[Bundle, Sampler] | BundleError] = {}
    for sensor in sensors:
        if sensor.bundle not in loaded:
            loaded[sensor.bundle] = _load(sensor.bundle)
        found = loaded[sensor.bundle]
        try:
            if isinstance(found, BundleError):
                raise found
            part = Part(sensor, *found)
            problem = part.problem(mode)
        except BundleError as error:
            problem = str(error)
        if problem:
            problems.append(f"[[sensor]] {sensor.name!r}: {problem}")
        else:
            parts.append(part)
    return parts, problems


def prepare(settings: Settings, where: str) -> list[Part]:
    """Every sensor of the settings, ready to play.

    Raises:
        ConfigError: Any of them cannot be played; the message lists every problem.
    """
    parts, problems = parts_of(settings.sensor, settings.mode)
    if problems:
        raise ConfigError(listed(where, problems))
    return parts


def seed_of(settings: Settings, warn: Callable[[str], None]) -> int:
    """The seed that is set, else the one that this device keeps."""
    if settings.seed is not None:
        return settings.seed
    if settings.state_dir is not None:
        return seed.kept(settings.state_dir)
    warn(seed.UNKEPT)
    return seed.drawn()


class Cast:
    """Who plays: the acts of a configuration, and the jobs that let them speak.

    Args:
        settings: The configuration.
        parts: Its sensors.
        seed: The device's seed.
        clock: The clocks.
        publish: Takes the messages.
        run: See `Envelope`.
        before: The cast before a reload: what did not change plays on, and every `seq` is continued.

    Attributes:
        acts: By sensor.
        jobs: What the loop has to do.
    """

    def __init__(
        self,
        settings: Settings,
        parts: Sequence[Part],
        seed: int,
        *,
        clock: Clock,
        publish: Callable[[Message], None],
        run: str,
        before: "Cast | None" = None,
    ) -> None:
        self._settings, self._seed, self._clock, self._publish, self._run = settings, seed, clock, publish, run
        self._before, self._count = before, len(parts)
        self._now_ns, self._now_s = clock.unix_ns(), clock.monotonic_s()
        make = self._speaker if settings.mode == "sensor" else self._voice
        self.acts = {part.sensor.name: make(part, place) for place, part in enumerate(parts)}
        speakers = [act.job for act in self.acts.values() if act.job is not None]
        self.jobs = speakers if settings.mode == "sensor" else [self._batches()]
        self._before = None  # else every reload would hold on to all those before it

    def _speaker(self, part: Part, place: int) -> Act:
        same, interval_s = self._same(part), part.interval_s or SHORTEST_S
        player = same.player if same else self._player(part)
        mode = SensorMode(player, self._envelope(part.sensor.name), self._clock, self._publish)
        due_s = same.job.due_s if same and same.job else self._now_s + spread(place, self._count, interval_s)
        return Act(part, player, Job(due_s, interval_s, mode.tick, f"sensor {part.sensor.name!r}"))

    def _voice(self, part: Part, _place: int) -> Act:
        same = self._same(part)
        if same is not None:
            return same
        player = self._player(part)
        return Act(part, player, agenda=Agenda(player, part.period, self._now_ns))

    def _batches(self) -> Job:
        settings, interval_s = self._settings, self._settings.aggregator.batch_s
        voices = [Voice(act.agenda, self._envelope(name)) for name, act in self.acts.items() if act.agenda is not None]
        topic = settings.aggregator.topic
        together = None if topic is None else Envelope(settings.topic(topic), settings.mqtt.qos, self._run)
        mode = AggregatorMode(voices, together, self._clock, self._publish)
        last = self._before.jobs[0] if self._before is not None and self._plays_on(self._before) else None
        due_s = last.due_s if last is not None and last.interval_s == interval_s else self._now_s + interval_s
        return Job(due_s, interval_s, mode.tick, "aggregator")

    def _plays_on(self, before: "Cast") -> bool:
        return before._settings.mode == self._settings.mode and before._seed == self._seed

    def _same(self, part: Part) -> Act | None:
        """The act before, if nothing about this sensor changed."""
        act = self._before.acts.get(part.sensor.name) if self._before is not None else None
        if act is None or self._before is None or not self._plays_on(self._before):
            return None
        same = act.part.sensor == part.sensor and act.part.bundle.digest == part.bundle.digest
        return act if same else None

    def _player(self, part: Part) -> Player:
        act = self._before.acts.get(part.sensor.name) if self._before is not None else None
        entropy = [self._seed]
        if self._settings.mode == "sensor" and self._settings.seed is None:
            entropy.append(self._now_ns)  # else every start would play the same rows again
        columns = max(1, len(part.bundle.manifest.columns))
        block = max(16, min(BLOCK, ROWS_BYTES // (8 * columns * self._count)))
        seq = act.player.seq if act is not None else 0
        return Player(
            part.sensor.name,
            part.bundle,
            part.sampler,
            entropy,
            zone=part.sensor.zone,
            block=block,
            seq=seq,
            given=part.given,
        )

    def _envelope(self, sensor: str) -> Envelope:
        mqtt = self._settings.mqtt
        return Envelope(self._settings.topic(mqtt.topic, sensor), mqtt.qos, self._run)


def publisher_of(settings: Settings, clock: Clock, run: str, wake: Wake) -> Publisher:
    """The outbox and its output."""
    outbox = Outbox(settings.mqtt.queue_messages, Rarely(clock))
    return Publisher(outbox, output_of(settings, run, wake), Rarely(clock))


def output_of(settings: Settings, run: str, wake: Wake) -> Output:
    """The connection to the broker."""
    status = Message(settings.topic(settings.mqtt.status_topic), b"", 1, True, marks(run))
    return MqttOutput(settings.mqtt, settings.client_id, status, wake)


def _load(path: Path) -> tuple[Bundle, Sampler] | BundleError:
    try:
        bundle = bundles.read(path)
        return bundle, sampler_of(bundle)
    except BundleError as error:
        return error
