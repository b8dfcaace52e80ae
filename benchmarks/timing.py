"""Medians and spreads of timed calls."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Timing:
    """Seconds a call took: median, smallest and largest of several runs."""

    median_s: float
    low_s: float
    high_s: float

    @classmethod
    def of(cls, seconds: list[float]) -> "Timing":
        return cls(statistics.median(seconds), min(seconds), max(seconds))


def timed(call: Callable[[], object], per: int = 1) -> float:
    """Seconds that `call` takes, divided by `per`."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) / per


def pairs(ours: Callable[[], float], theirs: Callable[[], float], runs: int) -> tuple[Timing, Timing, Timing]:
    """Time two things in turn, so that a slow moment of the machine meets both.

    Returns:
        Ours, theirs, and the ratio theirs/ours pair by pair.
    """
    a, b = [], []
    for _ in range(runs):
        a.append(ours())
        b.append(theirs())
    return Timing.of(a), Timing.of(b), Timing.of([y / x for x, y in zip(a, b, strict=True)])


def as_row(what: str, aim: str, measured: tuple[Timing, Timing, Timing]) -> dict[str, Any]:
    """One line of the table of results: a ratio, and the aim it has to reach."""
    ours, theirs, ratio = measured
    wanted = float("".join(mark for mark in aim if mark.isdigit() or mark == ".") or 0)
    return {
        "what": what,
        "ours": ours.median_s,
        "against": theirs.median_s,
        "unit": "s",
        "ratio": ratio.median_s,
        "spread": [ratio.low_s, ratio.high_s],
        "aim": aim,
        "reached": ratio.median_s >= wanted,
    }


def against_floor(what: str, whole: Callable[[], float], floor: Callable[[], float], runs: int) -> dict[str, Any]:
    """One line of the table of results: how many times as long as random numbers and matrix products alone."""
    ratio = pairs(floor, whole, runs)[2]
    return {
        "what": what,
        "ours": ratio.median_s,
        "unit": "×",
        "spread": [ratio.low_s, ratio.high_s],
        "aim": "(none)",
        "reached": True,
    }
