"""The private attributes of SDV's PARSynthesizer: the recurrent network, and where it has each column.

What is not known is named and refused.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from deepecho.models.par import PARModel, PARNet
from numpy.typing import NDArray
from sdv.data_processing.numerical_formatter import NumericalFormatter
from sdv.metadata import Metadata
from sdv.sequential import PARSynthesizer

from agent.reading import Column
from trainer.inside.common import ExportError, check_versions
from trainer.inside.epochs import told
from trainer.models.fitted import Report

SEGMENT, HOUR, TIME = (
    "?segment",
    "?hour",
    "?time",
)  # columns beside the table's, whose names begin with no question mark
TOKENS = "<TOKEN>"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """The weights, in float64, as torch lays them out: (outputs, inputs); gates in the order reset, update, new."""

    down: tuple[Floats, Floats]
    gates_input: tuple[Floats, Floats]
    gates_state: tuple[Floats, Floats]
    up: tuple[Floats, Floats]


@dataclass(frozen=True)
class Number:
    """Where the network has a number, and what it makes of it.

    Attributes:
        mean: Place of the normal's mean among inputs and outputs.
        deviation: Place of its deviation, before softplus.
        missing: Place of the flag that it is missing.
        center: Added to `scale` times what is drawn.
        scale: See above.
        low: The least that is written.
        high: The most that is written.
    """

    mean: int
    deviation: int
    missing: int
    center: float
    scale: float
    low: float
    high: float


@dataclass(frozen=True)
class Tokens:
    """Places of the one-hot entries that say which row of a segment this is."""

    start: int
    end: int
    body: int


def fit_par(
    table: pd.DataFrame,
    columns: list[Column],
    length: int,
    *,
    hours: Sequence[int] | None,
    times: Floats | None = None,
    epochs: int | None,
    report: Report,
) -> PARSynthesizer:
    """SDV's PARSynthesizer, fitted to the segments of `table`.

    Codes are given as whole numbers: SDV numbers the categories in the order of a set, and that of strings
    differs from process to process.

    Args:
        table: Rows in order; a multiple of `length`; without gaps.
        columns: Of the table.
        length: Rows of each segment.
        hours: Hour of the day of each segment; None where rows do not differ by it.
        times: Of each row's event: SDV's sequence index, if there is to be one.
        epochs: Passes over the table; None: SDV's default.
        report: Told after each epoch.
    """
    check_versions("deepecho")
    kinds = {c.name: {"sdtype": "categorical" if c.size else "numerical"} for c in columns}
    kinds |= {SEGMENT: {"sdtype": "id"}} | ({} if hours is None else {HOUR: {"sdtype": "categorical"}})
    kinds |= {} if times is None else {TIME: {"sdtype": "numerical"}}
    keys = {"sequence_key": SEGMENT} | ({} if times is None else {"sequence_index": TIME})
    metadata = Metadata.load_from_dict({"tables": {"table": {"columns": kinds, **keys}}})
    types = {c.name: np.int64 if c.size else np.float64 for c in columns}
    marked = table.astype(types).assign(**{SEGMENT: np.arange(len(table)) // length})
    if hours is not None:
        marked[HOUR] = np.repeat(np.asarray(hours, np.int64), length)
    if times is not None:
        marked[TIME] = times
    options = {"enforce_rounding": False, "cuda": False} | ({} if epochs is None else {"epochs": epochs})
    context = None if hours is None else [HOUR]
    synthesizer = PARSynthesizer(metadata, context_columns=context, verbose=True, **options)
    with _one_thread(), warnings.catch_warnings(), told("deepecho.models.par", report):
        warnings.simplefilter("ignore")  # about what SDV itself does with the metadata of its own context model
        synthesizer.fit({"table": marked})
    synthesizer._model_kwargs["verbose"] = False  # or it draws a bar for every sample
    return synthesizer


def sample(synthesizer: PARSynthesizer, segments: int, length: int, hour: int | None) -> pd.DataFrame:
    """Segments of `length` rows as SDV draws them, one after another; of an average time, if it knows times."""
    context = pd.DataFrame({SEGMENT: np.arange(segments)})
    if hour is not None:
        context[HOUR] = hour
    if synthesizer._sequence_index is not None:
        context[f"{TIME}.context"] = list(_model(synthesizer)._ctx_map.values())[-1]["mu"]
    with _one_thread():
        rows: pd.DataFrame = synthesizer._sample(context, length)
    if len(rows) != segments * length:
        raise ExportError(f"PARSynthesizer: drew {len(rows)} rows for {segments} segments of {length}")
    return rows


def losses(synthesizer: PARSynthesizer) -> pd.DataFrame:
    """The loss of each epoch."""
    table: pd.DataFrame = synthesizer.get_loss_values()
    return table


def network(synthesizer: PARSynthesizer) -> Network:
    """The weights of the fitted network."""
    model = _model(synthesizer)
    net = model._model
    data, context = model._data_dims, model._ctx_dims
    _require(type(net) is PARNet and net.context_size == context, "PARNet", net)
    _require([name for name, _ in net.named_children()] == ["down", "rnn", "up"], "PARNet's layers", net)
    state = net.down.out_features
    _require(type(net.rnn) is torch.nn.GRU and len(net.rnn._all_weights[0]) == 4, "recurrent layer", net.rnn)
    _require(net.rnn.num_layers == 1 and not net.rnn.bidirectional, "recurrent layer", net.rnn)
    return Network(
        down=_layer(net.down, (state, data + context)),
        gates_input=_weights(net.rnn.weight_ih_l0, net.rnn.bias_ih_l0, (3 * state, state)),
        gates_state=_weights(net.rnn.weight_hh_l0, net.rnn.bias_hh_l0, (3 * state, state)),
        up=_layer(net.up, (data, state)),
    )


def number(synthesizer: PARSynthesizer, column: Column) -> Number:
    """Where and how the synthesizer has a number of `column`."""
    known = _known(synthesizer, column)
    _require(known["type"] == "continuous" and not known["nulls"], f"{column.name}: kind of number", known)
    formatter = synthesizer._data_processor.formatters[column.name]
    plain = type(formatter) is NumericalFormatter and formatter.enforce_min_max_values
    _require(plain and formatter._rounding_digits is None, f"{column.name}: format", formatter)
    limits = float(formatter._min_value), float(formatter._max_value)
    mean, deviation, missing = known["indices"]
    return Number(mean, deviation, missing, float(known["mu"]), float(known["std"]), *limits)


def step(synthesizer: PARSynthesizer) -> tuple[int, int, int] | None:
    """Places of the step in time since the row before: mean, deviation and missing; None without a sequence index."""
    model = _model(synthesizer)
    if synthesizer._sequence_index is None:
        return None
    known = model._data_map[synthesizer._data_columns.index(TIME)]
    _require(known["type"] == "continuous" and not known["nulls"], "kind of step", known)
    mean, deviation, missing = known["indices"]
    return mean, deviation, missing


def codes(synthesizer: PARSynthesizer, column: Column) -> list[int | None]:
    """The place of each code of `column` among inputs and outputs; None for one that SDV never saw."""
    known = _known(synthesizer, column)
    _require(known["type"] == "categorical", f"{column.name}: kind of category", known)
    _require(set(known["indices"]) <= set(range(column.size or 0)), f"{column.name}: codes", known)
    return [known["indices"].get(code) for code in range(column.size or 0)]


def unused(synthesizer: PARSynthesizer, column: Column) -> int:
    """The place before the codes of a category: 0 while SDV learns, but what the network puts there when it draws."""
    places = sorted(_known(synthesizer, column)["indices"].values())
    _require(places == list(range(places[0], places[0] + len(places))), f"{column.name}: places of codes", places)
    return int(places[0]) - 1


def tokens(synthesizer: PARSynthesizer) -> Tokens:
    """Places of the tokens."""
    known = _model(synthesizer)._data_map[TOKENS]
    _require(list(known["indices"]) == ["<START>", "<END>", "<BODY>"], "tokens", known)
    return Tokens(*known["indices"].values())


def hours(synthesizer: PARSynthesizer) -> dict[int, int]:
    """For each hour of the day that SDV saw, its place among the context's inputs; empty where it saw none."""
    known = list(_model(synthesizer)._ctx_map.values())
    if synthesizer._sequence_index is not None:  # the first row's time comes last, and an average one adds nothing
        _require(known[-1]["type"] == "continuous" and not known[-1]["nulls"], "context", known)
        known = known[:-1]
    if not known:
        return {}
    _require(synthesizer.context_columns == [HOUR] and len(known) == 1, "context", known)
    _require(known[0]["type"] == "categorical", "kind of context", known[0])
    return {int(hour): place for hour, place in known[0]["indices"].items()}


