"""What a network says in each hour of the day, matched to what was recorded in it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.models.network import Singles
from agent.models.neural import PART, NeuralSampler
from agent.models.sampler import HOURS
from agent.reading import Column
from trainer.models.fitted import Arrays, Task
from trainer.models.frequencies import parts_of, wanted_of
from trainer.models.layers import relative
from trainer.models.marginal import Marginal, shares_by_hour
from trainer.models.matching import HOURLY_TOLERANCE, table_to
from trainer.models.tables import Table

ROWS, MOST_DRAWN = 4_096, 400_000  # of each hour, and what is drawn for them at most
NEVER = -1e3  # a logit that no other is below
OBEYED = 0.05  # share of rows: with less, a condition is not worth asking
ROUNDS = 8  # of choosing classes and leaning

Floats = NDArray[np.float64]


class Hourly:
    """The leaning of each hour's logits, and each hour's tables of numbers.

    What the network says of an hour's rows is drawn once; what the logits choose, again in each round.

    Attributes:
        entries: The condition's entry for each hour, -1 where there is none or the network does not heed it.
    """

    def __init__(self, arrays: Arrays, columns: list[Column], table: pd.DataFrame, task: Task) -> None:
        """`columns` and `table`: what was learnt, the hour of the day last."""
        assert task.hours is not None
        self._columns, self._task, self._sizes = columns, task, arrays["kinds"].tolist()
        self._argmax = bool(arrays["argmax"][0])
        network, self._spans = parts_of(arrays, columns)
        self._codes, self.entries = arrays["hours"].tolist(), arrays["entry"].tolist()
        self._sampler = NeuralSampler(network, self._spans, arrays["condition"], self._codes, self.entries)
        self._rng = np.random.default_rng(task.seed)
        for hour in range(HOURS):
            if self._asked_for(hour).mean() < OBEYED:
                self.entries[hour] = -1
        recorded = {name: table[name].to_numpy(np.float64) for name in table}
        self._shares = {c.name: shares_by_hour(recorded[c.name], c.size, task.hours) for c in columns[:-1] if c.size}
        self._marginals = [Marginal.of(recorded[c.name], False, task.hours) for c in columns if not c.size]

    def matched(self) -> tuple[Singles, list[list[Table]]]:
        """What to lean by, shape (24, logits), and the tables of each hour."""
        found = [self._of(hour) for hour in range(HOURS)]
        return np.array([lean for lean, _ in found], "<f4"), [tables for _, tables in found]

    def _of(self, hour: int) -> tuple[Floats, list[Table]]:
        said, lean = self._said(hour), np.zeros(self._spans.outputs - len(self._spans.numbers))
        shares = {name: by_hour[hour] for name, by_hour in self._shares.items()}
        shares[self._columns[-1].name] = np.eye(self._sizes[-1])[self._codes[hour]]
        for _ in range(0 if self._argmax else ROUNDS):
            wanted = wanted_of(self._rows(said, lean), self._columns, self._sizes, shares)
            wanted[-self._sizes[-1] :] = 0  # the hour itself is what the others are drawn for
            lean += relative(np.clip(wanted, -2, 2), self._sizes)
        if not self._argmax:  # what the hour never had never comes in it
            lean += relative(np.where(self._never(shares), NEVER, 0.0), self._sizes)
        numbers = self._rows(said, lean)[:, self._spans.numbers].T
        quantiles = [marginal.by_hour[hour if marginal.hourly else 0] for marginal in self._marginals]
        pairs = zip(numbers, quantiles, strict=True)
        return lean, [table_to(number, quantile, HOURLY_TOLERANCE) for number, quantile in pairs]

    def _never(self, shares: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Which logits stand for a class that an hour never had; the hour's own column none, nor a number's."""
        found = [
            shares[column.name] == 0 if column.size and column is not self._columns[-1] else np.zeros(size, np.bool_)
            for column, size in zip(self._columns, self._sizes, strict=True)
        ]
        return np.concatenate(found)

    def _asked_for(self, hour: int) -> NDArray[np.bool_]:
        """Which rows are of the hour when the condition asks for it, shape (rows,)."""
        return self._is(hour, self._sampler.outputs(PART, self._rng, hour))

    def _is(self, hour: int, outputs: Singles) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self._spans.values(outputs, self._rng)[-1] == self._codes[hour]
        return found

    def _said(self, hour: int) -> Singles:
        """The outputs of rows of an hour, shape (outputs, rows)."""
        parts: list[Singles] = []
        drawn = found = 0
        while found < ROWS and drawn < MOST_DRAWN:
            outputs = self._sampler.outputs(PART, self._rng, hour)
            parts.append(outputs[:, self._is(hour, outputs)])
            drawn, found = drawn + PART, found + parts[-1].shape[1]
        return np.concatenate(parts, axis=1)

    def _rows(self, said: Singles, lean: Floats) -> Floats:
        """Rows of all columns, shape (rows, columns), as they are played but for the numbers' tables."""
        outputs = said.copy()
        outputs[len(self._spans.numbers) :] += lean.astype(np.float32)[:, None]
        rows = np.ascontiguousarray(self._spans.values(outputs, self._rng).T)
        self._task.mend(rows, [column.name for column in self._columns])
        return rows
