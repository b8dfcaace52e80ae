"""Moments to ask generators for, and judgements of what they answer. Seeds are fixed: what passes goes on passing."""

import math
from statistics import NormalDist

import numpy as np

from agent.series.moments import Moments
from tests.chance import ks

KEY = 0x1234_5678_9ABC_DEF0


def moments(seq, unix_s=None, local_s=None, **columns) -> Moments:
    times = np.asarray(seq, float) if unix_s is None else np.asarray(unix_s, float)
    return Moments(
        seq, times, times if local_s is None else np.asarray(local_s, float), lambda name: np.asarray(columns[name])
    )


def played(maker, count: int, key: int = KEY, first: int = 1) -> np.ndarray:
    """The values of consecutive readings, from a fresh generator."""
    return maker(key).values(moments(range(first, first + count)))


def is_normal(sample: np.ndarray, std: float = 1.0) -> bool:
    """Whether a sample may be normal, by its distribution, mean and variance."""
    count = len(sample)
    exact = NormalDist(0, std)
    alike = ks(sample, np.array([exact.inv_cdf((place + 0.5) / 20_000) for place in range(20_000)])) < 1
    mean, spread = float(sample.mean()) / std, float(sample.var()) / std**2
    return alike and abs(mean) < 4 / math.sqrt(count) and abs(spread - 1) < 4 * math.sqrt(2 / count)


def are_independent(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether neither the values nor their sizes (squares, of mean 1) hang together."""
    limit = 4 / math.sqrt(len(one))
    pairs = ((one, other), (one**2 - 1, other**2 - 1), (one, other**2 - 1))
    return all(abs(float(np.corrcoef(left, right)[0, 1])) < limit for left, right in pairs)


def autocorrelations(values: np.ndarray, most: int) -> np.ndarray:
    """Of lags 0 to `most`, about a mean of 0."""
    return np.array([float(values[: len(values) - lag] @ values[lag:]) for lag in range(most + 1)]) / float(
        values @ values
    )
