"""Distributions by name, with parameters under the names of common use, and what each of them means.

Source: scipy.stats, whose distributions these are, but for a constant.
"""

import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from agent.problems import closest

SIZES = 1e-30, 1e12  # of a parameter that is not 0
HALVINGS = 60  # of an interval, until it has no more digits

Order = tuple[str, Literal["below", "at most"], str]


@dataclass(frozen=True)
class Parameter:
    """A number that a family needs.

    Attributes:
        meaning: In a few words.
        above: It is larger than this.
        least: It is this or larger.
        most: It is this or smaller.
        whole: It is a whole number.
        default: Where it is left out; None: it must be given.
    """

    meaning: str
    above: float | None = None
    least: float | None = None
    most: float | None = None
    whole: bool = False
    default: float | None = None

    def __str__(self) -> str:
        ends = (("above", self.above), ("at least", self.least), ("at most", self.most))
        limits = [f"{word} {limit:g}" for word, limit in ends if limit is not None]
        default = [] if self.default is None else [f"{self.default:g} if left out"]
        return ", ".join([self.meaning, *(["whole"] if self.whole else []), *limits, *default])

    def fault(self, value: Any) -> str | None:
        """Why `value` cannot be it, empty where its limits say so; None: it can."""
        if not isinstance(value, int | float) or isinstance(value, bool) or (isinstance(value, float) and isnan(value)):
            return " (no number)"
        if value != 0 and not SIZES[0] <= abs(value) <= SIZES[1]:
            return f" (neither 0 nor of a size from {SIZES[0]:g} to {SIZES[1]:g})"
        low = self.least is None or value >= self.least
        high = (self.most is None or value <= self.most) and (not self.whole or value == int(value))
        return None if low and high and (self.above is None or value > self.above) else ""


@dataclass(frozen=True)
class Family:
    """Distributions that differ by their parameters.

    Attributes:
        make: The distribution of the parameters' values, in their order; see `Distribution.frozen`.
        parameters: By name.
        whole: It gives whole numbers only.
        orders: How parameters must lie to each other.
    """

    make: Callable[..., Any]
    parameters: Mapping[str, Parameter]
    whole: bool = False
    orders: tuple[Order, ...] = ()

    def __str__(self) -> str:
        return _and([f"{key} ({parameter})" for key, parameter in self.parameters.items()])

    def values(self, given: Mapping[str, Any]) -> dict[str, float]:
        """Every parameter's value."""
        return {key: given.get(key, parameter.default) for key, parameter in self.parameters.items()}

    def problems(self, name: str, given: Mapping[str, Any]) -> list[str]:
        """Everything that is wrong with these parameters."""
        wrong = [text for key, parameter in self.parameters.items() if (text := _wrong(key, parameter, given))]
        found = [f"{name} needs {self}; got {_and(wrong)}"] if wrong else []
        strange = [key for key in given if key not in self.parameters]
        found += [f"{name} has no {key}; {closest(key, self.parameters) or f'it has {self}'}" for key in strange]
        return found or self._disorders(name, self.values(given))

    def _disorders(self, name: str, values: dict[str, float]) -> list[str]:
        kept = {"below": lambda one, other: one < other, "at most": lambda one, other: one <= other}
        return [
            f"{name} needs {one} {order} {other}; got {one} = {values[one]:g} and {other} = {values[other]:g}"
            for one, order, other in self.orders
            if not kept[order](values[one], values[other])
        ]


@dataclass(frozen=True)
class Distribution:
    """A distribution.

    Attributes:
        text: As a message names it, `normal(mean = 20, std = 5)`.
        frozen: Scipy's, or what has its `cdf`, `sf` and `support`, and `ppf` and `isf` if its numbers are not whole.
        whole: It gives whole numbers only.
    """

    text: str
    frozen: Any
    whole: bool

    def __str__(self) -> str:
        return self.text


class Constant:
    """The distribution of what is always `value`."""

    def __init__(self, value: float) -> None:
        self.value = float(value)

    def support(self) -> tuple[float, float]:
        return self.value, self.value

    def cdf(self, value: Any) -> Any:
        return (np.asarray(value) >= self.value).astype(float)

    def sf(self, value: Any) -> Any:
        return 1 - self.cdf(value)

    def ppf(self, share: Any) -> Any:
        return np.full(np.shape(share), self.value)

    isf = ppf


