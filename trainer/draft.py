"""The bundle of a fitted model: what was learnt of messages and times beside the model's arrays."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.clock import NS_PER_S
from agent.message.leaves import EventTime
from agent.message.template import Template
from agent.models import bundle as bundles
from agent.models.bundle import Bundle
from agent.models.manifest import FORMAT, Arrival, Manifest, Period, Provenance
from agent.models.registry import sampler_of
from agent.models.sampler import HOURS, Given
from trainer.arrival.timing import Timing, timing
from trainer.models.fitted import Fitted, Task, hours_of
from trainer.recording import Recording
from trainer.table import typed

VERSIONS = ("understudy", "sdv", "numpy", "pandas")


@dataclass(frozen=True)
class Draft:
    """All of a bundle but its model.

    Attributes:
        recording: What was learnt from.
        template: How its messages are written.
        event_ns: When its events were, rising; zeros where it has no times.
        sensor: The sensor's name.
        seed: What fitting was seeded with.
        combinations: Codes that occur together, by their columns, the most frequent first.
    """

    recording: Recording
    template: Template
    event_ns: list[int]
    sensor: str
    seed: int
    combinations: dict[tuple[str, ...], NDArray[np.int32]] = field(default_factory=dict)

    def bundle(self, kind: str, fitted: Fitted, corrected: bool = True) -> Bundle:
        """The bundle of a model, as it is read back from its bytes; figures are not in it yet.

        Args:
            kind: A key of `FITS`.
            fitted: The model.
            corrected: Else it draws just as SDV does.
        """
        timing_ = self._timing
        together = self.combinations if corrected else {}
        first, last = (_iso(self.event_ns[place]) for place in (0, -1))
        manifest = Manifest(
            format=FORMAT,
            sensor=self.sensor,
            kind=kind,
            template=self.template,
            columns=self.template.columns,
            hours=HOURS if fitted.hours else 0,
            combinations=[list(names) for names in together],
            arrival=timing_.arrival if timing_ else Arrival(),
            period=timing_.period if timing_ else Period(),
            provenance=Provenance(
                recording=self.recording.name,
                sha256=self.recording.sha256,
                rows=len(self.recording.messages),
                span=(first, last) if timing_ else None,
                seed=self.seed,
                versions={package: version(package) for package in VERSIONS},
            ),
            quality={},
            parity={},
        )
        known = {f"combinations/{number}": codes for number, codes in enumerate(together.values())}
        return bundles.from_bytes(
            Bundle(manifest, {**fitted.export(corrected), **(timing_.arrays if timing_ else {}), **known}).to_bytes()
        )

    @property
    def hours(self) -> NDArray[np.int64] | None:
        """The local hour of each event, where the recording covers a day."""
        covers_a_day = self._timing is not None and "day" in self._timing.period.covered
        return hours_of(self.event_ns, self._offset_s) if covers_a_day else None

    @cached_property
    def _timing(self) -> Timing | None:
        return timing(self.event_ns, self._offset_s) if self.template.has_event_time else None

    @property
    def _offset_s(self) -> int:
        return next((node.format.offset_s for _, node in self.template.walk() if isinstance(node, EventTime)), 0)


def combinations(table: pd.DataFrame, groups: list[tuple[str, ...]]) -> dict[tuple[str, ...], NDArray[np.int32]]:
    """The recorded codes of each group of columns, shape (combinations, columns), the most frequent first."""
    found = {}
    for names in groups:
        complete = table[list(names)].fillna(0).to_numpy(np.int32)  # a code that is not written does not matter
        codes, counts = np.unique(complete, axis=0, return_counts=True)
        found[names] = codes[np.argsort(-counts, kind="stable")]
    return found


def drawn(bundle: Bundle, task: Task, count: int, by_hour: bool = True) -> pd.DataFrame:
    """Rows of a bundle, where they differ by the hour at hours as they occur in the recording."""
    sampler, names = sampler_of(bundle), [column.name for column in task.columns]
    if not bundle.manifest.hours or not by_hour:
        return typed(pd.DataFrame(sampler.draw(count, task.rng), columns=names), task.columns)
    hours = np.unique(np.asarray(task.some_hours(count)), return_counts=True)
    parts = [sampler.draw(int(n), task.rng, Given(int(hour))) for hour, n in zip(*hours, strict=True)]
    return typed(pd.DataFrame(np.concatenate(parts), columns=names), task.columns)


def _iso(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / NS_PER_S, UTC).isoformat(timespec="milliseconds")
