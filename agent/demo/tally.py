"""What a subscriber of the demo saw."""

import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from agent.settings.pictures import IMAGE

KEPT = 50  # pictures of a sensor
PICTURES = f"/{IMAGE}"


@dataclass
class Arrivals:
    """What arrived on one topic."""

    first_s: float
    last_s: float = 0.0
    messages: int = 0
    size: int = 0

    def add(self, payload: bytes, now_s: float) -> None:
        """Count one message."""
        self.messages, self.size, self.last_s = self.messages + 1, self.size + len(payload), now_s

    @property
    def rate(self) -> str:
        """Messages per second from the first to the last; a dash where there was but one."""
        span_s = self.last_s - self.first_s
        return f"{(self.messages - 1) / span_s:.2f}" if span_s > 0 else "-"


@dataclass
class Tally:
    """What arrived, by topic, in order of first arrival.

    Attributes:
        sensors: The topics on which readings are expected; others carry pictures and the agent's status.
        topics: What came on each.
        picture: Where the last one is.
    """

    sensors: set[str]
    topics: dict[str, Arrivals] = field(default_factory=dict)
    picture: Path | None = None

    def add(self, topic: str, payload: bytes) -> None:
        """Count one message; print it."""
        now_s = time.monotonic()
        self.topics.setdefault(topic, Arrivals(now_s)).add(payload, now_s)
        text = payload.decode("utf-8", "replace")
        if topic.endswith(PICTURES) and topic.removesuffix(PICTURES) in self.sensors:
            text = f"{len(payload):,} bytes of JPEG: {self._keep(topic, payload)}"
        print(_cut(f"{topic} {text}"), flush=True)

    def __len__(self) -> int:
        return sum(arrivals.messages for arrivals in self.topics.values())

    @property
    def readings(self) -> int:
        """How many messages came from sensors."""
        return sum(arrivals.messages for topic, arrivals in self.topics.items() if topic in self.sensors)

    def summary(self) -> str:
        """Messages per topic, rate, bytes, and where the last picture is."""
        width = max(map(len, [*self.topics, "total"]))
        rows = [("topic", "messages", "per second", "bytes")]
        rows += [(topic, str(seen.messages), seen.rate, str(seen.size)) for topic, seen in self.topics.items()]
        seen = self.topics.values()
        rows.append(("total", str(sum(each.messages for each in seen)), "", str(sum(each.size for each in seen))))
        lines = [f"{topic:{width}}  {messages:>8}  {rate:>10}  {size:>8}" for topic, messages, rate, size in rows]
        return "\n".join(["", *lines, f"last picture: {self.picture or 'none (no sensor tells of boxes)'}"])

    def _keep(self, topic: str, picture: bytes) -> Path:
        """Keep a picture where one can look at it meanwhile; of many, the last ones."""
        folder = self.picture.parent if self.picture else Path(tempfile.mkdtemp(prefix="understudy-pictures-"))
        name, count = topic.removesuffix(PICTURES).rsplit("/", 1)[-1], self.topics[topic].messages
        (folder / f"{name}-{count - KEPT:03d}.jpg").unlink(missing_ok=True)
        self.picture = folder / f"{name}-{count:03d}.jpg"
        self.picture.write_bytes(picture)
        return self.picture


def _cut(line: str) -> str:
    """Cut to the terminal's width; whole where the output is no terminal."""
    columns = shutil.get_terminal_size().columns
    return line if len(line) <= columns or not sys.stdout.isatty() else line[: columns - 1] + "…"
