"""The classes of a network's categories as often as they were recorded."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.models.network import Network
from agent.models.neural import NeuralSampler
from agent.models.spans import Spans
from agent.reading import Column
from trainer.models import marginal
from trainer.models.fitted import Arrays, Task
from trainer.models.layers import relative

SHIFTS, SHIFT_ROWS = 12, 20_000  # rounds of drawing rows and shifting logits
ARGMAX_SHIFTS = 24
SLIGHT = 0.5 / SHIFT_ROWS  # share of a class that was not drawn at all

Floats = NDArray[np.float64]


def shares_of(table: pd.DataFrame, columns: list[Column]) -> dict[str, Floats]:
    """The recorded share of each code of each category."""
    return {c.name: marginal.shares(table[c.name].to_numpy(np.float64), c.size) for c in columns if c.size}


def shift_classes(
    arrays: dict[str, NDArray[Any]], columns: list[Column], shares: Mapping[str, Floats], task: Task
) -> None:
    """Shift the logits of the classes, in place, until each is played as often as it was recorded.

    Where the largest logit wins, a shift may do anything: each class then has a pace of its own, halved
    when the shift turns back. Source: Riedmiller, Braun, "The RPROP Algorithm" (1993).
    """
    name, argmax = max(name for name in arrays if name.startswith("bias/")), bool(arrays["argmax"][0])
    numbers, sizes = sum(1 for column in columns if not column.size), arrays["kinds"].tolist()
    places = np.repeat(np.cumsum(sizes) - sizes, sizes) + arrays["codes"] if argmax else None
    pace = np.full(sum(sizes), 0.25 if argmax else 1.0)
    before = np.zeros_like(pace)
    for _ in range(ARGMAX_SHIFTS if argmax else SHIFTS):
        rows = drawn(arrays, columns, np.random.default_rng(task.seed))
        task.mend(rows, [column.name for column in columns])
        wanted = wanted_of(rows, columns, sizes, shares)
        if argmax:
            wanted = wanted[places]
            pace, before = pace * np.where(wanted * before < 0, 0.5, 1.2), wanted
        shift = np.clip(wanted, -2, 2) * pace
        bias = arrays[name].copy()
        bias[numbers:] += (shift if argmax else relative(shift, sizes)).astype("<f4")
        arrays[name] = bias


def drawn(arrays: Arrays, columns: list[Column], rng: np.random.Generator) -> Floats:
    """Rows of all columns, shape (rows, columns), as the agent draws them; numbers as the network says them."""
    network, spans = parts_of(arrays, columns)
    return NeuralSampler(network, spans, arrays["condition"], []).draw(SHIFT_ROWS, rng)


def parts_of(arrays: Arrays, columns: list[Column]) -> tuple[Network, Spans]:
    """What the agent plays of the arrays, with numbers as the network says them."""
    layers = range(sum(1 for name in arrays if name.startswith("bias/")))
    weights = [arrays[f"weight/{layer}"].astype(np.float32) for layer in layers]
    network = Network(weights, [arrays[f"bias/{layer}"] for layer in layers], len(arrays["condition"]))
    numbers = [place for place, column in enumerate(columns) if not column.size]
    nothing = np.zeros(len(numbers))
    free = {"low": nothing - np.inf, "high": nothing + np.inf, "whole": nothing}
    return network, Spans(arrays["kinds"].tolist(), numbers, {**arrays, **free}, bool(arrays["argmax"][0]))


def wanted_of(rows: Floats, columns: list[Column], sizes: list[int], shares: Mapping[str, Floats]) -> Floats:
    """The logarithm of how many times as often each logit's class should come; 0 for numbers."""
    found = []
    for place, (column, size) in enumerate(zip(columns, sizes, strict=True)):
        share = np.bincount(rows[:, place].astype(int), minlength=size) / len(rows) if column.size else None
        wanted = np.zeros(size) if share is None else np.log((shares[column.name] + SLIGHT) / (share + SLIGHT))
        found.append(wanted)
    return np.concatenate(found)
