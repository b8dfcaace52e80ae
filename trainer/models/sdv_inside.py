"""The one module that touches SDV's private attributes. What it does not know, it names and refuses.

The facts are those of SDV 2.0, RDT 2.0 and copulas 0.14; any other version is refused until its insides
have been looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from agent.errors import UnderstudyError
from agent.reading import Column
from numpy.typing import NDArray
from rdt.transformers.categorical import UniformEncoder
from rdt.transformers.numerical import FloatFormatter
from scipy.stats import norm
from sdv.metadata import Metadata
from sdv.single_table import GaussianCopulaSynthesizer

VERSIONS = {"sdv": "2.0.", "rdt": "2.0.", "copulas": "0.14."}

Floats = NDArray[np.float64]


class ExportError(UnderstudyError):
    """SDV holds something that the export does not know."""


@dataclass(frozen=True)
class Marginal:
    """How one column of a fitted copula turns a standard normal z into a value.

    Attributes:
        column: What it is.
        value: From z, shape (n,), to the column's values (codes for a category), monotone in z unless
            the column is a category; then `ordinal` is, and `codes` says which code each ordinal is.
        codes: For a category, the code of each interval of the unit line, in their order.
        edges: For a category, the ends of the intervals but the last, on the unit line.
        low, high: Smallest and largest value.
    """

    column: Column
    value: Callable[[Floats], Floats]
    codes: list[int]
    edges: Floats
    low: float
    high: float


def check_versions() -> None:
    """Raise ExportError unless SDV and its sisters are of the known versions."""
    for package, prefix in VERSIONS.items():
        if not version(package).startswith(prefix):
            raise ExportError(f"{package} {version(package)} is not known to the export; install {package}=={prefix}*")


def fit_copula(table: pd.DataFrame, columns: list[Column], distributions: dict[str, str]) -> GaussianCopulaSynthesizer:
    """SDV's GaussianCopulaSynthesizer, fitted to `table`."""
    kinds = {c.name: {"sdtype": "categorical" if c.size else "numerical"} for c in columns}
    metadata = Metadata.load_from_dict({"tables": {"table": {"columns": kinds}}})
    synthesizer = GaussianCopulaSynthesizer(metadata, enforce_rounding=False, numerical_distributions=distributions)
    synthesizer.fit({"table": table})
    return synthesizer


def sample(synthesizer: GaussianCopulaSynthesizer, count: int) -> pd.DataFrame:
    """`count` rows as SDV draws them."""
    rows: pd.DataFrame = synthesizer.sample(count)["table"]
    return rows


def correlation(synthesizer: GaussianCopulaSynthesizer, columns: list[Column]) -> Floats:
    """The correlation matrix of the normals, in the order of `columns`."""
    model = synthesizer._model
    if list(model.columns) != list(model.correlation.columns):
        raise ExportError("GaussianMultivariate: columns and correlation are in different orders")
    names = [column.name for column in columns]
    if sorted(names) != sorted(model.columns):
        raise ExportError(f"GaussianMultivariate: models {list(model.columns)}, not {names}")
    return model.correlation.loc[names, names].to_numpy(np.float64)  # type: ignore[no-any-return]


def marginal(synthesizer: GaussianCopulaSynthesizer, column: Column) -> Marginal:
    """How the synthesizer turns a normal into a value of `column`."""
    model = synthesizer._model
    univariate = model.univariates[list(model.columns).index(column.name)]
    transformer = synthesizer._data_processor._hyper_transformer.field_transformers[column.name]

    def quantile(z: Floats) -> Floats:
        with np.errstate(all="ignore"):
            return np.asarray(univariate.percent_point(norm.cdf(z)), np.float64)

    if type(transformer) is UniformEncoder and column.size:
        return _category(column, transformer, quantile)
    if type(transformer) is FloatFormatter and not column.size:
        return _number(column, transformer, quantile)
    raise ExportError(f"{column.name}: transformer {type(transformer).__name__} is not known to the export")


def _number(column: Column, transformer: Any, quantile: Callable[[Floats], Floats]) -> Marginal:
    if not transformer.enforce_min_max_values or transformer.learn_rounding_scheme:
        raise ExportError(f"{column.name}: FloatFormatter rounds or does not clip, which the export does not know")
    low, high = float(transformer._min_value), float(transformer._max_value)

    def value(z: Floats) -> Floats:
        clipped = np.clip(quantile(z), low, high)
        return np.rint(clipped) if column.integer else clipped

    return Marginal(column, value, [], np.empty(0), low, high)


def _category(column: Column, transformer: Any, quantile: Callable[[Floats], Floats]) -> Marginal:
    intervals = sorted(transformer.intervals.items(), key=lambda item: float(item[1][1]))
    codes = [int(label) for label, _ in intervals]
    edges = np.array([float(end) for _, (_, end) in intervals[:-1]])

    def ordinal(z: Floats) -> Floats:
        return np.searchsorted(edges, quantile(z), side="left").astype(np.float64)  # intervals are right-closed

    return Marginal(column, ordinal, codes, edges, 0.0, float(len(codes) - 1))
