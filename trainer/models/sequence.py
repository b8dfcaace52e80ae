"""PAR: segments of consecutive rows, learnt by SDV, exported as one recurrent network."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.models.sampler import HOURS
from trainer.corrections import ECHOES, FREQUENCIES, INDEX, MARGINALS, PRESENCE, SEGMENTS, TOKENS
from trainer.inside import par as inside
from trainer.models.fitted import Arrays, Task
from trainer.models.matching import NEVER, match_classes, matched_tables
from trainer.models.tables import Table, as_arrays
from trainer.table import typed, without_gaps

PARTS, SHORTEST, LONGEST = 50, 10, 480  # a segment is a fiftieth of the recording, of 10 to 480 rows

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sequences:
    """PAR as fitted to the segments of a recording.

    Attributes:
        task: What was learnt.
        synthesizer: SDV's.
        length: Rows of a segment that is drawn.
    """

    task: Task
    synthesizer: Any
    length: int

    @property
    def hours(self) -> bool:
        return self.task.hours is not None

    @property
    def sampled_by_hour(self) -> bool:
        return True

    @property
    def corrections(self) -> tuple[str, ...]:
        return self.task.corrections("par")

    @property
    def losses(self) -> pd.DataFrame:
        """The loss of each epoch."""
        return inside.losses(self.synthesizer)

    def sample(self, count: int) -> pd.DataFrame:
        """`count` rows as SDV draws them, one segment after another, at hours as they occur in the recording."""
        some_hours = self.task.some_hours(count)
        if some_hours is None:
            parts = list(self._drawn(count, None))
        else:
            wanted = zip(*np.unique(some_hours, return_counts=True), strict=True)
            parts = [part for hour, rows in wanted for part in self._drawn(int(rows), self._nearest(int(hour)))]
        rows = pd.concat(parts, ignore_index=True)[[column.name for column in self.task.columns]]
        whole = {c.name: np.rint(rows[c.name]) for c in self.task.columns if c.integer and not c.size}
        return typed(rows.assign(**whole), self.task.columns)

    def export(self, corrected: bool) -> Arrays:
        """The bundle's arrays; see `agent.models.sequence` for what they mean."""
        made = self.corrections if corrected else ()
        arrays = self._network(made)
        if FREQUENCIES in made:
            match_classes(arrays, self.length, self.task)
        tables = matched_tables(arrays, self.length, self.task) if MARGINALS in made else self._as_sdv()
        plan, count = np.zeros((len(arrays["start"]), len(tables)), "<i4"), 0
        for place, of_one in enumerate(tables):
            plan[:, place] = count + np.resize(np.arange(len(of_one)), len(plan))
            count += len(of_one)
        return {
            **arrays,
            "length": np.array([self.length], "<i4"),
            "plan": plan,
            **as_arrays([table for of_one in tables for table in of_one]),
        }

    def _as_sdv(self) -> list[list[Table]]:
        """The straight line from what the network says to each number, level beyond the recorded range."""
        tables: list[list[Table]] = []
        for number in self._numbers:
            if number.scale > 0:
                values = np.array([number.low, number.center, number.high])  # the mean, often drawn, exactly
                tables.append([(False, (values - number.center) / number.scale, values)])
            else:
                tables.append([(True, np.zeros(1), np.array([number.center]))])
        return tables

    @property
    def _numbers(self) -> list[inside.Number]:
        return [inside.number(self.synthesizer, column) for column in self.task.columns if not column.size]

    def _network(self, made: tuple[str, ...]) -> dict[str, NDArray[Any]]:
        """The network's arrays. The layer below the gates is linear, so it is multiplied into their weights."""
        net, tokens, numbers = inside.network(self.synthesizer), inside.tokens(self.synthesizer), self._numbers
        width, entries = len(net.up[0].T), len(net.up[1])
        always, never = entries, entries + 1  # places beside the network's: of a logit 0, and of one that never wins
        codes = [inside.codes(self.synthesizer, column) for column in self.task.columns if column.size]
        choices = [[never if place is None else place for place in places] for places in codes]
        places = [(number.mean, number.deviation, number.missing) for number in numbers]
        places += [step] if (step := inside.step(self.synthesizer)) else []
        means, deviations, missing = [list(of_all) for of_all in zip(*places, strict=True)] if places else ([], [], [])
        absent = [-1] * len(places)
        if PRESENCE not in made:
            absent = [len(choices) + place for place in range(len(places))]
            choices += [[always, place] for place in missing]
        if TOKENS not in made:
            choices.append([tokens.start, tokens.end, tokens.body])
        if ECHOES not in made:
            echoes = [inside.unused(self.synthesizer, column) for column in self.task.columns if column.size]
            absent, means, deviations = absent + [-1] * len(echoes), means + echoes, deviations + [never] * len(echoes)
        chosen = [place for places in choices for place in places]
        entering, beside = (net.gates_input[0] @ net.down[0]).T, np.zeros((width + 1, 2))
        beside[-1, 1] = NEVER
        base = self._base(net, entering[entries:])
        leaving = np.concatenate([np.concatenate([net.up[0].T, net.up[1][None]]), beside], axis=1)
        weights = {
            "start": base + entering[tokens.start],
            "body": base + (entering[tokens.body] if TOKENS in made else 0.0),
            "input": np.concatenate([entering[:entries], np.zeros((2, 3 * width))])[means + chosen],
            "recurrent": net.gates_state[0].T,
            "reset": net.gates_state[1][2 * width :],
            "output": leaving[:, means + deviations + chosen],
            "lean": np.zeros((len(base), len(chosen))),
        }
        arrays = {name: np.ascontiguousarray(weight, "<f4") for name, weight in weights.items()}
        sizes = [len(places) for places in choices]
        return {**arrays, "absent": np.array(absent, "<i4"), "choices": np.array(sizes, "<i4")}

    def _base(self, net: inside.Network, contexts: Floats) -> Floats:
        """What the gates get for every row, shape (1 or 24, gates): the biases, and what the hour adds."""
        bias = net.gates_input[0] @ net.down[1] + net.gates_input[1] + net.gates_state[1]
        new = slice(2 * len(bias) // 3, None)
        bias[new] -= net.gates_state[1][new]  # the reset gate scales this one
        if not self.hours:
            return bias[None]
        places = inside.hours(self.synthesizer)
        return bias + contexts[[places[self._nearest(hour)] for hour in range(HOURS)]]

    def _nearest(self, hour: int) -> int:
        """The hour of the day, of those in which a segment begins, that is nearest to `hour`."""
        begun = inside.hours(self.synthesizer)
        return min(sorted(begun), key=lambda other: min((hour - other) % HOURS, (other - hour) % HOURS))

    def _drawn(self, count: int, hour: int | None) -> Iterator[pd.DataFrame]:
        """SDV's segments of an hour, the last one as short as it must be."""
        whole, rest = divmod(count, self.length)
        if whole:
            yield inside.sample(self.synthesizer, whole, self.length, hour)
        if rest:
            yield inside.sample(self.synthesizer, 1, rest, hour)


def fit(task: Task) -> Sequences:
    """Fit SDV's PAR to segments of one length; the hour of a segment's first row is its context.

    Of segments of unequal length SDV would learn its own padding. The odd rows, at the beginning, are left out.
    Without equal segments the recording is learnt as one sequence, whose one hour would say nothing of its rows.
    With a sequence index the steps in time are drawn, too, and written nowhere: the arrival says when messages come.
    """
    rows = len(task.table)
    length = learnt = min(max(SHORTEST, min(LONGEST, rows // PARTS)), rows // 2)
    if SEGMENTS in task.without:
        task, learnt = replace(task, hours=None), rows
    odd = rows % learnt
    table = without_gaps(task.table, task.rng).iloc[odd:].reset_index(drop=True)
    hours = None if task.hours is None else task.hours[odd::learnt].tolist()
    times = task.times[odd:] if task.times is not None and INDEX in task.without else None
    task.seed_libraries()
    synthesizer = inside.fit_par(
        table, task.columns, learnt, hours=hours, times=times, epochs=task.epochs, report=task.report
    )
    return Sequences(task, synthesizer, length)
