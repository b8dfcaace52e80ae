"""What all sensors of a configuration share, and the parts that are made of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent import seed
from agent.clock import Clock
from agent.cuts import Cuts
from agent.models.sampler import BLOCK
from agent.modes.envelope import Envelope, marks
from agent.outputs.mqtt import MqttOutput
from agent.outputs.outbox import Outbox
from agent.outputs.output import Message, Output, Wake
from agent.parts import Part
from agent.player import Player
from agent.progress import Progress
from agent.publisher import Publisher
from agent.rarely import Rarely
from agent.settings.settings import Settings

if TYPE_CHECKING:  # pictures take memory, which most agents do without
    from agent.studio import Studio

ROWS_BYTES = 8 * 2**20  # of rows drawn ahead, for all sensors together


@dataclass(frozen=True)
class Stage:
    """Where sensors play.

    Attributes:
        settings: The configuration.
        seed: The device's seed.
        clock: The clocks.
        publisher: Takes the messages.
        progress: Where the sensors of aggregator mode go on.
        synced: Whether the wall clock is right.
        studio: Where pictures are made; None: no sensor has any.
    """

    settings: Settings
    seed: int
    clock: Clock
    publisher: Publisher
    progress: Progress
    synced: Callable[[], bool]
    studio: "Studio | None" = None

    def envelope(self, sensor: str) -> Envelope:
        """Of a sensor's own messages."""
        return self.envelope_on(self.settings.topic(self.settings.mqtt.topic, sensor))

    def envelope_on(self, topic: str) -> Envelope:
        """Of messages on a topic."""
        return Envelope(topic, self.settings.mqtt.qos, self.progress.run, self.synced)


def seed_of(settings: Settings, warn: Callable[[str], None]) -> int:
    """The seed that is set, else the one that this device keeps."""
    if settings.seed is not None:
        return settings.seed
    if settings.state_dir is not None:
        return seed.kept(settings.state_dir)
    warn(seed.UNKEPT)
    return seed.drawn()


def player_of(part: Part, entropy: Sequence[int], seq: int, sensors: int) -> Player:
    """A sensor's player, one of so many."""
    columns = max(1, len(part.bundle.manifest.columns))
    block = max(16, min(BLOCK, ROWS_BYTES // (8 * columns * sensors)))
    name, zone = part.sensor.name, part.sensor.zone
    return Player(name, part.model, entropy, zone=zone, block=block, seq=seq, given=part.given, hours=part.hours)


def publisher_of(settings: Settings, clock: Clock, run: str, wake: Wake) -> Publisher:
    """The outbox and its output."""
    outbox = Outbox(settings.mqtt.queue_messages, Rarely(clock))
    return Publisher(outbox, output_of(settings, run, wake), Rarely(clock), Cuts(clock))


def output_of(settings: Settings, run: str, wake: Wake, role: str = "") -> Output:
    """The connection to the broker; one of another role than the agent's own has a name and a status of its own."""
    topic, client_id = settings.topic(settings.mqtt.status_topic), settings.client_id
    status = Message(f"{topic}/{role}" if role else topic, b"", 1, True, marks(run))
    return MqttOutput(settings.mqtt, f"{client_id}-{role}" if role else client_id, status, wake)
