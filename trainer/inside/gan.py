"""The insides of SDV's CTGAN, CopulaGAN and TVAE: networks, mixtures and conditions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from ctgan.errors import InvalidDataError
from joblib import parallel_config
from numpy.typing import NDArray
from rdt.transformers import ClusterBasedNormalizer, FloatFormatter, GaussianNormalizer, OneHotEncoder
from scipy.stats import norm
from sdv.single_table import CopulaGANSynthesizer, CTGANSynthesizer, TVAESynthesizer

from agent.errors import RecordingError
from agent.reading import Column
from trainer.inside.common import ExportError, Quantile, check_versions, metadata_of, quietly
from trainer.inside.epochs import told
from trainer.models.fitted import Report
from trainer.models.layers import Layer

SYNTHESIZERS = {"ctgan": CTGANSynthesizer, "copula-gan": CopulaGANSynthesizer, "tvae": TVAESynthesizer}
STATISTICS_ROWS = 60_000  # to know what a batch's mean and variance are on average

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Span:
    """The outputs of one column.

    Attributes:
        column: Its name.
        codes: Of a category: its codes in the order of the logits; None for a number.
        center: Of a number: each component's mean.
        scale: Of a number: four standard deviations of each component.
    """

    column: str
    codes: Floats | None
    center: Floats
    scale: Floats

    @property
    def size(self) -> int:
        return len(self.center if self.codes is None else self.codes)


def fit(kind: str, table: pd.DataFrame, columns: list[Column], epochs: int | None, report: Report) -> Any:
    """SDV's synthesizer of this kind with its default layers, fitted to `table`.

    Args:
        kind: A key of `SYNTHESIZERS`.
        table: One row a message, without gaps; strings of codes for categories.
        columns: Of the table.
        epochs: None: SDV's default.
        report: Told after each epoch.

    Raises:
        RecordingError: SDV makes of the numbers what it cannot learn itself.
    """
    check_versions("ctgan")
    options = {"enforce_rounding": False, "enable_gpu": False} | ({} if epochs is None else {"epochs": epochs})
    synthesizer = SYNTHESIZERS[kind](metadata_of(columns), **options)
    synthesizer._model_kwargs["verbose"] = True  # whose bar is ours
    learning = told(f"ctgan.synthesizers.{'tvae' if kind == 'tvae' else 'ctgan'}", report)
    # ctgan would start processes of its own, whose tracebacks an interruption leaves on the terminal.
    with quietly(), parallel_config("sequential"), learning:
        try:
            synthesizer.fit({"table": table})
        except InvalidDataError as error:
            raise RecordingError(
                f"SDV's {kind} makes NaN of these numbers, as it does of some below 1e-150; choose gaussian-copula"
            ) from error
    return synthesizer


def spans(synthesizer: Any) -> list[Span]:
    """The outputs of each column, in the network's order."""
    model = synthesizer._model
    infos = (model.transformer if hasattr(model, "transformer") else model._transformer)._column_transform_info_list
    return [_span(info) for info in infos]


def layers(synthesizer: Any, rng: np.random.Generator) -> list[Layer]:
    """Weights (inputs, outputs) and biases; batch normalisation is folded in, by its average over many batches."""
    if isinstance(synthesizer, TVAESynthesizer):
        return [_linear(module) for module in _modules(synthesizer._model.decoder.seq, "Linear", "ReLU")[::2]]
    *residuals, last = _modules(synthesizer._model._generator.seq, "Residual", "Linear")
    source = _noise(synthesizer, rng)
    folded = []
    for residual in residuals:
        weight, bias = _linear(residual.fc)
        normalised = residual.bn
        if type(normalised).__name__ != "BatchNorm1d":
            raise ExportError(f"CTGAN: layer {type(normalised).__name__} is not known to the export")
        before = source @ weight + bias
        factor = normalised.weight.detach().numpy() / np.sqrt(before.var(axis=0) + normalised.eps)
        shift = normalised.bias.detach().numpy() - before.mean(axis=0) * factor
        folded.append((weight * factor, bias * factor + shift))
        source = np.concatenate([np.maximum(before * factor + shift, 0), source], axis=1)
    return [*folded, _linear(last)]


