"""One sensor being played: its rows, its sequence numbers, its messages."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import groupby
from typing import Any

import numpy as np

from agent.clock import NS_PER_S
from agent.errors import ConditionError
from agent.message.conditions import conditions
from agent.message.leaves import EventTime, Pen
from agent.model import Model
from agent.models.bundle import Bundle
from agent.models.sampler import ANYTHING, BLOCK, GIVEN_BLOCK, HOURS, Given, Source, drawn
from agent.reading import Readings, Rows, joined


@dataclass(frozen=True, slots=True)
class Played:
    """Consecutive messages of one sensor, with the `seq` of the first."""

    first_seq: int
    texts: list[str]


class Player:
    """Plays a bundle.

    Args:
        name: The sensor's.
        model: What to play; may be shared.
        entropy: Seeds this sensor's randomness: two players with the same never differ.
        zone: Timezone of naive local times; None: at the recording's offset.
        block: Rows to draw at a time.
        seq: The last sequence number that was given.
        given: What every row has to be like.
        hours: For each hour of the day or week, the one whose rows are played (None: itself); see `hours_for`.

    Attributes:
        local: Where the sensor's midnight is: its timezone, else the offset that its times are written in.
    """

    def __init__(
        self,
        name: str,
        model: Model,
        entropy: Sequence[int],
        *,
        zone: tzinfo | None = None,
        block: int = BLOCK,
        seq: int = 0,
        given: Given = ANYTHING,
        hours: Sequence[int] | None = None,
    ) -> None:
        self.name, self.bundle, self.zone, self.seq = name, model.bundle, zone, seq
        self._sampler, self._block, self._given = model.sampler, block, given
        self._entropy = [*entropy, zlib.crc32(name.encode())]
        self._key = int(np.random.SeedSequence(self._entropy).generate_state(1, np.uint64)[0])
        self._columns = [column.name for column in self.bundle.manifest.columns]
        self._hours = hours or range(self.bundle.manifest.hours)
        self.local = local_zone(self.bundle, zone)
        self._series = model.series.begin(self._key, self.local)
        self.restart()

    def restart(self, *entropy: int, block: int | None = None, skip: int = 0, hour_of_ns: int | None = None) -> None:
        """Begin another stream of rows.

        Args:
            entropy: Seeds the stream, beside the player's own.
            block: Rows to draw at a time.
            skip: So many rows are over.
            hour_of_ns: All its rows are of the hour of this instant; None: each of that of its event.
        """
        (rows,) = np.random.default_rng([*self._entropy, *entropy]).spawn(1)
        self._source = Source(self._sampler, self._columns, rows, block or self._block, self._given)
        self._skip, self._of_one_hour = skip, hour_of_ns is not None
        if hour_of_ns is not None and self.bundle.manifest.hours:
            self._source.enter(self._hour(hour_of_ns))

    def rng(self, *entropy: int) -> np.random.Generator:
        """Randomness for `entropy` alone, whatever was drawn before."""
        return np.random.default_rng([*self._entropy, *entropy])

    def play(self, event_ns: Sequence[int], last_ns: int | None = None) -> Played:
        """The messages of readings at these instants (nanoseconds since 1970), which rise.

        Args:
            event_ns: At least one.
            last_ns: The last event that leaves together with these; None: each leaves by itself.
        """
        count, first = len(event_ns), self.seq + 1
        drawn = Readings(self._rows(event_ns), event_ns, range(first, first + count))
        readings = self._series.complete(drawn)
        pen = Pen(self._key, self.zone, last_ns)
        texts = self.bundle.manifest.template.render(readings, pen)
        self.seq += count
        return Played(first, texts)

    def _rows(self, event_ns: Sequence[int]) -> Rows:
        """A row for each instant; where rows differ by the hour of the day, one of its hour."""
        if self._of_one_hour or not self.bundle.manifest.hours:
            return self._take(len(event_ns))
        parts = []
        for hour, instants in groupby(event_ns, self._hour):
            self._source.enter(hour)
            parts.append(self._take(sum(1 for _ in instants)))
        return parts[0] if len(parts) == 1 else joined(parts)

    def _take(self, count: int) -> Rows:
        if self._skip:
            self._source.take(self._skip)
            self._skip = 0
        return self._source.next() if count == 1 else self._source.take(count)

    def _hour(self, event_ns: int) -> int:
        local = datetime.fromtimestamp(event_ns // NS_PER_S, self.local)
        weekday = local.weekday() if self.bundle.manifest.hours > HOURS else 0
        return self._hours[weekday * HOURS + local.hour]


def local_zone(bundle: Bundle, zone: tzinfo | None) -> tzinfo:
    """Where a sensor's midnight is: in `zone`, else at the offset from UTC of the recording's own times."""
    if zone is not None:
        return zone
    for _, node in bundle.manifest.template.walk():
        if isinstance(node, EventTime) and node.format.local:
            return timezone(timedelta(seconds=node.format.offset_s))
    return UTC


def given_of(bundle: Bundle, asked: Mapping[str, Any]) -> Given:
    """What rows of a bundle have to be like for messages as asked; see `conditions`.

    Raises:
        ConditionError: They never are, or follow in time from those before them.
    """
    if not asked:
        return ANYTHING
    places = {column.name: place for place, column in enumerate(bundle.manifest.columns)}
    allowed = conditions(bundle.manifest.template, asked)
    for process in bundle.manifest.processes:
        if process.column in allowed:
            raise ConditionError(f"{process.column}: follows from other values and cannot be given")
    asks = {name: conditions(bundle.manifest.template, {name: value}) for name, value in asked.items()}
    told = [
        ", ".join(f"{name} = {asked[name]}" for name, columns in asks.items() if column in columns)
        for column in allowed
    ]
    values = tuple((places[column], tuple(sorted(values))) for column, values in allowed.items())
    return Given(None, values, tuple(told))


def hours_for(model: Model, given: Given) -> list[int]:
    """For each hour of the day or week itself, or the nearest hour whose rows may be as given.

    Raises:
        ConditionError: Rows are at no hour as given, or next to never.
    """
    hours = model.bundle.manifest.hours
    if not hours or not given.values:
        return list(range(hours))
    possible, problem = [], None
    for hour in range(hours):
        try:
            drawn(model.sampler, 2 * GIVEN_BLOCK, np.random.default_rng(0), replace(given, hour=hour))
            possible.append(hour)
        except ConditionError as error:
            problem = error
    if not possible:
        raise problem or ConditionError("no hour has such rows")
    return [
        min(possible, key=lambda other: min((other - hour) % hours, (hour - other) % hours)) for hour in range(hours)
    ]
