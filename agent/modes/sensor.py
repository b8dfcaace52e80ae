"""Sensor mode: one message per interval, stamped now."""

from collections.abc import Callable

from agent.clock import Clock
from agent.modes.envelope import Envelope
from agent.outputs.output import Message
from agent.player import Player


class SensorMode:
    """One sensor that speaks at every tick.

    Args:
        player: The sensor.
        envelope: Its topic.
        clock: What to stamp with.
        publish: Takes the messages.
    """

    def __init__(self, player: Player, envelope: Envelope, clock: Clock, publish: Callable[[Message], None]) -> None:
        self._player, self._envelope, self._clock, self._publish = player, envelope, clock, publish

    def tick(self) -> None:
        """Publish one message."""
        played = self._player.play([self._clock.unix_ns()])
        self._publish(self._envelope.message(played.texts[0], seq=played.first_seq))
