"""Series by their textbook parameters: what a bundle holds of autoregressions, moving averages and regimes."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Floats = NDArray[np.float64]

LONGEST = 65_536  # readings: the memory of a series, as the agent takes it
LARGEST = 1e15  # of a number in a bundle
MOST_AR = 256  # coefficients
MOST_REGIMES = 64
LONGEST_STAY = 1e9  # readings: of a regime, beyond which a float64 holds too little of the chance to leave it
_LEFT = 1e-10  # share of a response that may be cut off: of its norm, which is the series' standard deviation
_EDGE = 1e-7  # rounding moves double roots by about so much


def response(ar: Sequence[float], ma: Sequence[float], std: float) -> Floats:
    """The weights of noise in an ARMA series: of this reading's standard normal, of the one before, and so on.

    The series is x(n) = ar[0] x(n-1) + ar[1] x(n-2) + … + e(n) + ma[0] e(n-1) + …, where e is white noise. The
    standard deviation of the series is the norm of what is returned.

    Args:
        ar: Coefficients of the values before; none: a moving average.
        ma: Coefficients of the noise before; both none: white noise.
        std: Standard deviation of e.

    Returns:
        Shape (1 to 65,536).

    Raises:
        ValueError: The series is not stationary, remembers for too long, or a number is no number or too large.
    """
    _check_numbers(ar, ma, std)
    _check_stationary(ar)
    if len(ma) >= LONGEST:
        raise ValueError(f"ma: {len(ma)} coefficients; at most {LONGEST - 1}")
    impulse = np.zeros(2 * LONGEST)
    impulse[0] = 1.0
    weights: Floats = signal.lfilter([1.0, *ma], [1.0, *(-c for c in ar)], impulse)
    length = _length(weights)
    if length > LONGEST:
        raise ValueError(
            f"ar: coefficients {list(ar)} remember more than {LONGEST} readings (a root of {_root(ar):.6f}); "
            "use smaller ones, or a random walk"
        )
    if not float(np.abs(weights[:length]).max()) * std <= LARGEST:
        raise ValueError(f"ar, ma and std give weights beyond {LARGEST:g}; use smaller ones")
    return weights[:length] * std


def transitions(
    mean_readings: Sequence[float], following: Sequence[Mapping[int, float]], names: Sequence[str] | None = None
) -> Floats:
    """The probabilities from each regime (row) to each from one reading to the next.

    Args:
        mean_readings: For how many readings each regime lasts on average, 1 to 1e9; how long is geometric.
        following: For each regime the others that may follow it, by their places, with a weight for each.
        names: Of the regimes, for messages; None: their places.

    Returns:
        Shape (regimes, regimes).

    Raises:
        ValueError: A number is out of range, or some regime never leads to another.
    """
    count = len(mean_readings)
    if not 2 <= count <= MOST_REGIMES or len(following) != count:
        raise ValueError(f"regimes: must be 2 to {MOST_REGIMES}, each with its mean and with what follows it")
    called = [f"regime {name}" for name in (names if names is not None else range(count))]
    matrix = np.zeros((count, count))
    for place, (mean, weights) in enumerate(zip(mean_readings, following, strict=True)):
        if not 1 <= mean <= LONGEST_STAY:
            raise ValueError(f"{called[place]}: must last 1 to {LONGEST_STAY:g} readings on average, not {mean:g}")
        matrix[place] = _leaving(place, weights, called) / mean
        matrix[place, place] = 1 - 1 / mean
    _check_connected(matrix, called)
    return matrix


def _leaving(place: int, weights: Mapping[int, float], called: Sequence[str]) -> Floats:
    """Where a regime goes when it ends, shape (regimes,), adding up to 1."""
    shares = np.zeros(len(called))
    for other, weight in weights.items():
        if other == place:
            raise ValueError(f"{called[place]}: cannot follow itself; how long it lasts is its mean")
        if not 0 <= other < len(called):
            raise ValueError(f"{called[place]}: there is no regime {other} to follow it")
        if not 0 < weight <= LARGEST:
            raise ValueError(f"{called[place]}: the weight of {called[other]} must be above 0, not {weight:g}")
        shares[other] = weight
    if not weights:
        raise ValueError(f"{called[place]}: nothing follows it; name at least one other regime")
    shares /= shares.sum()
    return shares


def _check_connected(matrix: Floats, called: Sequence[str]) -> None:
    """Every regime leads to every other one, at once or by way of others."""
    paths = (matrix > 0) | np.eye(len(matrix), dtype=np.bool_)
    for _ in range(len(matrix).bit_length()):
        paths = paths @ paths
    for start, stop in np.argwhere(~paths).tolist():
        raise ValueError(f"{called[start]}: never leads to {called[stop]}; let it or one that follows it lead there")


def _check_numbers(ar: Sequence[float], ma: Sequence[float], std: float) -> None:
    for name, numbers in (("ar", ar), ("ma", ma)):
        if not all(math.isfinite(number) and abs(number) <= LARGEST for number in numbers):
            raise ValueError(f"{name}: coefficients must be numbers of at most {LARGEST:g}")
    if not 0 <= std <= LARGEST:
        raise ValueError(f"std: must be 0 to {LARGEST:g}, not {std:g}")


def _check_stationary(ar: Sequence[float]) -> None:
    if len(ar) > MOST_AR:
        raise ValueError(f"ar: {len(ar)} coefficients; at most {MOST_AR}")
    if (root := _root(ar)) >= 1 - _EDGE:
        raise ValueError(
            f"ar: coefficients {list(ar)} are not stationary (a root of {root:.2f}); use a random walk, or smaller ones"
        )


def _root(ar: Sequence[float]) -> float:
    """The factor by which what a series remembers fades from reading to reading, in the long run.

    The largest root of z**p - ar[0] z**(p-1) - … - ar[p-1]; below 1, the series is stationary (Box, Jenkins and
    Reinsel, "Time Series Analysis", section 3.2).
    """
    return float(np.abs(np.roots([1.0, *(-c for c in ar)])).max(initial=0.0))


def _length(weights: Floats) -> int:
    """How many weights there must be for what is left out not to matter."""
    left = np.cumsum(weights[::-1] ** 2)[::-1]  # from each weight on
    return max(1, int(np.count_nonzero(left > left[0] * _LEFT**2)))
