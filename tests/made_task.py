"""A small recording's table, made without a recording: three numbers, two categories, and what becomes of a fit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from agent.message.template import Template
from agent.models import bundle as bundles
from agent.models.bundle import Bundle
from agent.models.manifest import Manifest
from tests.made import manifest_of
from trainer.models.fitted import Fitted, Task

MESSAGE: dict[str, Any] = {
    "node": "object",
    "members": {
        "level": {"node": "number", "column": "level", "format": {}},
        "mode": {"node": "category", "column": "mode", "labels": ["off", "on", "idle"]},
        "power": {"node": "number", "column": "power", "format": {"denominator": 100}},
        "state": {"node": "category", "column": "state", "labels": ["a", "b", "c", "d", "e", "f"]},
        "wind": {"node": "number", "column": "wind", "format": {}},
    },
}
COLUMNS = Template.model_validate({"message": MESSAGE}).columns
NAMES = [column.name for column in COLUMNS]
HOURS = [2, 8, 14, 20]
SMALL = {"generator_dim": (64, 48), "embedding_dim": 32}  # layers that are quick to learn


def made_task(rows: int = 300, *, hours: bool = False, seed: int = 0, **changes: Any) -> Task:
    """A task of `rows`: the level differs by mode and, with `hours`, by the hour; the power by the level."""
    rng = np.random.default_rng(seed)
    clock = rng.choice(HOURS, rows)
    mode = rng.choice(3, rows, p=[0.75, 0.2, 0.05])
    state = rng.choice(6, rows, p=[0.5, 0.3, 0.1, 0.06, 0.03, 0.01])
    state[:6] = [3, 0, 5, 1, 4, 2]  # SDV has its logits in the order in which codes come
    level = rng.normal(20, 1, rows) + 5 * mode + (clock * 2.0 if hours else 0)
    power = np.rint(rng.normal(150, 25, rows) * level)
    wind = rng.gamma(2, 3, rows)
    wind[rng.random(rows) < 0.1] = np.nan
    table = pd.DataFrame({"level": level, "mode": mode, "power": power, "state": state, "wind": wind}, dtype=float)
    task = Task(table, COLUMNS, np.random.default_rng(seed), hours=clock if hours else None, epochs=30, seed=seed)
    return replace(task, **changes)


def bundle_of(kind: str, fitted: Fitted, corrected: bool = True, **arrays: np.ndarray) -> Bundle:
    """The bundle of a fit as it is read back; `arrays` take the place of exported ones."""
    manifest = Manifest.model_validate(manifest_of(MESSAGE) | {"kind": kind, "hours": 24 if fitted.hours else 0})
    return bundles.from_bytes(Bundle(manifest, {**fitted.export(corrected), **arrays}).to_bytes())


def frame(rows: np.ndarray) -> pd.DataFrame:
    """Drawn rows as SDV's: strings of codes for categories."""
    table = pd.DataFrame(rows, columns=NAMES)
    return table.assign(**{c.name: table[c.name].astype(int).astype(str) for c in COLUMNS if c.size})
