"""PAR's export against SDV's own network and rows, for a room that is slow to warm and cool."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from agent.errors import ConditionError
from agent.models.bundle import Bundle
from agent.models.manifest import Manifest
from agent.models.sampler import Given
from agent.models.sequence import SequenceSampler
from agent.reading import Column
from tests.made import manifest_of
from trainer.corrections import FREQUENCIES, INDEX, ORDER, SEGMENTS
from trainer.inside import par as inside_par
from trainer.models import sequence
from trainer.models.fitted import Task
from trainer.models.sequence import Sequences
from trainer.parity import ks, prove, total_variation
from trainer.table import typed

MESSAGE: dict[str, Any] = {
    "node": "object",
    "members": {
        "temperature": {"node": "number", "column": "temperature", "format": {}},
        "light": {"node": "category", "column": "light", "labels": ["off", "on"]},
        "persons": {"node": "number", "column": "persons", "format": {"denominator": 1, "decimals": 0}},
    },
}
COLUMNS = [Column(name="temperature"), Column(name="light", size=2), Column(name="persons", integer=True)]
ROWS, LONG = 750, 60


def room(rows: int = ROWS) -> pd.DataFrame:
    """Lag-1 autocorrelation of the temperature: 0.9."""
    rng, values = np.random.default_rng(0), np.zeros(rows)
    for row in range(1, rows):
        values[row] = 0.9 * values[row - 1] + rng.normal() * 0.19**0.5
    persons = np.rint(np.maximum(0, 2 + 2 * values + rng.normal(size=rows)))
    return pd.DataFrame({"temperature": 20 + 3 * values, "light": (values > 0.3).astype(float), "persons": persons})


def task(rows: int = ROWS, epochs: int = 3, **changes: Any) -> Task:
    """Six rows an hour."""
    hours = np.arange(rows) // 6 % 24
    times = np.cumsum(np.random.default_rng(1).uniform(300, 900, rows))
    made = Task(room(rows), COLUMNS, np.random.default_rng(2), hours=hours, times=times, epochs=epochs, seed=4)
    return replace(made, **changes)


@pytest.fixture(scope="module")
def fitted() -> Sequences:
    return sequence.fit(task(epochs=250))


def sampler_of(
    arrays: Mapping[str, np.ndarray], hours: bool = True, message: dict[str, Any] = MESSAGE
) -> SequenceSampler:
    manifest = Manifest.model_validate(manifest_of(message, kind="par", hours=24 if hours else 0))
    return SequenceSampler.load(Bundle(manifest, arrays))


def drawn(sampler: SequenceSampler, some: Task, count: int) -> pd.DataFrame:
    """Rows at hours as they occur."""
    rng, wanted = np.random.default_rng(6), zip(*np.unique(some.some_hours(count), return_counts=True), strict=True)
    rows = np.concatenate([sampler.draw(int(rows), rng, Given(int(hour))) for hour, rows in wanted])
    return typed(pd.DataFrame(rows, columns=[column.name for column in COLUMNS]), COLUMNS)


def by_torch(fitted: Sequences, hour: int, noise: np.ndarray, picks: np.ndarray) -> torch.Tensor:
    """The rows that SDV's network goes on from, shape (rows, 1, its entries), with the whole history at each step.

    `noise` (rows, 3) of two numbers, `picks` (rows, 4) of the light, two flags and the token.
    """
    model = fitted.synthesizer._model
    temperature, light, persons, token = (model._data_map[key] for key in (0, 1, 2, inside_par.TOKENS))
    context = torch.zeros(1, model._ctx_dims)
    context[0, model._ctx_map[0]["indices"][hour]] = 1
    history = torch.zeros(1, 1, model._data_dims)
    history[0, 0, token["indices"]["<START>"]] = 1
    for eps, u in zip(torch.tensor(noise), torch.tensor(picks), strict=True):
        with torch.no_grad():
            x = model._model(history, context)[-1:].clone()
        for known, pick in ((light, u[0]), (token, u[3])):
            places = [place for _, place in sorted(known["indices"].items(), key=lambda item: item[1])]
            chances = torch.softmax(x[0, 0, places].double(), 0).cumsum(0)
            x[0, 0, places] = torch.nn.functional.one_hot((chances[:-1] <= pick).sum(), len(places)).float()
        for known, noise_, pick in ((temperature, eps[0], u[1]), (persons, eps[1], u[2])):
            mean, deviation, missing = known["indices"]
            value = x[0, 0, mean] + torch.nn.functional.softplus(x[0, 0, deviation]) * noise_
            flag = pick >= 1 - torch.sigmoid(x[0, 0, missing])
            x[0, 0, mean], x[0, 0, deviation], x[0, 0, missing] = value * ~flag, 0.0, float(flag)
        history = torch.cat([history, x])
    return history[1:]


@pytest.mark.parametrize("hour", [0, 13])
def test_from_the_same_noise_come_the_values_of_torch_and_of_sdv(fitted: Sequences, hour: int):
    rng = np.random.default_rng(hour)
    noise, picks = rng.standard_normal((LONG, 3), np.float32), rng.random((LONG, 4), np.float32)
    picks[10, 3], picks[20, 1] = 0.0, 1 - 1e-7  # a token out of place, a number that is missing
    x = by_torch(fitted, hour, noise, picks)
    model, sampler = fitted.synthesizer._model, sampler_of(fitted.export(corrected=False))
    said = sampler._network.run(noise[:, :, None], picks[:, :, None], hour)[:, :, 0]
    means = [model._data_map[0]["indices"][0], model._data_map[2]["indices"][0], model._data_map[1]["indices"][0] - 1]
    assert np.abs(said[:, :3] - x[:, 0, means].numpy()).max() < 1e-5
    assert said[20, 0] == 0
    theirs = pd.DataFrame(dict(zip(fitted.synthesizer._data_columns, model._tensor_to_data(x), strict=True)))
    theirs = theirs.assign(**{inside_par.SEGMENT: 0, inside_par.HOUR: hour})
    theirs = fitted.synthesizer._data_processor.reverse_transform(theirs)
    ours = pd.DataFrame(
        sampler.decode(noise[:, :, None], picks[:, :, None], hour)[0], columns=[c.name for c in COLUMNS]
    )
    assert (ours["light"] == theirs["light"]).all()
    assert (ours["temperature"] - theirs["temperature"]).abs().max() < 5e-4 * np.ptp(room()["temperature"])
    assert (ours["persons"] == np.rint(theirs["persons"])).all()


def test_without_corrections_rows_are_distributed_as_those_of_sdv(fitted: Sequences):
    sampler = sampler_of(fitted.export(corrected=False))
    prove(lambda: drawn(sampler, fitted.task, 20_000), lambda: fitted.sample(1000), COLUMNS).require("room")


def test_what_follows_what_is_nearly_as_in_the_recording(fitted: Sequences):
    rows = sampler_of(fitted.export(corrected=True)).draw(20_000, np.random.default_rng(0), Given(5))
    assert np.corrcoef(rows[:-1, 0], rows[1:, 0])[0, 1] > 0.6


def test_corrected_rows_have_the_recorded_distributions(fitted: Sequences):
    rows, recorded = drawn(sampler_of(fitted.export(corrected=True)), fitted.task, 20_000), typed(room(), COLUMNS)
    raw = drawn(sampler_of(fitted.export(corrected=False)), fitted.task, 20_000)
    assert ks(rows["temperature"], recorded["temperature"]) < 0.05 < ks(raw["temperature"], recorded["temperature"])
    assert total_variation(rows["light"], recorded["light"]) < 0.03
    assert ks(rows["persons"], recorded["persons"]) < 0.05


MACHINE: dict[str, Any] = {
    "node": "object",
    "members": {
        "level": {"node": "number", "column": "level", "format": {}},
        "mode": {"node": "category", "column": "mode", "labels": ["night", "day"]},
        "state": {"node": "category", "column": "state", "labels": ["idle", "slow", "fast"]},
    },
}
MACHINE_COLUMNS = [Column(name="level"), Column(name="mode", size=2), Column(name="state", size=3)]


@pytest.fixture(scope="module")
def machine() -> Sequences:
    """Ten days, six rows an hour: night from midnight to six; idle rather in the afternoon, and then for a while."""
    rng, rows = np.random.default_rng(7), 1440
    hours = np.arange(rows) // 6 % 24
    state = np.where(rng.random(rows) < np.where(hours < 12, 0.2, 0.8), 0, rng.integers(1, 3, rows))
    for row in np.flatnonzero(rng.random(rows - 1) < 0.7):
        state[row + 1] = state[row]
    table = pd.DataFrame({"level": rng.normal(np.where(hours < 6, 10, 20), 2), "mode": hours >= 6, "state": state})
    times = 600.0 * np.arange(rows)
    return sequence.fit(Task(table.astype(float), MACHINE_COLUMNS, rng, hours=hours, times=times, epochs=60, seed=4))


def shares_of(rows: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(rows.astype(int), minlength=size) / len(rows)


@pytest.mark.parametrize("name", ["mode", "state"])
def test_in_each_hour_classes_come_as_often_as_recorded_in_it(machine: Sequences, name: str):
    sampler = sampler_of(machine.export(corrected=True), message=MACHINE)
    place = [column.name for column in MACHINE_COLUMNS].index(name)
    size, hours = MACHINE_COLUMNS[place].size or 0, machine.task.hours
    for hour in range(24):
        played = shares_of(sampler.draw(8000, np.random.default_rng(hour), Given(hour))[:, place], size)
        recorded = shares_of(machine.task.table[name].to_numpy()[hours == hour], size)
        assert np.abs(played - recorded).sum() / 2 < 0.05, hour


def test_a_class_that_an_hour_never_had_is_never_drawn_in_it(machine: Sequences):
    sampler = sampler_of(machine.export(corrected=True), message=MACHINE)
    for hour in range(24):
        assert set(sampler.draw(8000, np.random.default_rng(hour), Given(hour))[:, 1]) == {float(hour >= 6)}
    with pytest.raises(ConditionError, match="never draws"):
        sampler.draw(1, np.random.default_rng(0), Given(12, ((1, (0.0,)),)))


def test_only_where_rows_differ_by_the_hour_and_frequencies_are_true_does_an_hour_lean(machine: Sequences):
    arrays = machine.export(corrected=True)
    assert arrays["lean"].shape == (24, 5)
    assert arrays["lean"].any(axis=1).all()
    without = replace(machine, task=replace(machine.task, without=frozenset([FREQUENCIES]))).export(corrected=True)
    assert np.array_equal(arrays["output"], without["output"])
    assert not without["lean"].any()
    assert not machine.export(corrected=False)["lean"].any()
    one = sequence.fit(task(205, epochs=1, without=frozenset([SEGMENTS]))).export(corrected=True)
    assert one["lean"].shape == (1, 2)
    assert not one["lean"].any()


def test_fixed_combinations_come_hour_by_hour_as_often_as_recorded(machine: Sequences):
    """At night idle, by day slow or fast: what becomes one of these, as anything else was drawn, counts."""
    names, hours = [column.name for column in MACHINE_COLUMNS], machine.task.hours
    state = np.where(machine.task.table["mode"] == 0, 0, np.maximum(machine.task.table["state"], 1))
    together = {("mode", "state"): np.array([[1, 1], [0, 0], [1, 2]], np.int32)}
    fixed = replace(machine.task, table=machine.task.table.assign(state=state), together=together, epochs=30)
    sampler = sampler_of(sequence.fit(fixed).export(corrected=True), message=MACHINE)
    for hour in range(24):
        rows = sampler.draw(8000, np.random.default_rng(hour), Given(hour))
        fixed.mend(rows, names)
        recorded = shares_of(state[hours == hour], 3)
        assert np.abs(shares_of(rows[:, 2], 3) - recorded).sum() / 2 < 0.05, hour


def test_each_correction_of_the_export_can_be_left_out(fitted: Sequences):
    every = tuple(name for name in fitted.corrections if name not in (ORDER, SEGMENTS, INDEX))  # those are made before
    as_sdv = fitted.export(corrected=False)
    without_all = replace(fitted, task=replace(fitted.task, without=frozenset(every)))
    assert without_all.corrections == (ORDER, SEGMENTS, INDEX)
    assert all(np.array_equal(array, as_sdv[name]) for name, array in without_all.export(corrected=True).items())
    for name in every:
        others = replace(fitted, task=replace(fitted.task, without=frozenset(every) - {name}))
        made = others.export(corrected=True)
        assert any(not np.array_equal(array, as_sdv[key]) for key, array in made.items()), name
        assert np.isfinite(sampler_of(made).draw(100, np.random.default_rng(0), Given(1))).all()


@pytest.mark.parametrize(("rows", "length"), [(20, 10), (25, 10), (650, 13)])
def test_segments_are_a_fiftieth_and_at_least_two(rows: int, length: int):
    made = sequence.fit(task(rows, epochs=1))
    assert made.length == length
    assert made.export(corrected=True)["length"].tolist() == [length]
    assert len(made.sample(33)) == 33


def test_without_equal_segments_the_recording_is_one_sequence_and_its_rows_differ_by_no_hour(mocker):
    fit_par = mocker.spy(inside_par, "fit_par")
    made = sequence.fit(task(205, epochs=1, without=frozenset([SEGMENTS])))
    table, _, learnt = fit_par.call_args.args
    assert (len(table), learnt, fit_par.call_args.kwargs["hours"]) == (205, 205, None)
    assert SEGMENTS not in made.corrections
    assert not made.hours
    arrays = made.export(corrected=True)
    assert arrays["length"].tolist() == [10]
    sampler = sampler_of(arrays, hours=False)
    assert np.isfinite(sampler.draw(100, np.random.default_rng(0))).all()
    assert len(made.sample(33)) == 33


@pytest.fixture(scope="module", params=[frozenset(), frozenset([SEGMENTS])], ids=["segments", "one sequence"])
def indexed(request: pytest.FixtureRequest) -> Sequences:
    """A fit with SDV's sequence index."""
    rows, epochs = (300, 20) if request.param else (ROWS, 150)
    return sequence.fit(task(rows, epochs=epochs, without=frozenset([INDEX]) | request.param))