def condition(synthesizer: Any) -> Floats:
    """The probability of each entry of the condition, as SDV samples; none for TVAE, or without categories."""
    if isinstance(synthesizer, TVAESynthesizer):
        return np.empty(0)
    sampler = synthesizer._model._data_sampler
    chances = sampler._discrete_column_category_prob
    sizes = sampler._discrete_column_n_category
    entries = np.concatenate([row[:size] for row, size in zip(chances, sizes, strict=True)] or [np.empty(0)])
    return np.asarray(entries / entries.sum() if len(entries) else entries, np.float64)


def noise(synthesizer: Any) -> Floats | None:
    """The standard deviation that TVAE adds to each of its outputs; None for the others."""
    if not isinstance(synthesizer, TVAESynthesizer):
        return None
    return np.asarray(synthesizer._model.decoder.sigma.detach().numpy(), np.float64)


def limits(synthesizer: Any, column: str) -> tuple[float, float]:
    """The smallest and largest number of a column that SDV lets through."""
    transformer = synthesizer._data_processor._hyper_transformer.field_transformers[column]
    if type(transformer) is not FloatFormatter:
        raise ExportError(f"{column}: transformer {type(transformer).__name__} is not known to the export")
    if not transformer.enforce_min_max_values or transformer.learn_rounding_scheme:
        raise ExportError(f"{column}: FloatFormatter rounds or does not clip, which the export does not know")
    return float(transformer._min_value), float(transformer._max_value)


def normal_to_number(synthesizer: Any, column: str) -> Quantile | None:
    """How CopulaGAN turns what its network says into a number; None for the others."""
    normalizer = synthesizer.__dict__.get("_gaussian_normalizer_hyper_transformer")
    if normalizer is None:
        return None
    transformer = normalizer.field_transformers[column]
    if type(transformer) is not GaussianNormalizer:
        raise ExportError(f"{column}: transformer {type(transformer).__name__} is not known to the export")

    def number(z: Floats) -> Floats:
        with quietly():
            return np.asarray(transformer._univariate.percent_point(norm.cdf(z)), np.float64)

    return number


def losses(synthesizer: Any) -> pd.DataFrame:
    """The losses of each epoch: a column `Epoch` and one a loss."""
    values: pd.DataFrame = synthesizer.get_loss_values()
    return values.drop(columns="Batch", errors="ignore").groupby("Epoch", as_index=False).mean()


def _span(info: Any) -> Span:
    transformer = info.transform
    if info.column_type == "discrete" and type(transformer) is OneHotEncoder:
        codes = np.array([float(label) for label in transformer.dummies])
        return Span(info.column_name, codes, np.empty(0), np.empty(0))
    if info.column_type == "continuous" and type(transformer) is ClusterBasedNormalizer:
        mixture, valid = transformer._bgm_transformer, transformer.valid_component_indicator
        center, variance = mixture.means_.ravel()[valid], mixture.covariances_.ravel()[valid]
        return Span(info.column_name, None, center, transformer.STD_MULTIPLIER * np.sqrt(variance))
    raise ExportError(f"{info.column_name}: transformer {type(transformer).__name__} is not known to the export")


def _modules(sequence: Any, *known: str) -> list[Any]:
    modules = list(sequence)
    for module in modules:
        if type(module).__name__ not in known:
            raise ExportError(f"layer {type(module).__name__} is not known to the export")
    return modules


def _linear(module: Any) -> Layer:
    if type(module) is not torch.nn.Linear:
        raise ExportError(f"layer {type(module).__name__} is not known to the export")
    weight, bias = module.weight.detach().numpy(), module.bias.detach().numpy()
    return np.asarray(weight.T, np.float64), np.asarray(bias, np.float64)


def _noise(synthesizer: Any, rng: np.random.Generator) -> NDArray[np.float32]:
    """What the network is fed with, as SDV samples: noise, and one entry of the condition."""
    chances = condition(synthesizer)
    drawn = rng.standard_normal((STATISTICS_ROWS, synthesizer._model._embedding_dim), np.float32)
    if not len(chances):
        return drawn
    entries = rng.choice(len(chances), STATISTICS_ROWS, p=chances)
    return np.concatenate([drawn, np.eye(len(chances), dtype=np.float32)[entries]], axis=1)
