"""From messages to the complete table of numbers and categories that a synthesizer learns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from agent.message.template import Template
from agent.reading import Column
from numpy.typing import NDArray


def table_of(template: Template, messages: Sequence[Any], rng: np.random.Generator) -> pd.DataFrame:
    """The columns of `messages`, one row a message, without gaps; codes for categories.

    Where a message has no value, another message's stands in: the template knows when a value is absent,
    so the model need not, and the distribution of what is there stays as recorded. Columns that are
    absent together are filled from the same message, so that what is correlated stays so.
    """
    columns = template.parse(messages).columns
    gaps: dict[bytes, list[str]] = {}
    for column in template.columns:
        absent = np.isnan(columns[column.name])
        if absent.any():
            gaps.setdefault(absent.tobytes(), []).append(column.name)
    for names in gaps.values():
        absent = np.isnan(columns[names[0]])
        donors = rng.choice(np.flatnonzero(~absent), int(absent.sum()))
        for name in names:
            columns[name][absent] = columns[name][donors]
    return frame(np.column_stack([columns[c.name] for c in template.columns]), template.columns)


def frame(rows: NDArray[np.float64], columns: list[Column]) -> pd.DataFrame:
    """Rows as a table: integers where the columns are whole, strings of codes for categories."""
    return pd.DataFrame(
        {
            column.name: rows[:, i].astype(np.int64).astype(str).astype(object)
            if column.size
            else rows[:, i].astype(np.int64)
            if column.integer
            else rows[:, i]
            for i, column in enumerate(columns)
        }
    )
