"""A real Mosquitto for a test, on a free port, and mosquitto_sub to read with."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
MISSING = None if MOSQUITTO and shutil.which("mosquitto_sub") else "Mosquitto and mosquitto_sub are not installed"

USER, PASSWORD = "pi", "correct horse"
FORMAT = '{"topic":"%t","retain":%r,"payload":"%X","properties":"%P","content_type":"%C"}'


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(happened: Callable[[], bool], timeout_s: float = 15.0) -> None:
    """Wait for something that takes a while; only its absence is judged, never its speed."""
    end_s = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < end_s, "it did not happen in time"
        time.sleep(0.02)


def ended(process: subprocess.Popen[bytes]) -> None:
    """Have a broker end; Mosquitto 2.0.11 now and then does not when asked to, and is killed then."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass
class Broker:
    """A broker that can be stopped and started again on its port."""

    folder: Path
    secure: bool = False
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{'mqtts' if self.secure else 'mqtt'}://localhost:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "mosquitto.log"

    def start(self) -> None:
        assert MOSQUITTO is not None
        lines = [f"listener {self.port} 127.0.0.1"]
        if self.secure:
            _make_secrets(self.folder)
            lines += [f"{key}file {self.folder / name}" for key, name in _SECRETS.items()]
        lines.append("allow_anonymous false" if self.secure else "allow_anonymous true")
        lines += self.options
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join(lines) + "\nuser root\nlog_type notice\nlog_type subscribe\n")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", str(config)], stdout=log, stderr=log)
        wait_until(self._listens)

    def stop(self, kill: bool = False) -> None:
        if self.process is not None:
            if kill:
                self.process.kill()
            ended(self.process)
            self.process = None

    @contextmanager
    def subscriber(self, topic: str = "#") -> Iterator["Subscriber"]:
        name = f"subscriber-{time.monotonic_ns()}"
        command = [
            "mosquitto_sub",
            "-h",
            "localhost",
            "-p",
            str(self.port),
            "-V",
            "5",
            "-q",
            "1",  # at QoS 2 mosquitto_sub 2.0.11 now and then leaves with a protocol error of its own
            "-t",
            topic,
            "-i",
            name,
        ]
        if self.secure:
            command += ["--cafile", str(self.folder / "ca.pem"), "-u", USER, "-P", PASSWORD]
        log = self.folder / f"{name}.log"
        with log.open("wb") as out, subprocess.Popen([*command, "-F", FORMAT], stdout=out) as process:
            subscriber = Subscriber(log)
            try:
                wait_until(lambda: f"{name} 1 " in self.log.read_text())
                yield subscriber
            finally:
                process.kill()  # asked to end, mosquitto_sub 2.0.11 now and then waits for itself forever

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass
class Subscriber:
    """What a subscriber has seen."""

    log: Path

    def seen(self, topic: str | None = None) -> list[dict[str, Any]]:
        """Every message so far: topic, retain, payload (text), bytes, content_type and properties (a dict)."""
        messages = []
        for line in self.log.read_text().split("\n")[:-1]:
            if line.startswith("{"):
                message = json.loads(line)
                message["bytes"] = bytes.fromhex(message["payload"])
                message["payload"] = message["bytes"].decode(errors="replace")
                message["properties"] = dict(pair.split(":", 1) for pair in message["properties"].split())
                messages.append(message)
        return [message for message in messages if topic in (None, message["topic"])]

    def seqs(self, topic: str) -> list[int]:
        return [json.loads(message["payload"])["n"] for message in self.seen(topic)]

    def wait(self, topic: str, count: int, timeout_s: float = 15.0) -> list[dict[str, Any]]:
        """At least `count` messages on a topic."""
        wait_until(lambda: len(self.seen(topic)) >= count, timeout_s)
        return self.seen(topic)


_SECRETS = {"ca": "ca.pem", "cert": "server.pem", "key": "server.key", "password_": "passwords"}


def _make_secrets(folder: Path) -> None:
    """A CA, a certificate for localhost, and a password."""
    if (folder / "ca.pem").exists():
        return
    run = lambda *words: subprocess.run(words, check=True, capture_output=True, cwd=folder)  # noqa: E731
    new = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run(*new, "-x509", "-days", "2", "-subj", "/CN=test CA", "-keyout", "ca.key", "-out", "ca.pem")
    run(*new, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (folder / "san").write_text("subjectAltName=DNS:localhost\n")
    sign = ("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
    run(*sign, "-days", "2", "-extfile", "san", "-out", "server.pem")
    run("mosquitto_passwd", "-b", "-c", "passwords", USER, PASSWORD)
    for name in ("server.key", "passwords"):
        (folder / name).chmod(0o644)
