"""What can be configured: every key with its type, its default and what makes it wrong."""

import math
import socket
from typing import Annotated, Literal

from pydantic import Field, model_validator

from agent.settings.camera import CameraTable
from agent.settings.fields import PathFrom, Text, topic_of
from agent.settings.mqtt import Mqtt
from agent.settings.pictures import IMAGE, LABELS
from agent.settings.sensor import Sensor
from agent.strict import Strict
from agent.timesync import TIMESYNCD


class Device(Strict):
    """Who this is. `id` stands for `{device}` in topics."""

    id: Text = Field(default_factory=lambda: socket.gethostname() or "understudy")


class Aggregator(Strict):
    """How readings are gathered. Without `topic`, each sensor's batches go on its own topic."""

    batch_s: Annotated[float, Field(ge=0.1, le=86_400)] | None = None
    batch_count: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    max_bytes: Annotated[int, Field(ge=1024, le=268_000_000)] = 131_072
    format: Literal["json", "jsonl"] = "json"
    gzip: bool = False
    catch_up_s: Annotated[float, Field(ge=0, le=1e8)] = 86_400.0
    topic: Annotated[str, topic_of("device")] | None = None

    @property
    def flush_s(self) -> float | None:
        """Seconds after which a batch leaves; None: only when it is full."""
        return self.batch_s if self.batch_s is not None or self.batch_count is not None else 60.0

    @property
    def step_s(self) -> float:
        """Seconds between looks at what fell due."""
        look_s = math.inf if self.batch_count is None else 1.0
        return min(look_s, self.flush_s or math.inf)


class WallClock(Strict):
    """How long to wait at the start for the wall clock to be set."""

    wait_s: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    synchronized: PathFrom = TIMESYNCD


class Settings(Strict):
    """The whole configuration."""

    mode: Literal["sensor", "aggregator"] = "sensor"
    seed: Annotated[int, Field(ge=0, lt=2**64)] | None = None
    state_dir: PathFrom | None = None
    device: Device = Field(default_factory=Device)
    clock: WallClock = Field(default_factory=WallClock)
    mqtt: Mqtt
    camera: CameraTable = Field(default_factory=CameraTable)
    aggregator: Aggregator = Field(default_factory=Aggregator)
    sensor: Annotated[list[Sensor], Field(min_length=1)]

    @model_validator(mode="after")
    def _topics_are_usable(self) -> "Settings":
        own = {self.topic(self.mqtt.status_topic), self.topic(self.mqtt.health_topic)}
        topics = {self.topic(self.mqtt.topic, sensor.name) for sensor in self.sensor}
        topics |= {self.topic(self.aggregator.topic)} if self.aggregator.topic else set()
        of_pictures = {
            f"{self.topic(self.mqtt.topic, sensor.name)}/{kind}"
            for sensor in self.sensor
            if sensor.pictures is not None
            for kind in (IMAGE, LABELS)
        }
        for topic in of_pictures & topics:
            raise ValueError(
                f"messages would go on {topic!r}, where another sensor's pictures go; change a name or topic"
            )
        topics |= of_pictures
        if any(len(topic.encode()) > 65_535 for topic in own | topics):
            raise ValueError("a topic is longer than the 65,535 bytes that MQTT allows; shorten topic or names")
        if len(own) == 1:
            raise ValueError("status_topic and health_topic are the same; change one of them")
        for topic in own & topics:
            raise ValueError(f"messages would go on the agent's own topic {topic!r}; change it, or topic")
        return self

    @model_validator(mode="after")
    def _pictures_have_their_message(self) -> "Settings":
        for sensor in self.sensor:
            if self.mode == "aggregator" and sensor.pictures is not None and sensor.pictures.inline:
                raise ValueError(
                    f"[[sensor]] {sensor.name!r} [sensor.pictures] inline: a batch waits for no picture; "
                    'leave inline out, or set mode = "sensor"'
                )
        return self

    @property
    def with_pictures(self) -> bool:
        """Whether any sensor has pictures."""
        return any(sensor.pictures is not None for sensor in self.sensor)

    @property
    def client_id(self) -> str:
        return self.mqtt.client_id or f"understudy-{self.device.id}"

    def topic(self, template: str, sensor: str = "") -> str:
        """`template` with its placeholders filled."""
        return template.format_map({"device": self.device.id, "sensor": sensor})
