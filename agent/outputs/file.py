"""Messages in a file, a line each."""

from typing import IO

from agent.outputs.output import Acknowledged, Connected, Event, Message, Wake

_ROOM = 10_000


class FileOutput:
    """Writes each payload as a line. A message is acknowledged once it is handed to the system.

    Args:
        wake: See `Output`.
        file: Open for writing; stays open.
    """

    def __init__(self, wake: Wake, file: IO[bytes]) -> None:
        self._wake, self._file = wake, file
        self._events: list[Event] = []
        self._token = 0
        self._open = False
        self.closed = False

    def open(self) -> None:
        self._open = True
        self._events.append(Connected())
        self._wake()

    def poll(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    @property
    def room(self) -> int:
        return _ROOM - len(self._events) if self._open else 0

    def send(self, message: Message) -> int:
        self._token += 1
        self._file.write(message.payload + b"\n")
        self._events.append(Acknowledged(self._token))
        return self._token

    def close(self) -> None:
        self._open = False
        self.closed = True