def test_with_a_sequence_index_too_rows_are_distributed_as_those_of_sdv(indexed: Sequences):
    assert INDEX not in indexed.corrections
    arrays = indexed.export(corrected=False)
    sampler = sampler_of(arrays, hours=indexed.hours)
    assert len(arrays["absent"]) == 4  # two numbers, the step and the echo of the light

    def ours() -> pd.DataFrame:
        if indexed.hours:
            return drawn(sampler, indexed.task, 20_000)
        rows = sampler.draw(20_000, np.random.default_rng(6))
        return typed(pd.DataFrame(rows, columns=[column.name for column in COLUMNS]), COLUMNS)

    prove(ours, lambda: indexed.sample(2000), COLUMNS).require("room")


def test_without_a_sequence_index_is_kept_what_sdv_loses_with_one(fitted: Sequences, indexed: Sequences):
    given = Given(5) if indexed.hours else Given()
    with_index = sampler_of(indexed.export(corrected=True), hours=indexed.hours)
    rows = with_index.draw(20_000, np.random.default_rng(0), given)
    assert np.isfinite(rows).all()
    assert np.corrcoef(rows[:-1, 0], rows[1:, 0])[0, 1] < 0.4  # of 0.9; see above


def test_an_order_is_no_correction_of_a_recording_without_times():
    assert not {ORDER, INDEX} & {*task(times=None).corrections("par")}


