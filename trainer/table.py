"""From messages to the table of numbers and categories that a synthesizer learns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from agent.message.template import Template
from agent.reading import Column


def table_of(template: Template, messages: Sequence[Any]) -> pd.DataFrame:
    """The columns of `messages`, one row a message: numbers, codes for categories, NaN where there is nothing."""
    columns = template.parse(messages).columns
    return pd.DataFrame({column.name: columns[column.name] for column in template.columns})


def without_gaps(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The table with another message's values where a message has none.

    The template knows when a value is absent, so the model need not, and the distribution of what is
    there stays as recorded. Columns that are absent together are filled from the same message, so that
    what is correlated stays so.
    """
    gaps: dict[bytes, list[str]] = {}
    for name in table:
        absent = table[name].isna().to_numpy()
        if absent.any():
            gaps.setdefault(absent.tobytes(), []).append(str(name))
    filled = table.copy()
    for mask, names in gaps.items():
        absent = np.frombuffer(mask, np.bool_)
        donors = rng.choice(np.flatnonzero(~absent), int(absent.sum()))
        filled.loc[absent, names] = table[names].to_numpy()[donors]
    return filled


def typed(table: pd.DataFrame, columns: list[Column]) -> pd.DataFrame:
    """A table without gaps as SDV wants it: strings of codes for categories."""
    codes = {
        column.name: table[column.name].astype(np.int64).astype(str).astype(object) for column in columns if column.size
    }
    return table.assign(**codes)
