"""What a model kind is given to learn, and what it owes."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from agent.clock import NS_PER_S
from agent.models.combinations import mend
from agent.models.sampler import HOURS
from agent.reading import Column
from trainer.corrections import BY_HOUR, CORRECTIONS, OF_TIMES

Arrays = Mapping[str, NDArray[Any]]
Report = Callable[[int, int, str], None]
"""Told how many epochs of how many are over, and the losses in words."""


@dataclass(frozen=True)
class Task:
    """What is to be learnt.

    Attributes:
        table: One row a message, in the order of their events unless that is left out; NaN where it has no value.
        columns: Of the table.
        rng: Draws whatever is left to chance.
        hours: Local hour of the day of each row; None where the recording covers no day.
        together: Columns of which only recorded combinations are drawn, and their codes in these.
        times: Of each row's event, in seconds since the first; None where the recording does not say.
        epochs: Passes of a neural network over the table; None: SDV's default.
        seed: For the libraries' own generators.
        without: Names of corrections to leave out.
        report: Told of progress, while fitting takes long.
    """

    table: pd.DataFrame
    columns: list[Column]
    rng: np.random.Generator
    hours: NDArray[np.int64] | None = None
    together: Mapping[tuple[str, ...], NDArray[np.int32]] = field(default_factory=dict)
    times: NDArray[np.float64] | None = None
    epochs: int | None = None
    seed: int = 0
    without: frozenset[str] = frozenset()
    report: Report = field(default=lambda *_: None)

    @property
    def ordered(self) -> bool:
        """Whether the recording says when its events were."""
        return self.times is not None

    def seed_libraries(self) -> None:
        """SDV and its sisters draw from the global generators: each kind begins to fit with this."""
        random.seed(self.seed)
        np.random.seed(self.seed % 2**32)
        torch.manual_seed(self.seed)

    def corrections(self, kind: str) -> tuple[str, ...]:
        """Those that a model of this kind has, but for those that are left out."""
        idle = (() if self.ordered else OF_TIMES) + (() if self.hours is not None else (BY_HOUR,))
        return tuple(name for name in CORRECTIONS[kind] if name not in self.without and name not in idle)

    def rearranged(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> "Task":
        """The rows at these places, or those that are marked."""
        hours = None if self.hours is None else self.hours[places]
        times = None if self.times is None else self.times[places]
        return replace(self, table=self.table.iloc[places].reset_index(drop=True), hours=hours, times=times)

    def mend(self, rows: NDArray[np.float64], names: list[str]) -> None:
        """Make of what the agent would not draw, in place, what it makes of it; `names` are those of the columns."""
        for members, codes in self.together.items():
            known = codes.astype(np.float64)
            known_rows = {tuple(row) for row in known.tolist()}
            mend(rows, [names.index(name) for name in members], known, known_rows, np.random.default_rng(self.seed))

    def some_hours(self, count: int) -> NDArray[np.int64] | None:
        """Hours of the day as they occur in the recording, for `count` rows; None where it covers no day."""
        return None if self.hours is None else np.sort(self.rng.choice(self.hours, count))


class Fitted(Protocol):
    """A fitted model: SDV's own draw to hold the export against, and the export."""

    @property
    def hours(self) -> bool:
        """Whether the bundle's rows have to be drawn for an hour of the day."""
        ...

    @property
    def sampled_by_hour(self) -> bool:
        """Whether `sample` draws at hours as they occur, as the bundle then has to for a comparison."""
        ...

    @property
    def corrections(self) -> tuple[str, ...]:
        """What is done better than by SDV, by name; see `trainer.corrections`."""
        ...

    @property
    def losses(self) -> pd.DataFrame | None:
        """The losses of each epoch: a column `Epoch` and one a loss; None where there are no epochs."""
        ...

    def sample(self, count: int) -> pd.DataFrame:
        """`count` rows as SDV draws them; codes as strings for categories."""
        ...

    def export(self, corrected: bool) -> Arrays:
        """The arrays of a bundle of this kind; with every correction, or drawing just as SDV does."""
        ...


def hours_of(event_ns: list[int], offset_s: int) -> NDArray[np.int64]:
    """The local hour of the day of each instant."""
    seconds = np.array(event_ns, np.int64) // NS_PER_S + offset_s
    return seconds // 3600 % HOURS
