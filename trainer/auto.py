"""`--model auto`: fit what the recording can carry to most of it, and see which draws the rest best."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import JsonValue

from agent.errors import RecordingError
from trainer.evaluate import autocorrelation_likeness, indistinguishable, quality_score
from trainer.models.fitted import Fitted, Task
from trainer.models.registry import FITS, TRIED
from trainer.table import typed, without_gaps

AUTO = "auto"
HELD_OUT = 5  # one row in so many is kept back
Draw = Callable[[str, Fitted], pd.DataFrame]


@dataclass(frozen=True)
class Score:
    """How a kind drew what it had not seen; each figure 0 to 1, 1 the best.

    Attributes:
        kind: A key of `FITS`.
        quality: SDMetrics' quality score.
        detection: How hard it is to tell drawn rows from recorded ones.
        autocorrelation: How alike rows follow each other; None where the recording has no times.
    """

    kind: str
    quality: float
    detection: float
    autocorrelation: float | None

    @property
    def mean(self) -> float:
        figures = [self.quality, self.detection, self.autocorrelation]
        return float(np.mean([figure for figure in figures if figure is not None]))

    def figures(self) -> dict[str, JsonValue]:
        """For the manifest."""
        rounded = {k: v if v is None else round(v, 4) for k, v in vars(self).items() if k != "kind"}
        return {"kind": self.kind, **rounded, "mean": round(self.mean, 4)}


def choose(task: Task, draw: Draw, scored: Callable[[Score], None]) -> list[Score]:
    """Every candidate's score, the best first; one that cannot learn this recording is left out.

    Args:
        task: What is to be learnt.
        draw: Draws rows of a fitted model of a kind, as they will be played.
        scored: Told each score as it is known.

    Raises:
        RecordingError: None can.
    """
    whole = without_gaps(task.table, np.random.default_rng(task.seed))
    held = _held_out(whole, task)
    part = replace(task, table=whole).rearranged(~held)
    rest = typed(whole[held].reset_index(drop=True), task.columns)
    scores, problem = [], None
    for kind in FITS:
        if len(whole) < TRIED.get(kind, 0) or (kind == "par" and not task.ordered):
            continue
        try:
            rows = draw(kind, FITS[kind](replace(part, rng=np.random.default_rng(task.seed))))
        except RecordingError as error:
            problem = error
            continue
        follows = autocorrelation_likeness(whole, rows, task.columns) if task.ordered else None
        hard = indistinguishable(rest, rows, task.columns, np.random.default_rng(task.seed))
        scores.append(Score(kind, quality_score(rest, rows, task.columns), hard, follows))
        scored(scores[-1])
    if not scores and problem:
        raise problem
    return sorted(scores, key=lambda score: -score.mean)


def _held_out(table: pd.DataFrame, task: Task) -> NDArray[np.bool_]:
    """Which rows are kept back: one in so many, but for those of a class that no other row has."""
    held: NDArray[np.bool_] = np.arange(len(table)) % HELD_OUT == HELD_OUT - 1
    for column in task.columns:
        if column.size:
            held = held & table[column.name].isin(table[column.name][~held]).to_numpy()
    return held
