"""The insides of SDV's GaussianCopulaSynthesizer."""

from typing import Any

import numpy as np
import pandas as pd
from rdt.transformers.numerical import FloatFormatter
from scipy.stats import norm
from sdv.single_table import GaussianCopulaSynthesizer

from agent.reading import Column
from trainer.inside.common import ExportError, Floats, Quantile, check_versions, metadata_of, quietly


def fit(table: pd.DataFrame, columns: list[Column], marginals: str) -> GaussianCopulaSynthesizer:
    """SDV's GaussianCopulaSynthesizer with marginals of one family (SDV's default: `beta`), fitted to `table`."""
    check_versions()
    synthesizer = GaussianCopulaSynthesizer(
        metadata_of(columns), enforce_rounding=False, default_distribution=marginals
    )
    synthesizer.fit({"table": table})
    return synthesizer


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
