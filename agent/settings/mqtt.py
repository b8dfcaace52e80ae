"""The `[mqtt]` table: where messages go, and as whom."""

import urllib.parse
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from agent.settings.fields import Credential, PathFrom, Secret, topic_of
from agent.strict import Strict

PORTS = {"mqtt": 1883, "mqtts": 8883}


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
    topic: Annotated[str, topic_of("device", "sensor")] = "understudy/{device}/{sensor}"
    status_topic: Annotated[str, topic_of("device")] = "understudy/{device}/status"
    health_topic: Annotated[str, topic_of("device")] = "understudy/{device}/health"
    health_s: Annotated[float, Field(ge=0, le=1e6)] = 60.0

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
