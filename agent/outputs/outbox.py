"""The queue between making a message and its acknowledgement."""

import logging
from collections import deque

from agent.outputs.output import Message
from agent.rarely import Rarely

log = logging.getLogger(__name__)


class Outbox:
    """Messages in order, each kept until it is acknowledged. Bounded: when full, the oldest is dropped.

    What is in flight is dropped last, since it may have arrived already. From one thread only.

    Args:
        capacity: Most messages to hold, those in flight included.
        rarely: When to log what was dropped.

    Attributes:
        capacity: As given; may be changed.
        dropped: How many messages were dropped so far.
        waiting_bytes: Payload of the messages that are not in flight.
    """

    def __init__(self, capacity: int, rarely: Rarely) -> None:
        self.capacity, self._rarely = capacity, rarely
        self._waiting: deque[Message] = deque()
        self._in_flight: dict[int, Message] = {}
        self.dropped = self.waiting_bytes = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._in_flight)

    @property
    def waiting(self) -> int:
        """How many messages are not in flight."""
        return len(self._waiting)

    def put(self, message: Message) -> None:
        """Add a message at the end. One that is settled can be made again: it is never dropped, nor drops others."""
        while message.settle is None and len(self) >= self.capacity and self._drop():
            pass
        self._waiting.append(message)
        self.waiting_bytes += len(message.payload)

    def next(self) -> Message:
        """The oldest message that is not in flight (IndexError: there is none)."""
        return self._waiting[0]

    def sent(self, token: int) -> None:
        """The next message is in flight under `token`."""
        self._in_flight[token] = self._take()

    def skip(self) -> None:
        """The next message can never be sent: let it go."""
        _settle(self._take())

    def acknowledge(self, token: int) -> Message | None:
        """Let the message of `token` go. None: it was dropped, or is not of this outbox."""
        message = self._in_flight.pop(token, None)
        if message is not None:
            _settle(message)
        return message

    @property
    def in_flight(self) -> list[Message]:
        """What was sent and is not acknowledged, in the order in which it was sent."""
        return list(self._in_flight.values())

    def give_up(self, message: Message) -> None:
        """Let a message that is in flight go."""
        self._in_flight = {token: each for token, each in self._in_flight.items() if each is not message}

    def rewind(self) -> None:
        """Everything in flight has to be sent again, in its old order and before the rest."""
        self._waiting.extendleft(reversed(self._in_flight.values()))
        self.waiting_bytes += sum(len(message.payload) for message in self._in_flight.values())
        self._in_flight.clear()

    def _take(self) -> Message:
        message = self._waiting.popleft()
        self.waiting_bytes -= len(message.payload)
        return message

    def _drop(self) -> bool:
        """Drop the oldest message that may be; whether there was one."""
        place = next((place for place, message in enumerate(self._waiting) if message.settle is None), None)
        token = next((token for token, message in self._in_flight.items() if message.settle is None), None)
        if place is not None:
            self.waiting_bytes -= len(self._waiting[place].payload)
            del self._waiting[place]
        elif token is not None:
            del self._in_flight[token]
        else:
            return False
        self.dropped += 1
        if self._rarely.due():
            log.warning(
                "the outbox is full (%d messages): the oldest are dropped, %d so far; is the broker reachable and "
                "fast enough? else raise [mqtt] queue_messages",
                self.capacity,
                self.dropped,
            )
        return True


def _settle(message: Message) -> None:
    if message.settle is not None:
        message.settle()
