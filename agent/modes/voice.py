"""A sensor that speaks by its agenda: the readings that fell due, with their messages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.arrival.agenda import ROWS, Agenda, Stretch
from agent.player import Player

PIECE = BLOCK = 256  # messages written, and rows drawn, at a time: for the memory they take, with many sensors


@dataclass(frozen=True, slots=True)
class Item:
    """One message of a sensor."""

    event_ns: int
    sensor: str
    seq: int
    text: str


class Voice:
    """Plays a sensor by its agenda. Its rows begin anew with each slice, so it can go on anywhere.

    Args:
        player: The sensor.
        agenda: Its instants.
        most: Messages after which it is silent; None: never.
    """

    def __init__(self, player: Player, agenda: Agenda, most: int | None = None) -> None:
        self.player, self.agenda, self._most = player, agenda, most
        self._playing = (-1, -1)

    def due(self, until_ns: int) -> list[Stretch]:
        """What fell due since the last call, up to and with `until_ns`."""
        stretches = self.agenda.due(until_ns)
        if self._most is None:
            return stretches
        left, kept = self._most - self.player.seq, []
        for stretch in stretches:
            if left > 0:
                kept.append(replace(stretch, event_ns=stretch.event_ns[:left]))
            left -= len(stretch.event_ns)
        return kept

    def items(self, stretches: Sequence[Stretch], last_ns: int | None) -> Iterator[Item]:
        """The messages at these instants, written as they are asked for; `last_ns` as in `Player.play`."""
        for stretch in stretches:
            if self._playing != (stretch.start_ns, stretch.place):
                block = min(stretch.count, BLOCK)
                start_ns = stretch.start_ns
                self.player.restart(max(start_ns, 0), ROWS, block=block, skip=stretch.place, hour_of_ns=start_ns)
            self._playing = (stretch.start_ns, stretch.place + len(stretch.event_ns))
            for first in range(0, len(stretch.event_ns), PIECE):
                times = stretch.event_ns[first : first + PIECE].tolist()
                played = self.player.play(times, last_ns)
                for seq, (event_ns, text) in enumerate(zip(times, played.texts, strict=True), played.first_seq):
                    yield Item(event_ns, self.player.name, seq, text)
