"""Aggregator mode: every so often, the readings that fell due since the last batch."""

import heapq
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.arrival.agenda import Stretch
from agent.arrival.calendar import HOUR_NS
from agent.clock import NS_PER_S, Clock, Jumps
from agent.modes.pack import Pack, Sent, Tally
from agent.modes.voice import Item, Voice
from agent.outputs.output import Message

log = logging.getLogger(__name__)

BACK_NS = HOUR_NS  # a clock that was set back by no more is waited for
BACK_TOLD_NS = 2 * NS_PER_S  # and nobody is told of less


@dataclass(frozen=True)
class Batching:
    """How batches follow each other.

    Attributes:
        look_s: Seconds between looks at what fell due.
        flush_s: Seconds after which a batch leaves, full or not; None: only when it is full.
        catch_up_s: What fell due longer ago is left out.
        readings: Expected in a step: what is made between two looks at whether there is room.
    """

    look_s: float
    flush_s: float | None
    catch_up_s: float = math.inf
    readings: int = 5000


class AggregatorMode:
    """Publishes batches.

    Args:
        voices: The sensors, and where each one's messages are packed; sensors may share a pack.
        batching: When batches leave.
        clock: What to date by.
        publish: Takes the messages.
        room: Whether more can be published now; what cannot is made later.
        tally: Counts what happens.
        sent: Told how far each sensor got when a batch has left; see `Sent`.
        reached_ns: Readings up to here are over.
        show: Has a picture made of a message.

    Attributes:
        reached_ns: Readings up to here were made.
        behind: Whether there was no room, or no time, for all that fell due.
    """

    def __init__(
        self,
        voices: Sequence[tuple[Voice, Pack]],
        batching: Batching,
        *,
        clock: Clock,
        publish: Callable[[Message], None],
        room: Callable[[], bool],
        tally: Tally,
        sent: Sent,
        reached_ns: int,
        show: Callable[[Item], None] | None = None,
    ) -> None:
        self._show = show
        self._voices, self._clock, self._publish, self._room = list(voices), clock, publish, room
        self.tally, self._sent = tally, sent
        self._packs = list(dict.fromkeys(pack for _, pack in voices))
        self._groups = _groups(voices)
        self._silenced: set[Voice] = set()
        self._jumps, self.behind = Jumps(clock), False
        self.reached_ns = self._flushed_ns = reached_ns
        self._look_ns = round(batching.look_s * NS_PER_S)
        self._flush_ns = None if batching.flush_s is None else round(batching.flush_s * NS_PER_S)
        busiest = sum(voice.agenda.most_an_hour for voice, _ in voices)
        step_s = max(0.001, min(3600.0, 3600 * batching.readings / max(busiest, 1e-6)))
        self._step_ns = round(step_s * 1000) * 1_000_000
        self._catch_up_s = batching.catch_up_s + max(batching.look_s, batching.flush_s or 0.0)

    def begin(self, reached_ns: int) -> None:
        """Readings up to here are over."""
        self.reached_ns = self._flushed_ns = reached_ns

    def tick(self, end_s: float = math.inf) -> None:
        """Publish what fell due since the last tick, until the monotonic clock says `end_s`."""
        now_ns, jump_ns = self._jumps.look()
        if now_ns < self.reached_ns - BACK_NS or jump_ns > self._catch_up_s * NS_PER_S:
            log.warning("the wall clock was set to %s; readings go on from there", _when(now_ns))
            self.reached_ns = self._flushed_ns = now_ns
            for voice, _ in self._voices:
                voice.agenda.enter(now_ns)
        elif jump_ns < -BACK_TOLD_NS and now_ns < self.reached_ns:
            log.warning(
                "the wall clock was set back to %s; readings wait for %s", _when(now_ns), _when(self.reached_ns)
            )
        self._skip(now_ns)
        self.behind = not self.advance(now_ns, end_s)

    def advance(self, until_ns: int, end_s: float = math.inf) -> bool:
        """Publish what falls due until then, as far as there is room and time; whether that was all."""
        while self.reached_ns < until_ns:
            if not self._room() or self._clock.monotonic_s() > end_s:
                return False
            leaves_ns = until_ns if self._flush_ns is None else min(self._flushed_ns + self._flush_ns, until_ns)
            stop_ns = min(self.reached_ns + self._step_ns, max(leaves_ns, self.reached_ns + 1))
            made = self.tally.batches
            self._play(stop_ns, leaves_ns)
            self.reached_ns = stop_ns
            self._flush_if_due(made)
            self._note()
            self.tally.late += (self.tally.batches - made) * (stop_ns < until_ns - self._look_ns)
        return True

    def flush(self) -> None:
        """Let what was collected leave now."""
        for pack in self._packs:
            for message in pack.flush():
                self._publish(message)
        self._flushed_ns = self.reached_ns
        self._note()

    def _note(self) -> None:
        """Where nothing is collected, all sensors are as far as this once what was sent before has arrived."""
        if all(pack.empty for pack in self._packs):
            self._sent({v.player.name: (v.player.seq, v.agenda.reached_ns) for v, _ in self._voices})()

    def _play(self, stop_ns: int, leaves_ns: int) -> None:
        for voices, packs in self._groups:
            due = [self._due(voice, stop_ns) for voice in voices]
            alone = any(pack.alone for pack in packs.values())
            items = [voice.items(own, None if alone else leaves_ns) for voice, own in zip(voices, due, strict=True)]
            for item in heapq.merge(*items, key=lambda item: item.event_ns):
                for message in packs[item.sensor].add(item):
                    self._publish(message)
                if self._show is not None:
                    self._show(item)

    def _due(self, voice: Voice, stop_ns: int) -> list[Stretch]:
        """What fell due of a sensor; one that fails is silent from then on, and the others go on."""
        try:
            return [] if voice in self._silenced else voice.due(stop_ns)
        except Exception:
            log.exception("sensor %r failed and is silent; the others go on", voice.player.name)
            self._silenced.add(voice)
            self.tally.silenced += 1
            return []

    def _flush_if_due(self, made: int) -> None:
        """Ticks come a little early or late: a batch is due when the next look would be farther off."""
        if self._flush_ns is not None and self.reached_ns - self._flushed_ns > self._flush_ns - self._look_ns / 2:
            self.flush()
            self.tally.empty += self.tally.batches == made

    def _skip(self, now_ns: int) -> None:
        """Leave out what fell due too long ago."""
        if now_ns - self.reached_ns <= self._catch_up_s * NS_PER_S:
            return
        earliest_ns = now_ns - round(self._catch_up_s * NS_PER_S)
        skipped_s = (earliest_ns - self.reached_ns) / NS_PER_S
        self.tally.skipped_s += skipped_s
        log.warning("readings of %.1f s fell due too long ago and are left out (catch_up_s)", skipped_s)
        self.reached_ns = self._flushed_ns = earliest_ns
        for voice, _ in self._voices:
            if voice.agenda.reached_ns < earliest_ns:
                voice.agenda.enter(earliest_ns)


def _when(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // NS_PER_S, UTC).isoformat()


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
