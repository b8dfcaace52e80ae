"""One sensor being played: its rows, its sequence numbers, its messages."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np

from agent.message.leaves import Pen
from agent.models.bundle import Bundle
from agent.models.sampler import BLOCK, Sampler, Source
from agent.reading import Readings


@dataclass(frozen=True, slots=True)
class Played:
    """Consecutive messages of one sensor, with the `seq` of the first."""

    first_seq: int
    texts: list[str]


class Player:
    """Plays a bundle.

    Args:
        name: The sensor's.
        bundle: What to play.
        sampler: The bundle's sampler; may be shared.
        entropy: Seeds this sensor's randomness: two players with the same never differ.
        zone: Timezone of naive local times; None: at the recording's offset.
        block: Rows to draw at a time.
        seq: The last sequence number that was given.
    """

    def __init__(
        self,
        name: str,
        bundle: Bundle,
        sampler: Sampler,
        entropy: Sequence[int],
        *,
        zone: tzinfo | None = None,
        block: int = BLOCK,
        seq: int = 0,
    ) -> None:
        self.name, self.bundle, self.zone, self.seq = name, bundle, zone, seq
        self._sampler, self._block = sampler, block
        self._entropy = [*entropy, zlib.crc32(name.encode())]
        self._columns = [column.name for column in bundle.manifest.columns]
        self.restart()

    def restart(self, *entropy: int, skip: int = 0) -> None:
        """Begin another stream of rows, `skip` rows after its start."""
        rows, fresh = np.random.default_rng([*self._entropy, *entropy]).spawn(2)
        self._source = Source(self._sampler, self._columns, rows, self._block)
        # What is made afresh (identifiers) must not come again when a stream is resumed in its middle.
        self._fresh = fresh if skip == 0 else np.random.default_rng([*self._entropy, *entropy, skip])
        for start in range(0, skip, BLOCK):
            self._source.take(min(BLOCK, skip - start))

    def rng(self, *entropy: int) -> np.random.Generator:
        """Randomness for `entropy` alone, whatever was drawn before."""
        return np.random.default_rng([*self._entropy, *entropy])

    def play(self, event_ns: Sequence[int], last_ns: int | None = None) -> Played:
        """The messages of readings at these instants (nanoseconds since 1970), which rise.

        Args:
            event_ns: At least one.
            last_ns: The last event that leaves together with these; None: the last of these.
        """
        count, first = len(event_ns), self.seq + 1
        rows = self._source.next() if count == 1 else self._source.take(count)
        readings = Readings(rows, event_ns, range(first, first + count))
        pen = Pen(self._fresh, self.zone, event_ns[-1] if last_ns is None else last_ns)
        texts = self.bundle.manifest.template.render(readings, pen)
        self.seq += count
        return Played(first, texts)
