"""CTGAN, CopulaGAN and TVAE against SDV's own: the network, what becomes of its outputs, and what is drawn."""

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sdv.single_table import CopulaGANSynthesizer

from agent.errors import RecordingError
from agent.models.bundle import Bundle
from agent.models.network import Network
from agent.models.neural import NeuralSampler
from agent.models.registry import sampler_of
from agent.models.spans import Spans
from tests.made_task import COLUMNS, NAMES, SMALL, bundle_of, frame, made_task
from trainer.corrections import FREQUENCIES, SAMPLED
from trainer.inside import gan as inside_gan
from trainer.models import frequencies, neural
from trainer.models.layers import turned
from trainer.models.neural import Neural
from trainer.parity import ROWS, prove, total_variation

KINDS = ["ctgan", "copula-gan", "tvae"]
CATEGORIES = [column for column in COLUMNS if column.size]


@dataclass(frozen=True)
class Case:
    """A fit, and its exports as they are read back."""

    kind: str
    fitted: Neural
    plain: Bundle
    corrected: Bundle


@pytest.fixture(scope="module", params=KINDS)
def case(request: pytest.FixtureRequest) -> Case:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "copula-gan":  # CTGAN's layers are of SDV's own size, these are quicker
            patch.setitem(inside_gan.SYNTHESIZERS, "copula-gan", partial(CopulaGANSynthesizer, **SMALL))
        fitted = neural.fit(request.param, made_task())
    return Case(request.param, fitted, *(bundle_of(request.param, fitted, corrected) for corrected in (False, True)))


def infos(fitted: Neural) -> list[Any]:
    model = fitted.synthesizer._model
    return (model.transformer if fitted.kind == "tvae" else model._transformer)._column_transform_info_list


def noise_of(fitted: Neural, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise, and which entry of the condition is one."""
    rng, entries = np.random.default_rng(seed), len(inside_gan.condition(fitted.synthesizer))
    width = fitted.synthesizer._model_kwargs["embedding_dim"]
    return rng.standard_normal((count, width), np.float32), rng.integers(0, max(1, entries), count)


def torch_outputs(fitted: Neural, noise: np.ndarray, entries: np.ndarray) -> np.ndarray:
    """What SDV's network gives in double precision, with a whole population's mean and variance for a batch's."""
    model = fitted.synthesizer._model
    network = deepcopy(model.decoder if fitted.kind == "tvae" else model._generator).double()
    size = len(inside_gan.condition(fitted.synthesizer))
    source = np.hstack([noise, np.eye(size)[entries]]) if size else noise
    with torch.no_grad():
        norms = [layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm1d)]
        assert len(norms) == (0 if fitted.kind == "tvae" else 2)
        if norms:
            population = inside_gan._noise(fitted.synthesizer, np.random.default_rng(fitted.task.seed))
            for norm in norms:
                norm.momentum = 1.0  # the running statistics become those of the next batch
            network.train()(torch.from_numpy(population).double())
            for norm in norms:
                norm.running_var *= 1 - 1 / len(population)  # kept unbiased, used biased
        outputs = network.eval()(torch.from_numpy(source).double())
    return (outputs[0] if fitted.kind == "tvae" else outputs).numpy()


def as_ours(fitted: Neural, outputs: np.ndarray) -> np.ndarray:
    """SDV's outputs in our order: a number's own output first, then the logits of every column, by code if drawn."""
    first, places = 0, {}
    for info in infos(fitted):
        if info.column_type == "continuous":
            places[info.column_name] = (first, list(range(first + 1, first + info.output_dimensions)))
        else:
            by_code = {int(label): first + place for place, label in enumerate(info.transform.dummies)}
            codes = list(by_code) if fitted.kind == "tvae" else sorted(by_code)
            places[info.column_name] = (None, [by_code[code] for code in codes])
        first += info.output_dimensions
    numbers = [places[name][0] for name in NAMES if places[name][0] is not None]
    logits = [outputs[:, places[name][1]] for name in NAMES]
    if fitted.kind != "tvae":  # whose largest logit wins, as SDV has it
        logits = [column[:, 1:] - column[:, :1] for column in logits]
    return np.hstack([outputs[:, numbers], *logits])


def test_the_layers_give_what_torch_gives_for_the_same_noise(case: Case) -> None:
    fitted = case.fitted
    noise, entries = noise_of(fitted, 2000, 1)
    layers = inside_gan.layers(fitted.synthesizer, np.random.default_rng(fitted.task.seed))
    weights = [weight.astype(np.float32) for weight, _ in layers]
    conditions = len(inside_gan.condition(fitted.synthesizer))
    network = Network(weights, [bias.astype(np.float32) for _, bias in layers], conditions)
    difference = np.abs(network.outputs(noise, entries).T - torch_outputs(fitted, noise, entries)).max()
    assert difference < 1e-5


