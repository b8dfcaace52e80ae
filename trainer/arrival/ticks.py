"""Ticks: what came together, told apart from what came later; and distributions of gaps as tables."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.clock import NS_PER_S
from trainer.models.tables import refined

APART = 5.0  # gaps between bursts are so many times longer than any within
FEWEST, SHARE = 3, 0.05  # of gaps on either side, for bursts to be told
MOST_POINTS = 4096  # of a distribution, looked at
TOLERANCE = 0.002  # of a distribution's table, in its range and in probability

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]


@dataclass(frozen=True)
class Ticks:
    """What came together, told apart from what came later.

    Attributes:
        first_ns: When each tick's first message came, rising.
        sizes: How many messages came with each.
        within_s: Gaps between the messages of one tick.
    """

    first_ns: Instants
    sizes: NDArray[np.int64]
    within_s: Floats

    @property
    def gaps_s(self) -> Floats:
        """Between ticks."""
        return np.diff(self.first_ns) / NS_PER_S


def ticks_of(times: Instants) -> Ticks:
    """Messages that come in bursts are one tick: where the gaps within and between differ by a factor."""
    gaps = np.diff(times)
    ordered = np.sort(np.maximum(gaps, 1_000))
    fewest = max(FEWEST, int(SHARE * len(gaps)))
    limit = 0.0
    if len(gaps) >= 2 * fewest:
        ratios = ordered[fewest : len(ordered) - fewest + 1] / ordered[fewest - 1 : len(ordered) - fewest]
        widest = int(ratios.argmax())
        limit = float(ordered[fewest + widest]) if ratios[widest] >= APART else 0.0
    begins = np.append(True, gaps >= limit) if limit else np.append(True, gaps > 0)
    places = np.flatnonzero(begins)
    sizes = np.diff(np.append(places, len(times)))
    return Ticks(times[places], sizes, gaps[~begins[1:]] / NS_PER_S)


def quantiles(values: Floats) -> Floats:
    """A distribution as probabilities and values, shape (2, points); what occurs often is in it exactly."""
    if not len(values):
        return np.array([[0.0, 1.0], [0.0, 0.0]])
    ordered = np.sort(values)
    if len(ordered) > MOST_POINTS:
        ordered = ordered[np.linspace(0, len(ordered) - 1, MOST_POINTS).round().astype(int)]
    if len(ordered) == 1:
        ordered = np.repeat(ordered, 2)
    places = (np.arange(len(ordered)) + 0.5) / len(ordered)
    places[0], places[-1] = 0.0, 1.0
    begins = np.flatnonzero(np.append(True, np.diff(ordered) > 0))
    ends = np.append(begins[1:], len(ordered)) - 1
    often = ends - begins >= TOLERANCE * len(ordered)
    kept = refined(places, ordered, places, [0, len(ordered) - 1, *begins[often], *ends[often]], TOLERANCE)
    return np.stack([places[kept], ordered[kept]])