class Zipf:
    """The distribution of ranks from 1, each as frequent as its inverse to the power of `exponent`.

    scipy's, `zipfian`, adds up all the ranks for each number anew.
    """

    def __init__(self, exponent: float, ranks: float) -> None:
        shares = np.arange(1.0, ranks + 1) ** -exponent
        self._below = np.concatenate([[0], np.cumsum(shares)]) / shares.sum()
        self._above = np.concatenate([np.cumsum(shares[::-1])[::-1], [0]]) / shares.sum()

    def support(self) -> tuple[float, float]:
        return 1, len(self._below) - 1

    def cdf(self, value: Any) -> Any:
        return self._below[self._place(value)]

    def sf(self, value: Any) -> Any:
        return self._above[self._place(value)]

    def _place(self, value: Any) -> Any:
        return np.clip(np.floor(value), 0, len(self._below) - 1).astype(int)


class _VonMises(type(stats.vonmises_line)):  # type: ignore[misc]
    """With quantiles of all shares at a time; scipy seeks each on its own, for a millisecond and longer."""

    def _ppf(self, share: NDArray[np.float64], kappa: NDArray[np.float64]) -> NDArray[np.float64]:
        low, high = np.full(np.shape(share), -np.pi), np.full(np.shape(share), np.pi)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            reached = self._cdf(middle, kappa) >= share
            low, high = np.where(reached, low, middle), np.where(reached, middle, high)
        return high

    def _sf(self, value: NDArray[np.float64], kappa: NDArray[np.float64]) -> Any:
        return self._cdf(-value, kappa)

    def _isf(self, share: NDArray[np.float64], kappa: NDArray[np.float64]) -> NDArray[np.float64]:
        return -self._ppf(share, kappa)


_vonmises = _VonMises(a=-np.pi, b=np.pi, name="vonmises")