def test_half_precision_moves_the_outputs_by_little_and_each_stands_in_its_place(case: Case) -> None:
    fitted = case.fitted
    noise, entries = noise_of(fitted, 2000, 2)
    bundle = case.plain
    network = Network.load(bundle, len(bundle.arrays["condition"]), Spans.load(bundle).outputs)
    expected = as_ours(fitted, torch_outputs(fitted, noise, entries))
    layers = inside_gan.layers(fitted.synthesizer, np.random.default_rng(fitted.task.seed))
    turn = turned(layers, len(bundle.arrays["condition"]))[1].astype(np.float32)
    difference = np.abs(network.outputs(noise @ turn, entries).T - expected)
    assert difference.max() < 2e-3
    assert expected.std(axis=0).min() > 0.01  # no two outputs are alike, so that none could stand for another


class Says(Network):
    """A network that gives these outputs, whatever the noise."""

    def __init__(self, outputs: np.ndarray) -> None:
        self._given = outputs

    def outputs(self, noise: Any, condition: Any) -> np.ndarray:
        return self._given.T


def test_the_same_outputs_become_the_same_values_as_in_sdv(case: Case, mocker) -> None:
    kind, fitted = case.kind, case.fitted
    rng, count = np.random.default_rng(3), 5000
    outputs, activated = [], []
    for info in infos(fitted):
        size = info.output_dimensions - (info.column_type == "continuous")
        chosen = np.eye(size, dtype=np.float32)[rng.integers(0, size, count)]
        if info.column_type == "continuous":
            share = rng.normal(0, 1.5, (count, 1)).astype(np.float32)
            outputs.append(share)
            activated.append(np.tanh(share))
        outputs.append(90 * chosen)
        activated.append(chosen)
    transformer = getattr(fitted.synthesizer._model, "transformer" if kind == "tvae" else "_transformer")
    raw = transformer.inverse_transform(np.hstack(activated))
    mocker.patch.object(fitted.synthesizer._model, "sample", lambda rows: raw.iloc[:rows])
    expected = fitted.sample(count)

    quiet = {**case.plain.arrays, "noise": np.zeros(3)}  # of SDV's decoder no noise was asked for
    bundle = Bundle(case.plain.manifest, quiet)
    spans = Spans.load(bundle)
    sampler = NeuralSampler(Says(as_ours(fitted, np.hstack(outputs))), spans, bundle.arrays["condition"], [])
    found = frame(sampler.decode(np.empty((count, 0), np.float32), np.zeros(count, np.intp), rng))
    for column in COLUMNS:
        ours, theirs = found[column.name], expected[column.name]
        if column.size:
            assert (ours.to_numpy() == theirs.to_numpy()).all()
            assert theirs.nunique() == column.size
        else:
            span = float(np.ptp(fitted.table[column.name]))
            worst = float(np.abs(ours.to_numpy() - theirs.to_numpy(np.float64)).max()) / span
            assert worst < 5e-4
            assert theirs.nunique() > 1000


def test_twenty_thousand_rows_hold_against_sdv(case: Case) -> None:
    kind, fitted = case.kind, case.fitted
    sampler, rng = sampler_of(case.plain), np.random.default_rng(4)
    parity = prove(lambda: frame(sampler.draw(ROWS, rng)), lambda: fitted.sample(ROWS), COLUMNS)
    parity.require(kind)
    assert set(parity.distances) == set(NAMES)


def test_sdv_draws_columns_as_the_task_names_them_and_whole_numbers_whole(case: Case) -> None:
    fitted = case.fitted
    rows = fitted.sample(300)
    assert list(rows) == NAMES
    assert (rows["power"] == rows["power"].round()).all()
    assert set(rows["mode"]) <= {"0", "1", "2"}


def shares_of(fitted: Neural, export: pd.DataFrame) -> dict[str, float]:
    """Total variation of each category to the recording."""
    recorded = fitted.table.astype({column.name: int for column in CATEGORIES}).astype(str)
    return {column.name: total_variation(export[column.name], recorded[column.name]) for column in CATEGORIES}


def test_true_frequencies_bring_every_class_to_its_recorded_share(case: Case) -> None:
    fitted = case.fitted
    plain, corrected = (
        frame(sampler_of(bundle).draw(20_000, np.random.default_rng(5))) for bundle in (case.plain, case.corrected)
    )
    before, after = shares_of(fitted, plain), shares_of(fitted, corrected)
    assert max(before.values()) > 0.03  # else there was nothing to correct
    assert max(after.values()) < 0.02
    assert all(corrected[column.name].nunique() == column.size for column in CATEGORIES)


def without(fitted: Neural, *names: str) -> Neural:
    return replace(fitted, task=replace(fitted.task, without=frozenset(names)))


