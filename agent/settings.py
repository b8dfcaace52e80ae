"""What can be configured: every key with its type, its default and what makes it wrong."""

import socket
import string
import urllib.parse
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from agent.models.manifest import PeriodName
from agent.problems import closest
from agent.strict import Strict

PORTS = {"mqtt": 1883, "mqtts": 8883}


def _text(text: str) -> str:
    """A name that may stand in a topic."""
    if not text or len(text) > 256 or any(mark in text for mark in "+#") or not text.isprintable():
        raise ValueError("must be 1 to 256 printable characters, without + or #")
    return text


def _topic(*placeholders: str) -> AfterValidator:
    """Checks a topic template that may name `placeholders`."""

    def check(topic: str) -> str:
        allowed = " and ".join(f"{{{name}}}" for name in placeholders)
        try:
            fields = [field for field in string.Formatter().parse(topic) if field[1] is not None]
            if any(spec or conversion for _, _, spec, conversion in fields):  # before a width can fill the memory
                raise ValueError
            names = [str(name) for _, name, _, _ in fields]
            filled = topic.format_map(dict.fromkeys(placeholders, "x"))
        except (ValueError, LookupError, AttributeError):
            raise ValueError(f"is no topic template; it may name {allowed}, write other braces twice") from None
        if not set(names) <= set(placeholders):
            raise ValueError(f"may only name {allowed}")
        if not filled or any(mark in filled for mark in "+#") or not filled.isprintable() or filled.startswith("$"):
            raise ValueError(
                "must not be empty or hold + or #, begin with $ or hold what is not printable: a message has one topic"
            )
        return topic

    return AfterValidator(check)


def _resolve(path: Any, info: ValidationInfo) -> Any:
    """A relative path starts at the configuration's folder."""
    folder = (info.context or {}).get("folder", Path())
    if "\0" in str(path):
        raise ValueError("is no path: it holds a NUL character")
    return folder / path if isinstance(path, str | Path) else path


def _contents(path: Any, info: ValidationInfo) -> str:
    """The secret in a file, without the line's end."""
    try:
        secret = Path(_resolve(path, info)).read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}); give a file that the agent may read") from None
    except (TypeError, ValueError):
        raise ValueError("must be the path of a text file") from None
    if len(secret) > 16_000:
        raise ValueError("is longer than 16,000 characters, which is no password")
    if not secret:
        raise ValueError("is empty; write the password into it")
    return secret


def _credential(text: str) -> str:
    """What the broker is told of who this is."""
    if not 0 < len(text) <= 1024 or not text.isprintable():
        raise ValueError("must be 1 to 1024 printable characters")
    return text


def _wanted(value: Any) -> Any:
    """What a field of a message has to be."""
    if not isinstance(value, str | bool | int | float):
        raise ValueError("must be text, a number, true or false; quote the name of a field that has dots")
    return value


Wanted = Annotated[str | bool | int | float, BeforeValidator(_wanted)]
Credential = Annotated[str, AfterValidator(_credential)]
PathFrom = Annotated[Path, BeforeValidator(_resolve)]
Text = Annotated[str, AfterValidator(_text)]
Secret = Annotated[SecretStr, BeforeValidator(_contents)]
Interval = Annotated[float, Field(ge=0.001, le=1e9)]


class Device(Strict):
    """Who this is. `id` stands for `{device}` in topics."""

    id: Text = Field(default_factory=lambda: socket.gethostname() or "understudy")


