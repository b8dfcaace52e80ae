"""Packing messages into batches of limited size."""

import gzip
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from agent.message.leaves import to_json
from agent.modes.envelope import JSON, JSON_LINES, Envelope
from agent.modes.voice import Item
from agent.outputs.output import Message

log = logging.getLogger(__name__)

Reached = dict[str, tuple[int, int]]
"""For each sensor its last `seq`, and up to when its readings were made, in nanoseconds since 1970."""
Sent = Callable[[Reached], Callable[[], None]]
"""Told what a message holds when it is made; gives what to call when that message is settled."""


@dataclass(frozen=True)
class Form:
    """How messages are packed.

    Attributes:
        layout: `json`: an array; `jsonl`: a message a line; `single`: each message alone, as it is.
        max_bytes: Of a payload, before it is compressed.
        max_count: Messages in a batch; None: any number.
        gzip: Whether payloads are compressed.
        named: Whether each message is wrapped with its sensor and `seq`.
    """

    layout: Literal["json", "jsonl", "single"] = "json"
    max_bytes: int = 131_072
    max_count: int | None = None
    gzip: bool = False
    named: bool = False


@dataclass
class Tally:
    """What happened to batches.

    Attributes:
        readings: Messages packed.
        batches: Payloads made.
        split: Batches that were cut off because they would have been too large.
        late: Batches made more than an interval after they were due.
        empty: Times when nothing had fallen due.
        oversized: Messages lost because a single one is too large.
        silenced: Sensors that failed.
        skipped_s: Seconds whose readings were left out: the clock was set, or too long ago.
    """

    readings: int = 0
    batches: int = 0
    split: int = 0
    late: int = 0
    empty: int = 0
    oversized: int = 0
    silenced: int = 0
    skipped_s: float = 0.0


class Pack:
    """Collects messages until they leave together.

    Args:
        envelope: Where they go.
        form: How they are packed.
        tally: Counts what happens.
        sent: See `Sent`.
    """

    def __init__(self, envelope: Envelope, form: Form, tally: Tally, sent: Sent) -> None:
        self._envelope, self._form, self._tally, self._sent = envelope, form, tally, sent
        self._first_seq = 0
        self._begin()

    @property
    def alone(self) -> bool:
        """Whether each message leaves by itself."""
        return self._form.layout == "single"

    @property
    def empty(self) -> bool:
        """Whether nothing is collected."""
        return not self._parts

    def add(self, item: Item) -> list[Message]:
        """Take a message on; gives the batches that are full with it, or were before it."""
        form, full = self._form, []
        text = (
            f'{{"sensor":{to_json(item.sensor)},"seq":{item.seq},"message":{item.text}}}' if form.named else item.text
        )
        part = text.encode()
        if len(part) + 2 > form.max_bytes:
            self._refuse(item, len(part))
            return []
        if self._size + len(part) + 1 > form.max_bytes:
            self._tally.split += 1
            full += self.flush()
        self._parts.append(part)
        self._size += len(part) + 1
        self._reached[item.sensor] = (item.seq, item.event_ns)
        self._first_seq = self._first_seq or item.seq
        if form.layout == "single" or len(self._parts) == form.max_count:
            full += self.flush()
        return full

    def flush(self) -> list[Message]:
        """What was collected so far, as a batch; none if there is nothing."""
        if not self._parts:
            return []
        self._tally.batches += 1
        self._tally.readings += len(self._parts)
        message = self._envelope.message(
            self._payload(), self._content_type, self._sent(self._reached), **self._range()
        )
        self._begin()
        return [message]

    def _begin(self) -> None:
        self._parts: list[bytes] = []
        self._size, self._first_seq = 1, 0  # a bracket; the other one, or a line's end, takes a comma's place
        self._reached: Reached = {}

    def _payload(self) -> bytes:
        before, between, after = (b"[", b",", b"]") if self._form.layout == "json" else (b"", b"\n", b"")
        payload = before + between.join(self._parts) + after
        return gzip.compress(payload, compresslevel=6, mtime=0) if self._form.gzip else payload

    @property
    def _content_type(self) -> str:
        inner = JSON_LINES if self._form.layout == "jsonl" else JSON
        return f"{inner}+gzip" if self._form.gzip else inner

    def _range(self) -> dict[str, int]:
        """The `seq` of what is inside; merged items tell their own."""
        if self._form.named:
            return {}
        (last, _), *_ = self._reached.values()
        return {"seq": last} if self._form.layout == "single" else {"seq_first": self._first_seq, "seq_last": last}

    def _refuse(self, item: Item, size: int) -> None:
        self._tally.oversized += 1
        if self._tally.oversized == 1:
            limit = self._form.max_bytes
            log.error("a message of %s has %d bytes, more than max_bytes = %d: such are lost", item.sensor, size, limit)