def test_a_round_of_shifts_gives_each_class_what_it_lacks_and_the_first_class_nothing(case: Case, monkeypatch) -> None:
    monkeypatch.setattr(frequencies, "SHIFTS", 1)
    fitted = case.fitted
    shifted, before = fitted.export(corrected=True), without(fitted, FREQUENCIES).export(corrected=True)
    rows = fitted._drawn({**before, "condition": shifted["condition"]})
    last = max(name for name in before if name.startswith("bias/"))
    expected = [np.zeros(sum(1 for column in COLUMNS if not column.size))]
    for column, size, drawn in zip(COLUMNS, before["kinds"], rows.T, strict=True):
        lacking = np.zeros(size)
        if column.size:
            shares = [np.bincount(codes.astype(int), minlength=size) for codes in (fitted.table[column.name], drawn)]
            recorded, found = (share / share.sum() + frequencies.SLIGHT for share in shares)
            lacking = np.clip(np.log(recorded / found), -2, 2)
        expected.append(lacking[1:] - lacking[0])
    moved = shifted[last] - before[last]
    assert moved == pytest.approx(np.concatenate(expected), abs=1e-5)
    assert np.abs(moved).max() > 0.1


def test_each_correction_can_be_left_out(case: Case) -> None:
    kind, fitted = case.kind, case.fitted
    names = {"tvae": (FREQUENCIES, SAMPLED)}.get(kind, (FREQUENCIES,))
    assert fitted.corrections == names
    plain = case.plain.arrays
    none = without(fitted, *names)
    assert none.corrections == ()
    assert all(np.array_equal(array, plain[name]) for name, array in none.export(corrected=True).items())
    rest = without(fitted, FREQUENCIES).export(corrected=True)
    different = {name for name, array in rest.items() if not np.array_equal(array, plain[name])}
    last = f"{len([name for name in plain if name.startswith('bias/')]) - 1}"
    sampled = {"argmax", f"weight/{last}", f"bias/{last}"}  # whose logits are relative then
    assert different == (sampled if kind == "tvae" else set())
    whole = case.corrected.arrays
    different = {name for name, array in whole.items() if not np.array_equal(array, plain[name])}
    assert different == (sampled if kind == "tvae" else {f"bias/{last}", "condition"})


@pytest.mark.parametrize("seed", [0, 1])
def test_argmax_drops_classes_and_true_frequencies_bring_them_back_even_without_sampling(seed: int) -> None:
    argmax = without(neural.fit("tvae", made_task(seed=seed)), SAMPLED)
    before, after = (
        frame(sampler_of(bundle_of("tvae", argmax, corrected)).draw(20_000, np.random.default_rng(6)))
        for corrected in (False, True)
    )
    assert before["state"].nunique() < 6
    assert after["state"].nunique() == 6
    assert max(shares_of(argmax, after).values()) < 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(kind: str, quick) -> None:
    made = []
    for seed in (1, 1, 2):
        task = made_task(100, epochs=2, seed=seed)
        made.append(bundle_of(kind, neural.fit(kind, task)).to_bytes())
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_losses_are_told_epoch_by_epoch_and_kept(mocker) -> None:
    told = mocker.Mock()
    fitted = neural.fit("ctgan", made_task(60, epochs=3, report=told))
    assert [call.args[:2] for call in told.call_args_list] == [(1, 3), (2, 3), (3, 3)]
    assert list(fitted.losses["Epoch"]) == [0, 1, 2]
    assert len(fitted.losses.columns) > 1
    assert np.isfinite(fitted.losses.to_numpy(float)).all()


def test_of_logits_that_saturate_sdvs_own_first_wins(mocker) -> None:
    fitted = neural.fit("tvae", made_task(60, epochs=1))
    arrays = fitted.export(corrected=False)
    last = max(name for name in arrays if name.startswith("bias/"))
    bundle = bundle_of("tvae", fitted, False, **{last: np.full_like(arrays[last], 50)})
    rows = frame(sampler_of(bundle).draw(50, np.random.default_rng(9)))
    first = {info.column_name: info.transform.dummies[0] for info in infos(fitted) if info.column_type == "discrete"}
    assert first["mode"] != 0  # the codes' order would say so
    assert {name: set(rows[name]) for name in first} == {name: {str(int(code))} for name, code in first.items()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [["level"], ["mode"]])
def test_a_table_of_numbers_only_or_categories_only_can_be_learnt(kind: str, kept: list[str], quick) -> None:
    task = made_task(60, epochs=1)
    columns = [column for column in COLUMNS if column.name in kept]
    fitted = neural.fit(kind, replace(task, table=task.table[kept], columns=columns))
    arrays = fitted.export(corrected=True)
    assert len(arrays["kinds"]) == 1
    rows = fitted._drawn(arrays)
    assert np.isfinite(rows).all()
    assert list(fitted.sample(20)) == kept


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("copula-gan", 1e-300 * np.arange(1, 8), r"^SDV's copula-gan makes NaN of these .*; choose gaussian-copula$"),
        ("tvae", np.linspace(-9e14, 9e14, 60), r"^level: its numbers are too far apart for tvae; choose"),
    ],
)
def test_numbers_that_a_network_cannot_hold_are_refused_in_one_sentence(kind: str, values, said: str) -> None:
    task = replace(made_task(60, epochs=1), columns=COLUMNS[:1], table=pd.DataFrame({"level": np.resize(values, 60)}))
    with pytest.raises(RecordingError, match=said):
        neural.fit(kind, task).export(corrected=True)