class Mqtt(Strict):
    """Where messages go, and as whom. The key `password_file` names the file that `password` is read from."""

    url: str
    protocol: Literal["5", "3.1.1"] = "5"
    username: Credential | None = None
    password: Secret | None = Field(None, alias="password_file")
    ca_file: PathFrom | None = None
    client_id: Credential | None = None
    keepalive_s: Annotated[int, Field(ge=5, le=65_535)] = 30
    queue_messages: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000
    qos: Annotated[int, Field(ge=0, le=2)] = 1
    topic: Annotated[str, _topic("device", "sensor")] = "understudy/{device}/{sensor}"
    status_topic: Annotated[str, _topic("device")] = "understudy/{device}/status"

    @field_validator("url")
    @classmethod
    def _reachable(cls, url: str) -> str:
        remedy = "must be mqtt://HOST[:PORT] or mqtts://HOST[:PORT]"
        try:
            parts = urllib.parse.urlsplit(url)
            if parts.port == 0 or not url.isprintable() or " " in url:
                raise ValueError
            (parts.hostname or "").encode("idna")
        except ValueError:
            raise ValueError(remedy) from None
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold credentials; set username and password_file")
        if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(remedy)
        return url

    @field_validator("password")
    @classmethod
    def _of_somebody(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if password is not None and info.data.get("username", "") is None:
            raise ValueError("is of no use without a username; set username")
        return password

    @field_validator("ca_file")
    @classmethod
    def _certificates(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is None:
            return None
        import ssl

        if str(info.data.get("url", "mqtts:")).startswith("mqtt:"):
            raise ValueError("is of no use without TLS; let url begin with mqtts://")
        try:
            ssl.create_default_context(cafile=str(path))
        except ssl.SSLError:
            raise ValueError("holds no certificate; give a PEM file") from None
        except OSError as error:
            raise ValueError(f"cannot be read ({error.strerror}); give the broker's CA as a PEM file") from None
        return path

    @property
    def tls(self) -> bool:
        return self.url.startswith("mqtts:")

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        parts = urllib.parse.urlsplit(self.url)
        return parts.port or PORTS[parts.scheme]


class Aggregator(Strict):
    """How readings are gathered. Without `topic`, each sensor's batches go on its own topic."""

    batch_s: Annotated[float, Field(ge=0.1, le=86_400)] = 60.0
    topic: Annotated[str, _topic("device")] | None = None


class Sensor(Strict):
    """One sensor to play."""

    name: Text
    bundle: PathFrom
    interval_s: Interval | None = None
    period: PeriodName | None = None
    timezone: str | None = None
    given: dict[str, Wanted] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        try:
            if name is not None:
                zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            hint = closest(str(name), zoneinfo.available_timezones()) or "give a name such as Europe/Brussels"
            raise ValueError(f"is no known timezone; {hint}") from None
        return name

    @property
    def zone(self) -> zoneinfo.ZoneInfo | None:
        """Timezone of naive local times; None: at the recording's offset."""
        return None if self.timezone is None else zoneinfo.ZoneInfo(self.timezone)


class Settings(Strict):
    """The whole configuration."""

    mode: Literal["sensor", "aggregator"] = "sensor"
    seed: Annotated[int, Field(ge=0, lt=2**64)] | None = None
    state_dir: PathFrom | None = None
    device: Device = Field(default_factory=Device)
    mqtt: Mqtt
    aggregator: Aggregator = Field(default_factory=Aggregator)
    sensor: Annotated[list[Sensor], Field(min_length=1)]

    @model_validator(mode="after")
    def _topics_are_usable(self) -> "Settings":
        status = self.topic(self.mqtt.status_topic)
        topics = {self.topic(self.mqtt.topic, sensor.name) for sensor in self.sensor}
        topics |= {self.topic(self.aggregator.topic)} if self.aggregator.topic else set()
        if any(len(topic.encode()) > 65_535 for topic in (status, *topics)):
            raise ValueError("a topic is longer than the 65,535 bytes that MQTT allows; shorten topic or names")
        if status in topics:
            raise ValueError(f"messages would go on the status topic {status!r}; change status_topic or topic")
        return self

    @property
    def client_id(self) -> str:
        return self.mqtt.client_id or f"understudy-{self.device.id}"

    def topic(self, template: str, sensor: str = "") -> str:
        """`template` with its placeholders filled."""
        return template.format_map({"device": self.device.id, "sensor": sensor})
