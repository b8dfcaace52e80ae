"""One sensor being played: rows drawn, numbered and written as messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np

from agent.message.leaves import Pen
from agent.models.bundle import Bundle
from agent.models.sampler import Sampler, Source
from agent.reading import Readings


@dataclass(frozen=True, slots=True)
class Played:
    """A reading as it goes out: its sensor, sequence number, event time and message (JSON text)."""

    sensor: str
    seq: int
    event_ns: int
    text: str


class Player:
    """Plays a bundle under a sensor's name.

    Args:
        name: The sensor.
        bundle: What it was learnt as.
        sampler: Of that bundle; may be shared, it keeps no state.
        rng: The sensor's own.
        zone: For naive local times in its messages; None: as recorded.
        seq: Sequence number of the last reading that went out.
        block: Rows to draw at once.
    """

    def __init__(
        self,
        name: str,
        bundle: Bundle,
        sampler: Sampler,
        rng: np.random.Generator,
        zone: tzinfo | None = None,
        seq: int = 0,
        block: int = 256,
    ) -> None:
        self.name, self.bundle, self.seq = name, bundle, seq
        self._rng, self._zone = rng, zone
        self._source = Source(sampler, [column.name for column in bundle.manifest.columns], rng, block)

    def play(self, event_ns: Sequence[int]) -> list[Played]:
        """The next readings, one at each of the event times (rising, ns since 1970 UTC), written together."""
        if not event_ns:
            return []
        first = self.seq + 1
        self.seq += len(event_ns)
        numbers = range(first, self.seq + 1)
        readings = Readings(self._source.take(len(event_ns)), event_ns, numbers)
        texts = self.bundle.manifest.template.render(readings, Pen(self._rng, self._zone, event_ns[-1]))
        return [Played(self.name, *reading) for reading in zip(numbers, event_ns, texts, strict=True)]
