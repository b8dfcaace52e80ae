"""The rhythm: a beat, and how many messages come with each of its ticks."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from agent.arrival.beats import EVEN, EXPONENTIAL, NOTHING, Beat, Clock, Floats, Quantiles, Renewal
from agent.arrival.calendar import Slice
from agent.clock import NS_PER_S
from agent.models.bundle import Bundle

Instants = NDArray[np.int64]
Spacing = Literal["regular", "poisson"]
MOST_MESSAGES = 1000  # with one tick
SHORTEST_S, LONGEST_S = 0.001, 2 * 86_400  # of an interval; of what lies between a tick and its last message
LEAST_MEAN = 0.5  # of what is said to have a mean of 1


@dataclass(frozen=True)
class Rhythm:
    """How a sensor speaks.

    Attributes:
        beat: How ticks follow each other.
        sizes: Cumulative probability of 1, 2, … messages with a tick, shape (sizes,).
        within_s: Seconds between the messages of one tick.
    """

    beat: Beat
    sizes: Floats = field(default_factory=lambda: np.ones(1))
    within_s: Quantiles = NOTHING

    @property
    def longest_ns(self) -> int:
        """How far beyond its slice a message may come."""
        return round((self.beat.latest_s + (len(self.sizes) - 1) * float(self.within_s.value[-1])) * NS_PER_S)

    @property
    def mean_size(self) -> float:
        """Messages with a tick."""
        return float(np.sum(1 - self.sizes)) + 1

    def instants(self, within: Slice, left: float, rng: np.random.Generator) -> tuple[Instants, float]:
        """When the messages of a slice come, and what is left for the next one (see `Beat`).

        They rise, in nanoseconds since 1970 (UTC). A late tick, and what comes with a tick, may lie beyond the
        end of the slice.
        """
        ticks, left = self.beat.ticks(within, left, rng)
        times = within.start_ns + self._messages(ticks, rng)
        steps = np.arange(len(times))
        return np.maximum.accumulate(times - steps) + steps, left

    def _messages(self, ticks: Floats, rng: np.random.Generator) -> Instants:
        if len(self.sizes) == 1 or not len(ticks):
            return np.rint(ticks).astype(np.int64)
        sizes = np.searchsorted(self.sizes, rng.random(len(ticks)), side="right") + 1
        firsts = np.cumsum(sizes) - sizes
        gaps = self.within_s.draw(int(sizes.sum()), rng) * NS_PER_S
        gaps[firsts] = 0
        reached = np.cumsum(gaps)
        return np.rint(np.repeat(ticks - reached[firsts], sizes) + reached).astype(np.int64)


def spaced(spacing: Spacing, phase: float) -> Rhythm:
    """One set by hand: a clock that is never late, or events that know nothing of each other."""
    return Rhythm(Clock(None, phase) if spacing == "regular" else Renewal(None, EXPONENTIAL))


def scheduled(spacing: Spacing) -> Rhythm:
    """One whose rate is set by hand: even gaps in a time that runs as fast as messages are expected, or chance.

    A clock would come anew to the same place in each window: to none in a short one, day by day.
    """
    return Rhythm(Renewal(None, EVEN if spacing == "regular" else EXPONENTIAL))


def recorded(bundle: Bundle, phase: float) -> Rhythm:
    """The recording's.

    Args:
        bundle: Where it is.
        phase: Of a clock that may tick anywhere.

    Raises:
        BundleError: An array of it is missing or not as it must be.
    """
    arrival = bundle.manifest.arrival
    if arrival.rhythm is None:
        return Rhythm(Clock(None, phase))
    sizes = bundle.array("arrival/sizes", "<f8", (None,))
    if not 1 <= len(sizes) <= MOST_MESSAGES or bool(np.any(np.diff(sizes) < 0)) or sizes[-1] != 1 or sizes[0] < 0:
        raise bundle.error("arrival/sizes", f"must rise to 1 in at most {MOST_MESSAGES} steps")
    gaps, within_s = (quantiles(bundle, f"arrival/{name}") for name in ("gaps", "within"))
    interval_s = (
        None if arrival.rhythm == "random" else arrival.pace_s if arrival.rhythm == "timer" else arrival.interval_s
    )
    if interval_s is not None and interval_s < SHORTEST_S:
        raise bundle.error("arrival", f"has an interval below {SHORTEST_S} s")
    if arrival.rhythm == "clock":
        own, anchored = (phase, False) if arrival.phase is None else (arrival.phase, True)
        beat: Beat = Clock(interval_s, own, gaps, arrival.missed, anchored)
    else:
        beat = Renewal(interval_s, gaps, arrival.excess)
        if not LEAST_MEAN <= gaps.mean <= 1 / LEAST_MEAN:
            raise bundle.error("arrival/gaps", "must have a mean of 1")
    made = Rhythm(beat, sizes, within_s)
    if made.longest_ns > LONGEST_S * NS_PER_S or float(gaps.value[-1]) > 1e6:
        raise bundle.error("arrival", "has bursts or gaps that are too long")
    return made


def quantiles(bundle: Bundle, name: str) -> Quantiles:
    """The distribution in an array of probabilities and values, shape (2, points).

    Raises:
        BundleError: It is missing or not as it must be.
    """
    probability, value = bundle.array(name, "<f8", (2, None))
    rises = len(probability) >= 2 and bool(np.all(np.diff(probability) >= 0)) and bool(np.all(np.diff(value) >= 0))
    if not rises or probability[0] != 0 or probability[-1] != 1 or value[0] < 0:
        raise bundle.error(name, "must be probabilities from 0 to 1 and rising values at or above 0")
    return Quantiles(probability, value)