def test_the_same_seed_gives_the_same_arrays_and_another_others():
    first, second, other = (sequence.fit(task(200, seed=seed)).export(corrected=True) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["recurrent"], other["recurrent"])


def test_epochs_are_told():
    told: list[tuple[int, int, str]] = []
    made = sequence.fit(task(100, epochs=2, report=lambda *what: told.append(what)))
    assert [what[:2] for what in told] == [(1, 2), (2, 2)]
    assert "Loss" in told[0][2]
    assert len(made.losses) == 2


def test_what_comes_without_hours_or_numbers_or_with_a_code_never_learnt():
    lights = pd.DataFrame({"light": np.append([2.0], np.tile([0.0, 1.0], 50))})  # the odd first row is left out
    made = sequence.fit(
        Task(
            lights,
            [Column(name="light", size=3)],
            np.random.default_rng(0),
            epochs=2,
            without=frozenset(["true-frequencies"]),
        )
    )
    assert not made.hours
    arrays = made.export(corrected=True)
    manifest = manifest_of({"node": "category", "column": "light", "labels": ["off", "on", "blue"]}, kind="par")
    rows = SequenceSampler.load(Bundle(Manifest.model_validate(manifest), arrays)).draw(500, np.random.default_rng(0))
    assert set(rows[:, 0]) == {0.0, 1.0}
    assert set(made.sample(40)["light"]) <= {"0", "1"}
