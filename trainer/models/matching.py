"""Matching what a recurrent network draws to what was recorded: shares of classes, distributions of numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from agent.models.recurrent import RecurrentNetwork
from agent.reading import Column
from trainer.models.fitted import Arrays, Task
from trainer.models.marginal import Marginal, shares, shares_by_hour
from trainer.models.quantiles import Quantiles
from trainer.models.tables import Table, refined

ROUNDS = 8  # of drawing rows and shifting logits
LARGEST_STEP = 2.0  # of a logit in a round
NEVER = -1e5  # logit of a code that is not to be drawn
ROWS, HOURLY_ROWS = 65_536, 8_192  # drawn in all, and for each hour where rows differ by it
GRAIN, LEAST = 2.0**-14, 2.0**-26  # of z: few digits pack well, and two knots at one place are this far apart

TOLERANCE, HOURLY_TOLERANCE = 5e-4, 5e-3  # of a table, in the value's range and in probability

Floats = NDArray[np.float64]


def match_classes(arrays: dict[str, NDArray[Any]], length: int, task: Task) -> None:
    """Shift the logits, in place, until each class is drawn as often as it was recorded.

    Where rows differ by the hour, the shifts are those of each hour, in `lean`, and a class that an hour never
    had is never drawn in it; else they are in the output's bias. A class that persists answers a shift by more
    than that, so each has a pace of its own, halved when the shift turns back, as where the largest logit wins.
    """
    columns = [column for column in task.columns if column.size]
    if not columns:
        return
    recorded = np.concatenate([_recorded(column, task) for column in columns], axis=1)
    logits = arrays["output"][-1:, 2 * len(arrays["absent"]) :] if task.hours is None else arrays["lean"]
    logits = logits[:, : recorded.shape[1]]
    if task.hours is not None:
        logits[recorded == 0] = NEVER
    pace, before = np.ones_like(recorded), np.zeros_like(recorded)
    for _ in range(ROUNDS):
        wanted = _wanted(_drawn(arrays, length, task), recorded, len(arrays["absent"]), task)
        pace = np.minimum(pace * np.where(wanted * before < 0, 0.5, 1.2), 1)
        logits += pace * np.clip(wanted, -LARGEST_STEP, LARGEST_STEP)
        before = wanted


def _recorded(column: Column, task: Task) -> Floats:
    """The share of each code, shape (1 or 24, codes): in each hour of the day where rows differ by it."""
    return shares_by_hour(task.table[column.name].to_numpy(np.float64), column.size or 0, task.hours)


def _wanted(drawn: list[Floats], recorded: Floats, first: int, task: Task) -> Floats:
    """The logarithm of how many times as often each code should come, shape (1 or 24, codes).

    Args:
        drawn: Rows of each hour.
        recorded: Shares, of the same shape as what is returned.
        first: The place of the first category in a row.
        task: What was recorded.
    """
    sizes = {column.name: column.size for column in task.columns if column.size}
    found, least = np.empty_like(recorded), 0.5 / len(drawn[0])
    for hour, rows in enumerate(drawn):
        codes = rows[:, first : first + len(sizes)]
        task.mend(codes, list(sizes))
        found[hour] = np.concatenate(
            [shares(of_one, size) for of_one, size in zip(codes.T, sizes.values(), strict=True)]
        )
    wanted: Floats = np.log((recorded + least) / (found + least))
    return wanted


def matched_tables(arrays: Arrays, length: int, task: Task) -> list[list[Table]]:
    """For each number its table, or one for each hour, to its recorded distribution from what the network says."""
    names = [column.name for column in task.columns if not column.size]
    drawn = _drawn(arrays, length, task)
    pooled = _pooled(drawn, task)
    tables = []
    for place, name in enumerate(names):
        marginal = Marginal.of(task.table[name].to_numpy(np.float64), False, task.hours)
        said = drawn if marginal.hourly else [pooled]
        tolerance = HOURLY_TOLERANCE if marginal.hourly else TOLERANCE
        pairs = zip(said, marginal.by_hour, strict=True)
        tables.append([table_to(rows[:, place], quantiles, tolerance) for rows, quantiles in pairs])
    return tables


def table_to(said: Floats, quantiles: Quantiles, tolerance: float) -> Table:
    """From what a network says of one number, shape (rows,), to the recorded quantiles."""
    places, values = quantiles.places, quantiles.values
    z = np.quantile(said, places)
    z = np.round(z / GRAIN) * GRAIN + np.arange(len(z)) * LEAST
    plateaus = np.flatnonzero((np.diff(values) == 0) & (np.diff(places) > tolerance))
    kept = refined(z, values, places, [0, len(z) - 1, *plateaus.tolist(), *(plateaus + 1).tolist()], tolerance)
    return False, z[kept], values[kept]


def _drawn(arrays: Arrays, length: int, task: Task) -> list[Floats]:
    """Rows as the network says them, segment after segment, of each hour; the same every time."""
    network, rng = RecurrentNetwork(dict(arrays)), np.random.default_rng(task.seed)
    hours = len(arrays["start"])
    segments = -(-(ROWS if hours == 1 else HOURLY_ROWS) // length)
    parts = []
    for hour in range(hours):
        noise = rng.standard_normal((length, network.numbers, segments), np.float32)
        picks = rng.random((length, network.choices, segments), np.float32)
        with threadpool_limits(1):  # products this small are slower in several threads
            said: Floats = network.run(noise, picks, hour).transpose(2, 0, 1).astype(np.float64)
        parts.append(said.reshape(segments * length, -1))
    return parts


def _pooled(drawn: list[Floats], task: Task) -> Floats:
    """The rows of all hours, of each as many as it was recorded often."""
    if task.hours is None:
        return drawn[0]
    counts = np.bincount(task.hours, minlength=len(drawn))
    kept = np.ceil(counts / counts.max() * len(drawn[0])).astype(int)
    return np.concatenate([rows[:count] for rows, count in zip(drawn, kept, strict=True)])
