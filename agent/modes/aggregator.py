"""Aggregator mode: every so often, the readings that fell due since the last batch."""

import heapq
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.clock import NS_PER_S, Clock
from agent.message.leaves import to_json
from agent.modes.calendar import Agenda, Stretch
from agent.modes.envelope import Envelope
from agent.outputs.output import Message
from agent.player import Played

log = logging.getLogger(__name__)

JUMP_NS = 60 * NS_PER_S  # the wall clock may be set right by this much without anything being skipped


@dataclass(frozen=True, slots=True)
class Voice:
    """A sensor in the batches: when it speaks, and where its own batches go."""

    agenda: Agenda
    envelope: Envelope


class AggregatorMode:
    """Publishes batches.

    Args:
        voices: The sensors.
        together: Where batches of all sensors go; None: each sensor's on its own topic.
        clock: What to date by.
        publish: Takes the messages.
    """

    def __init__(
        self, voices: Sequence[Voice], together: Envelope | None, clock: Clock, publish: Callable[[Message], None]
    ) -> None:
        self._voices, self._together, self._clock, self._publish = voices, together, clock, publish
        self._last_ns, self._last_s = clock.unix_ns(), clock.monotonic_s()

    def tick(self) -> None:
        """Publish what fell due since the last tick."""
        now_ns = self._now()
        due = [(voice, voice.agenda.due(now_ns)) for voice in self._voices]
        if self._together is None:
            for voice, stretches in due:
                self._publish_own(voice, stretches)
        else:
            self._publish_together(self._together, due)

    def _now(self) -> int:
        """The wall clock; where it jumped (set right, or the machine slept), what lay between is skipped."""
        now_ns, now_s = self._clock.unix_ns(), self._clock.monotonic_s()
        elapsed_ns = round((now_s - self._last_s) * NS_PER_S)
        jump_ns = now_ns - self._last_ns - elapsed_ns
        if abs(jump_ns) > max(elapsed_ns, JUMP_NS):
            log.warning("the wall clock jumped by %.0f s; readings of that time are skipped", jump_ns / NS_PER_S)
            for voice in self._voices:
                voice.agenda.enter(now_ns - elapsed_ns)
        self._last_ns, self._last_s = now_ns, now_s
        return now_ns

    def _publish_own(self, voice: Voice, stretches: list[Stretch]) -> None:
        if not stretches:
            return
        played = [voice.agenda.play(stretch, stretches[-1].event_ns[-1]) for stretch in stretches]
        texts = [text for part in played for text in part.texts]
        first = played[0].first_seq
        payload = f"[{','.join(texts)}]"
        self._publish(voice.envelope.message(payload, seq_first=first, seq_last=first + len(texts) - 1))

    def _publish_together(self, envelope: Envelope, due: list[tuple[Voice, list[Stretch]]]) -> None:
        last_ns = max((stretches[-1].event_ns[-1] for _, stretches in due if stretches), default=None)
        if last_ns is None:
            return
        lists = []
        for voice, stretches in due:
            name = to_json(voice.agenda.player.name)
            items: list[tuple[int, str]] = []
            for stretch in stretches:
                items += _items(name, stretch, voice.agenda.play(stretch, last_ns))
            lists.append(items)
        merged = heapq.merge(*lists, key=lambda item: item[0])
        self._publish(envelope.message(f"[{','.join(text for _, text in merged)}]"))


def _items(name: str, stretch: Stretch, played: Played) -> list[tuple[int, str]]:
    """Event times and the items that name their sensor."""
    return [
        (event_ns, f'{{"sensor":{name},"seq":{seq},"message":{text}}}')
        for seq, (event_ns, text) in enumerate(zip(stretch.event_ns, played.texts, strict=True), played.first_seq)
    ]
