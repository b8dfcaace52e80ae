"""Brokers that cut the connection at what is too large for them, without a word."""

from collections.abc import Iterable

from agent.clock import Clock
from agent.outputs.output import Message
from agent.rarely import Rarely

RETRY_S = 600.0
LARGE_BYTES, MOST_CUTS = 16_384, 3


class Cuts:
    """Learns what is too large for a broker: the connection broke again and again while it was in flight.

    Small messages are never taken for the cause, nor what can be made again.

    Args:
        clock: When to try again with what was too large.
    """

    def __init__(self, clock: Clock) -> None:
        self._rarely = Rarely(clock, RETRY_S)
        self._suspect: Message | None = None
        self._cuts = 0
        self._least: int | None = None

    def broke(self, in_flight: Iterable[Message]) -> Message | None:
        """The connection broke; gives a message that is not to be sent again."""
        first = next((message for message in in_flight if _is_large(message)), None)
        self._cuts = self._cuts + 1 if first is not None and first is self._suspect else 1
        self._suspect = first
        if first is None or self._cuts < MOST_CUTS:
            return None
        self._least = min(len(first.payload), self._least or len(first.payload))
        self._rarely.due()
        return first

    def refuses(self, message: Message) -> bool:
        """Whether a message is known to be too large; now and then one is tried."""
        known = self._least is not None and _is_large(message) and len(message.payload) >= self._least
        return known and not self._rarely.due()

    def arrived(self, message: Message) -> None:
        """A message was not too large after all."""
        if self._least is not None and len(message.payload) >= self._least:
            self._least = None


def _is_large(message: Message) -> bool:
    return message.settle is None and len(message.payload) >= LARGE_BYTES
