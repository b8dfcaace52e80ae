"""Messages as JSON lines on a stream."""

import json
import sys
from typing import TextIO

from agent.outputs.output import Acknowledged, Connected, Event, Message, Wake

_ROOM = 100


class StdoutOutput:
    """Writes one line a message: its topic, properties and payload. A message is acknowledged once written."""

    def __init__(self, wake: Wake, stream: TextIO | None = None) -> None:
        self._wake, self._stream = wake, stream or sys.stdout
        self._events: list[Event] = []
        self._token = 0
        self._open = False
        self.closed = False

    def open(self) -> None:
        self._open = True
        self._tell(Connected())

    def poll(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    @property
    def room(self) -> int:
        return _ROOM if self._open else 0

    def send(self, message: Message) -> int:
        self._token += 1
        line = {"topic": message.topic, "properties": dict(message.properties), "payload": _payload(message.payload)}
        print(json.dumps(line, ensure_ascii=False, separators=(",", ":")), file=self._stream, flush=True)
        self._tell(Acknowledged(self._token))
        return self._token

    def close(self) -> None:
        self._open = False
        self.closed = True

    def _tell(self, event: Event) -> None:
        self._events.append(event)
        self._wake()


def _payload(payload: bytes) -> object:
    """The JSON that is in it, or its text."""
    text = payload.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