@contextmanager
def _one_thread() -> Iterator[None]:
    """Products this small are slower in several threads, and their sums would depend on how many there are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _model(synthesizer: PARSynthesizer) -> PARModel:
    model = synthesizer._model
    _require(type(model) is PARModel and model.sample_size == 1, "PARModel", model)
    _require(synthesizer._sequence_index in (None, TIME), "sequence index", synthesizer._sequence_index)
    _require(synthesizer.segment_size is None, "segment size", synthesizer.segment_size)
    return model


def _known(synthesizer: PARSynthesizer, column: Column) -> dict[str, Any]:
    transformer = synthesizer._data_processor._hyper_transformer.field_transformers[column.name]
    _require(transformer is None, f"{column.name}: transformer", transformer)
    known: dict[str, Any] = _model(synthesizer)._data_map[synthesizer._data_columns.index(column.name)]
    return known


def _layer(layer: Any, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    _require(type(layer) is torch.nn.Linear, "layer", layer)
    return _weights(layer.weight, layer.bias, shape)


def _weights(weight: torch.Tensor, bias: torch.Tensor, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    _require(tuple(weight.shape) == shape and tuple(bias.shape) == shape[:1], "shape of weights", weight.shape)
    return weight.detach().numpy().astype(np.float64), bias.detach().numpy().astype(np.float64)


def _require(fact: bool, what: str, found: object) -> None:
    if not fact:
        raise ExportError(f"PARSynthesizer: {what} is not known to the export: {str(found)[:200]}")
