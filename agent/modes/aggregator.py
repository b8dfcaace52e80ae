"""Aggregator mode: every so often, the readings that fell due since the last batch."""

import heapq
import logging
from collections.abc import Callable, Sequence

from agent.arrival.calendar import HOUR_NS
from agent.clock import NS_PER_S, Clock, Jumps
from agent.modes.pack import Pack, Sent, Tally
from agent.modes.voice import Voice, last_of
from agent.outputs.output import Message

log = logging.getLogger(__name__)

BACK_NS = HOUR_NS  # a clock that was set back by no more is waited for


class AggregatorMode:
    """Publishes batches.

    Args:
        voices: The sensors, and where each one's messages are packed; sensors may share a pack.
        clock: What to date by.
        publish: Takes the messages.
        room: Whether more can be published now; what cannot is made later.
        tally: Counts what happens.
        sent: Told how far each sensor got when a batch has left; see `Sent`.
        reached_ns: Readings up to here are over.
        step_s: Seconds of event time looked at in one go.
        flush_s: After which a batch leaves, full or not; None: only when it is full.
        catch_up_s: What fell due longer ago is left out.

    Attributes:
        reached_ns: Readings up to here were made.
        behind: Whether there was no room for all that fell due.
    """

    def __init__(
        self,
        voices: Sequence[tuple[Voice, Pack]],
        *,
        clock: Clock,
        publish: Callable[[Message], None],
        room: Callable[[], bool],
        tally: Tally,
        sent: Sent,
        reached_ns: int,
        step_s: float,
        flush_s: float | None,
        catch_up_s: float,
    ) -> None:
        self._voices, self._publish, self._room, self.tally, self._sent = voices, publish, room, tally, sent
        self._packs = list(dict.fromkeys(pack for _, pack in voices))
        self._groups = _groups(voices)
        self._jumps, self.behind = Jumps(clock), False
        self.reached_ns = self._flushed_ns = reached_ns
        self._step_ns, self._catch_up_ns = round(step_s * NS_PER_S), round(catch_up_s * NS_PER_S)
        self._flush_ns = None if flush_s is None else round(flush_s * NS_PER_S)

    def tick(self) -> None:
        """Publish what fell due since the last tick."""
        now_ns, jump_ns = self._jumps.look()
        if jump_ns > self._catch_up_ns or now_ns < self.reached_ns - BACK_NS:
            log.warning("the wall clock was set by %.0f s; readings go on from there", jump_ns / NS_PER_S)
            self.reached_ns = self._flushed_ns = now_ns
            for voice, _ in self._voices:
                voice.agenda.enter(now_ns)
        self._skip(now_ns)
        self.behind = not self.advance(now_ns)

    def advance(self, until_ns: int) -> bool:
        """Publish what falls due until then, as far as there is room; whether there was for all."""
        while self.reached_ns < until_ns:
            if not self._room():
                return False
            stop_ns = min(self.reached_ns + self._step_ns, until_ns)
            self._play(stop_ns, late=stop_ns < until_ns - self._step_ns)
            self.reached_ns = stop_ns
        return True

    def flush(self) -> None:
        """Let what was collected leave now."""
        for pack in self._packs:
            for message in pack.flush():
                self._publish(message)
        settle = self._sent({v.player.name: (v.player.seq, v.agenda.reached_ns) for v, _ in self._voices})
        settle()  # a moment without readings counts once all before it has arrived

    def _play(self, stop_ns: int, late: bool) -> None:
        made = self.tally.batches
        for voices, packs in self._groups:
            due = [voice.due(stop_ns) for voice in voices]
            last_ns = last_of([stretch for stretches in due for stretch in stretches])
            alone = any(pack.alone for pack in packs.values())
            items = [voice.items(own, None if alone else last_ns) for voice, own in zip(voices, due, strict=True)]
            for item in heapq.merge(*items, key=lambda item: item.event_ns):
                for message in packs[item.sensor].add(item):
                    self._publish(message)
        # Ticks come a little early or late: a batch is due when the next look would be farther off.
        if self._flush_ns is not None and stop_ns - self._flushed_ns > self._flush_ns - self._step_ns / 2:
            self.flush()
            self._flushed_ns = stop_ns
            self.tally.empty += self.tally.batches == made
        self.tally.late += (self.tally.batches - made) * late

    def _skip(self, now_ns: int) -> None:
        """Leave out what fell due too long ago."""
        earliest_ns = now_ns - self._catch_up_ns
        if self.reached_ns < earliest_ns:
            skipped_s = (earliest_ns - self.reached_ns) / NS_PER_S
            self.tally.skipped_s += skipped_s
            log.warning("readings of %.0f s fell due too long ago and are left out (catch_up_s)", skipped_s)
            self.reached_ns = self._flushed_ns = earliest_ns
            for voice, _ in self._voices:
                if voice.agenda.reached_ns < earliest_ns:
                    voice.agenda.enter(earliest_ns)


def _groups(voices: Sequence[tuple[Voice, Pack]]) -> list[tuple[list[Voice], dict[str, Pack]]]:
    """Sensors whose messages are put in one order, and where each one's go.

    Those that share a pack are, and all where messages leave alone; batches of their own need no order among them.
    """
    together = any(pack.alone for _, pack in voices)
    groups: dict[int, tuple[list[Voice], dict[str, Pack]]] = {}
    for voice, pack in voices:
        members, packs = groups.setdefault(0 if together else id(pack), ([], {}))
        members.append(voice)
        packs[voice.player.name] = pack
    return list(groups.values())
