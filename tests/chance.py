"""How far samples may lie apart by chance, for tests of the agent, which has no scipy.

Every limit is passed once in about ten thousand; the seeds are fixed, so a test that passes goes on passing.
"""

import math

import numpy as np


def ks(one: np.ndarray, other: np.ndarray) -> float:
    """Two-sample Kolmogorov-Smirnov distance, as a share of what chance allows: below 1, they may be alike."""
    one, other = np.sort(one), np.sort(other)
    points = np.concatenate([one, other])
    below = [np.searchsorted(sample, points, side="right") / len(sample) for sample in (one, other)]
    allowed = math.sqrt(-math.log(0.5e-4) / 2 * (len(one) + len(other)) / (len(one) * len(other)))
    return float(np.abs(below[0] - below[1]).max()) / allowed


def chi_square(counts: np.ndarray, shares: np.ndarray) -> float:
    """Chi-square of counts against the shares expected, as a share of what chance allows."""
    expected = counts.sum() * shares
    statistic = float((((counts - expected) ** 2)[expected > 0] / expected[expected > 0]).sum())
    assert not counts[expected == 0].any()
    freedom = max(1, int((shares > 0).sum()) - 1)
    # Wilson and Hilferty, "The Distribution of Chi-Square" (1931): its cube root is about normal
    allowed = freedom * (1 - 2 / (9 * freedom) + 3.72 * math.sqrt(2 / (9 * freedom))) ** 3
    return statistic / allowed
