"""The private attributes of SDV and its copula. What is not known here is named and refused.

The facts are those of SDV 2.0, RDT 2.0 and copulas 0.14; any other version is refused until its insides
have been looked at.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rdt.transformers.numerical import FloatFormatter
from scipy.stats import norm
from sdv.metadata import Metadata
from sdv.single_table import GaussianCopulaSynthesizer

from agent.errors import UnderstudyError
from agent.reading import Column

VERSIONS = {"sdv": "2.0.", "rdt": "2.0.", "copulas": "0.14.", "ctgan": "0.12.", "deepecho": "0.8."}

Floats = NDArray[np.float64]
Quantile = Callable[[Floats], Floats]


class ExportError(UnderstudyError):
    """SDV holds something that the export does not know."""


def check_versions(*further: str) -> None:
    """Raise ExportError unless SDV and its sisters are of the known versions."""
    for package in ("sdv", "rdt", "copulas", *further):
        prefix = VERSIONS[package]
        if not version(package).startswith(prefix):
            raise ExportError(f"{package} {version(package)} is not known to the export; install {package}=={prefix}*")


@contextmanager
def quietly() -> Iterator[None]:
    """Far out, scipy's quantiles have no digits left, of which it warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def metadata_of(columns: list[Column]) -> Metadata:
    """What SDV is told of a table: numbers and categories."""
    kinds = {c.name: {"sdtype": "categorical" if c.size else "numerical"} for c in columns}
    return Metadata.load_from_dict({"tables": {"table": {"columns": kinds}}})


def fit_copula(table: pd.DataFrame, columns: list[Column], marginals: str) -> GaussianCopulaSynthesizer:
    """SDV's GaussianCopulaSynthesizer with marginals of one family (SDV's default: `beta`), fitted to `table`."""
    synthesizer = GaussianCopulaSynthesizer(
        metadata_of(columns), enforce_rounding=False, default_distribution=marginals
    )
    synthesizer.fit({"table": table})
    return synthesizer


def sample(synthesizer: Any, count: int) -> pd.DataFrame:
    """`count` rows as SDV draws them."""
    with quietly():
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


def number(synthesizer: GaussianCopulaSynthesizer, column: Column) -> Quantile:
    """How the synthesizer turns a normal into a number of `column`."""
    transformer, quantile = _insides(synthesizer, column)
    if type(transformer) is not FloatFormatter:
        raise ExportError(f"{column.name}: transformer {type(transformer).__name__} is not known to the export")
    if not transformer.enforce_min_max_values or transformer.learn_rounding_scheme:
        raise ExportError(f"{column.name}: FloatFormatter rounds or does not clip, which the export does not know")
    low, high = float(transformer._min_value), float(transformer._max_value)
    return lambda z: np.clip(quantile(z), low, high)


def _insides(synthesizer: GaussianCopulaSynthesizer, column: Column) -> tuple[Any, Quantile]:
    model = synthesizer._model
    univariate = model.univariates[list(model.columns).index(column.name)]

    def quantile(z: Floats) -> Floats:
        with quietly():
            return np.asarray(univariate.percent_point(norm.cdf(z)), np.float64)

    return synthesizer._data_processor._hyper_transformer.field_transformers[column.name], quantile
