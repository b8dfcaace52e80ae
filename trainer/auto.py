"""`--model auto`: fit what the recording can carry to most of it, and see which draws the rest best."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pydantic import JsonValue

from trainer.evaluate import autocorrelation_likeness, indistinguishable, quality_score
from trainer.models.fitted import Fitted, Task
from trainer.models.registry import FITS, NEURAL
from trainer.table import typed, without_gaps

AUTO = "auto"
HELD_OUT = 5  # one row in so many is kept back
CARRIES = dict.fromkeys(NEURAL, 500) | {"par": 200}  # rows that a kind needs

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
    """Every candidate's score, the best first.

    Args:
        task: What is to be learnt.
        draw: Draws rows of a fitted model of a kind, as they will be played.
        scored: Told each score as it is known.
    """
    held = np.arange(len(task.table)) % HELD_OUT == HELD_OUT - 1
    hours = None if task.hours is None else task.hours[~held]
    part = replace(task, table=task.table[~held].reset_index(drop=True), hours=hours)
    recorded = typed(without_gaps(task.table[held].reset_index(drop=True), task.rng), task.columns)
    whole = typed(without_gaps(task.table, task.rng), task.columns)
    scores = []
    for kind in FITS:
        if len(task.table) < CARRIES.get(kind, 0) or (kind == "par" and not task.ordered):
            continue
        rows = draw(kind, FITS[kind](part))
        follows = autocorrelation_likeness(whole, rows, task.columns) if task.ordered else None
        score = Score(
            kind,
            quality_score(recorded, rows, task.columns),
            indistinguishable(recorded, rows, task.columns, task.rng),
            follows,
        )
        scored(score)
        scores.append(score)
    return sorted(scores, key=lambda score: -score.mean)
