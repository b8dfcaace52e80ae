"""Moves messages from the outbox to the output, and out of the outbox when they are acknowledged."""

import logging

from agent.cuts import Cuts
from agent.errors import OutputError
from agent.outputs.outbox import Outbox
from agent.outputs.output import Acknowledged, Connected, Disconnected, Event, Message, Output
from agent.rarely import Rarely

log = logging.getLogger(__name__)

ROOM_BYTES = 4 * 2**20


class Publisher:
    """Owns the outbox and the output; everything here happens on the loop's thread.

    Attributes:
        published: Messages acknowledged so far.
        refused: Messages that the output or the broker would not take.
        connected: Whether the output is.
    """

    def __init__(self, outbox: Outbox, output: Output, rarely: Rarely, cuts: Cuts) -> None:
        self._outbox, self._output, self._rarely, self._cuts = outbox, output, rarely, cuts
        self._next: Output | None = None
        self.published = self.refused = 0
        self.connected = False

    def open(self) -> None:
        """Begin to connect."""
        self._output.open()

    def publish(self, message: Message) -> None:
        """Take a message on; `pump` sends it."""
        self._outbox.put(message)

    def pump(self) -> None:
        """Take in what happened, then send what can be sent. Never waits."""
        for event in self._output.poll():
            self._take(event)
        if self._next is not None and self._output.closed:
            self._outbox.rewind()
            self._output, self._next = self._next, None
            self._output.open()
        for _ in range(min(self._output.room, self._outbox.waiting)):
            self._send()

    def switch(self, output: Output, capacity: int) -> None:
        """Go on with another output once the present one has said goodbye, and hold `capacity` messages."""
        self._outbox.capacity = capacity
        self._output.close()
        self.connected = False
        self._next = output

    def close(self) -> None:
        """Begin to say goodbye; goes on in `pump`, until `closed`."""
        self._output.close()

    @property
    def closed(self) -> bool:
        """Whether the goodbye is over."""
        return self._output.closed

    @property
    def drained(self) -> bool:
        """Whether nothing is left to send, or nothing can be sent."""
        return len(self._outbox) == 0 or not self.connected

    @property
    def unsent(self) -> int:
        """Messages that are not acknowledged yet."""
        return len(self._outbox)

    def has_room(self) -> bool:
        """Whether more may be made: what waits is little enough to be kept without loss."""
        return self._outbox.waiting_bytes < ROOM_BYTES and len(self._outbox) < self._outbox.capacity

    def counts(self) -> dict[str, int]:
        """What happened to messages so far, and how many wait."""
        lost = self._outbox.dropped + self.refused
        return {"published": self.published, "waiting": self._outbox.waiting, "lost": lost}

    def _send(self) -> None:
        message = self._outbox.next()
        if self._cuts.refuses(message):
            self._outbox.skip()
            self._refuse(_too_large(message))
            return
        try:
            token = self._output.send(message)
        except OutputError as error:
            self._outbox.skip()
            self._refuse(str(error))
        else:
            self._outbox.sent(token)

    def _take(self, event: Event) -> None:
        match event:
            case Acknowledged(token, refusal):
                message = self._outbox.acknowledge(token)
                if message is not None and refusal is None:
                    self.published += 1
                    self._cuts.arrived(message)
                elif refusal is not None:
                    topic = "the status topic" if message is None else message.topic  # the output's own is no message
                    self._refuse(
                        f"the broker said {refusal!r} to what was sent on {topic}; see what it allows this user"
                    )
            case Connected() | Disconnected():
                given_up = self._cuts.broke(self._outbox.in_flight) if self._outbox.in_flight else None
                if given_up is not None:
                    self._outbox.give_up(given_up)
                    self._refuse(_too_large(given_up))
                self._outbox.rewind()
                self.connected = isinstance(event, Connected)

    def _refuse(self, reason: str) -> None:
        self.refused += 1
        if self._rarely.due():
            log.error("a message was refused and is lost (%d so far): %s", self.refused, reason)


def _too_large(message: Message) -> str:
    return (
        f"the connection broke each time that {len(message.payload):,} bytes were sent on {message.topic}; is that too "
        "large for the broker? lower max_bytes in [sensor.pictures]"
    )
