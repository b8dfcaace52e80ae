"""The `[mqtt]` table: where messages go, and as whom."""

import urllib.parse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PrivateAttr, SecretStr, ValidationInfo, field_validator, model_validator

from agent.files import contents
from agent.settings.certificates import context_of, fingerprint, key_problem, validity_in
from agent.settings.fields import Credential, PathFrom, Secret, topic_of
from agent.strict import Strict

if TYPE_CHECKING:
    import ssl

PORTS = {"mqtt": 1883, "mqtts": 8883}


class Mqtt(Strict):
    """Where messages go, and as whom. The key `password_file` names the file that `password` is read from.

    Two of them are equal if their files of certificates and keys hold the same, too: a renewed one makes a difference.
    """

    url: str
    protocol: Literal["5", "3.1.1"] = "5"
    username: Credential | None = None
    password: Secret | None = Field(None, alias="password_file")
    ca_file: PathFrom | None = None
    cert_file: PathFrom | None = None
    key_file: PathFrom | None = None
    client_id: Credential | None = None
    keepalive_s: Annotated[int, Field(ge=5, le=65_535)] = 30
    queue_messages: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000
    qos: Annotated[int, Field(ge=0, le=2)] = 1
    topic: Annotated[str, topic_of("device", "sensor")] = "understudy/{device}/{sensor}"
    status_topic: Annotated[str, topic_of("device")] = "understudy/{device}/status"
    health_topic: Annotated[str, topic_of("device")] = "understudy/{device}/health"
    health_s: Annotated[float, Field(ge=0, le=1e6)] = 60.0
    _held: bytes = PrivateAttr(b"")

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

        _refuse_without_tls(info)
        try:
            contents(path)  # OpenSSL would read a device without end
            ssl.create_default_context(cafile=str(path))
        except ssl.SSLError:
            raise ValueError("holds no certificate; give a PEM file") from None
        except OSError as error:
            raise ValueError(f"cannot be read ({error.strerror}); give the broker's CA as a PEM file") from None
        return path

    @field_validator("cert_file")
    @classmethod
    def _of_today(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        """A certificate that is not valid yet is none of the problems: the clock may not be set yet."""
        if path is None:
            return None
        _refuse_without_tls(info)
        try:
            ends = validity_in(path).ends
        except OSError as error:
            raise ValueError(f"cannot be read ({error.strerror}); give the agent's certificate as a PEM file") from None
        if ends < datetime.now(UTC):
            raise ValueError(f"has expired on {ends:%Y-%m-%d}; have the broker's CA make another")
        return path

    @field_validator("key_file")
    @classmethod
    def _of_the_certificate(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        certificate = info.data.get("cert_file")
        problem = key_problem(certificate, path) if certificate and path else None
        if problem:
            raise ValueError(problem)
        return path

    @model_validator(mode="after")
    def _both_or_none(self) -> "Mqtt":
        if (self.cert_file is None) != (self.key_file is None):
            lacking = "cert_file" if self.cert_file is None else "key_file"
            raise ValueError(f"a certificate and its key go together; set {lacking}, too")
        self._held = fingerprint(self.ca_file, self.cert_file, self.key_file)
        return self

    def tls_context(self) -> "ssl.SSLContext":
        """How to speak TLS with the broker (OSError: a file is not any more what it was)."""
        return context_of(self.ca_file, self.cert_file, self.key_file)

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


def _refuse_without_tls(info: ValidationInfo) -> None:
    if str(info.data.get("url", "mqtts:")).startswith("mqtt:"):
        raise ValueError("is of no use without TLS; let url begin with mqtts://")