def problems(spec: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a distribution such as `{name = "normal", mean = 20, std = 5}`."""
    name = spec.get("name")
    known = f"known: {', '.join(FAMILIES)}"
    if not isinstance(name, str):
        got = f"; got name = {reprlib.repr(name)}" if "name" in spec else ""
        return [f"a distribution needs a name, as text{got}; {known}"]
    if name not in FAMILIES:
        return [f"no distribution is called {reprlib.repr(name)[1:-1]}; {closest(name, FAMILIES) or known}"]
    return FAMILIES[name].problems(name, _parameters(spec))


def of(spec: Mapping[str, Any]) -> Distribution:
    """The distribution that `spec` names; with no `problems`."""
    family = FAMILIES[spec["name"]]
    values = family.values(_parameters(spec))
    text = ", ".join(f"{key} = {value:g}" for key, value in values.items())
    return Distribution(f"{spec['name']}({text})", family.make(*values.values()), family.whole)


def described() -> list[str]:
    """Every family with its parameters and what they mean, a line each."""
    return [f"{name}: {family}" for name, family in FAMILIES.items()]


def _parameters(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key != "name"}


def _wrong(key: str, parameter: Parameter, given: Mapping[str, Any]) -> str | None:
    """What a message says that it got; None: nothing wrong."""
    if key not in given:
        return f"no {key}" if parameter.default is None else None
    fault = parameter.fault(given[key])
    return None if fault is None else f"{key} = {reprlib.repr(given[key])}{fault}"


def _and(texts: Sequence[str]) -> str:
    return " and ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)


def _shape(meaning: str) -> Parameter:
    """Of a power: beyond these limits nearly all values are too large or too small for a computer's numbers."""
    return Parameter(meaning, least=0.05, most=1e6)


_MEAN = Parameter("where its middle is")
_STD = Parameter("its standard deviation", above=0)
_SCALE = Parameter("how wide it is", above=0)
_LOW, _HIGH = Parameter("the smallest value"), Parameter("the largest value")
_MODE = Parameter("the most frequent value")
_SHAPE, _DF = _shape("its form"), _shape("degrees of freedom")
_SHARE = Parameter("the chance of a success", least=0, most=1)
_BELOW: Order = ("low", "below", "high")

FAMILIES: dict[str, Family] = {
    "constant": Family(Constant, {"value": Parameter("what it always is")}),
    "normal": Family(stats.norm, {"mean": _MEAN, "std": _STD}),
    "uniform": Family(lambda low, high: stats.uniform(low, high - low), {"low": _LOW, "high": _HIGH}, orders=(_BELOW,)),
    "triangular": Family(
        lambda low, mode, high: stats.triang((mode - low) / (high - low), loc=low, scale=high - low),
        {"low": _LOW, "mode": _MODE, "high": _HIGH},
        orders=(_BELOW, ("low", "at most", "mode"), ("mode", "at most", "high")),
    ),
    "exponential": Family(lambda mean: stats.expon(scale=mean), {"mean": Parameter("its average", above=0)}),
    "gamma": Family(lambda shape, scale: stats.gamma(shape, scale=scale), {"shape": _SHAPE, "scale": _SCALE}),
    "beta": Family(
        lambda alpha, beta, low, high: stats.beta(alpha, beta, loc=low, scale=high - low),
        {
            "alpha": _shape("the weight of its upper end"),
            "beta": _shape("the weight of its lower end"),
            "low": Parameter("the smallest value", default=0),
            "high": Parameter("the largest value", default=1),
        },
        orders=(_BELOW,),
    ),
    "lognormal": Family(
        lambda median, sigma: stats.lognorm(sigma, scale=median),
        {
            "median": Parameter("the value that half of them are below", above=0),
            "sigma": Parameter("the standard deviation of its logarithm", least=1e-6, most=100),
        },
    ),
    "weibull": Family(lambda shape, scale: stats.weibull_min(shape, scale=scale), {"shape": _SHAPE, "scale": _SCALE}),
    "pareto": Family(
        lambda shape, low: stats.pareto(shape, scale=low),
        {"shape": _shape("how fast large values become rare"), "low": Parameter("the smallest value", above=0)},
    ),
    "logistic": Family(stats.logistic, {"mean": _MEAN, "scale": _SCALE}),
    "laplace": Family(stats.laplace, {"mean": _MEAN, "scale": _SCALE}),
    "gumbel": Family(stats.gumbel_r, {"mode": _MODE, "scale": _SCALE}),
    "rayleigh": Family(lambda scale: stats.rayleigh(scale=scale), {"scale": _SCALE}),
    "chi-square": Family(stats.chi2, {"df": _DF}),
    "student-t": Family(
        stats.t,
        {
            "df": _DF,
            "mean": Parameter("where its middle is", default=0),
            "scale": Parameter("how wide it is", above=0, default=1),
        },
    ),
    "f": Family(
        stats.f,
        {"df1": _shape("degrees of freedom above the line"), "df2": _shape("degrees of freedom below it")},
    ),
    "vonmises": Family(
        lambda mean, kappa: _vonmises(kappa, loc=mean),
        {"mean": Parameter("its direction in radians"), "kappa": _shape("how narrow it is")},
    ),
    "poisson": Family(stats.poisson, {"mean": Parameter("its average", above=0)}, whole=True),
    "binomial": Family(
        stats.binom,
        {"n": Parameter("how many trials", least=1, most=1e9, whole=True), "p": _SHARE},
        whole=True,
    ),
    "negative-binomial": Family(
        stats.nbinom,
        {
            "n": Parameter("after how many successes it stops to count failures", least=0.05, most=1e9),
            "p": Parameter("the chance of a success", least=1e-12, most=1),
        },
        whole=True,
    ),
    "geometric": Family(
        stats.geom,
        {"p": Parameter("the chance of a success, up to which it counts the trials", least=1e-12, most=1)},
        whole=True,
    ),
    "hypergeometric": Family(
        stats.hypergeom,
        {
            "population": Parameter("how many there are", least=1, most=1e6, whole=True),
            "successes": Parameter("how many of them count", least=0, whole=True),
            "draws": Parameter("how many are drawn", least=0, whole=True),
        },
        whole=True,
        orders=(("successes", "at most", "population"), ("draws", "at most", "population")),
    ),
    "zipf": Family(
        Zipf,
        {
            "exponent": Parameter("how fast higher ranks become rare", above=0, most=100),
            "ranks": Parameter("how many there are", least=1, most=100_000, whole=True),
        },
        whole=True,
    ),
    "bernoulli": Family(stats.bernoulli, {"p": _SHARE}, whole=True),
}
