"""`--model auto`: which kinds are tried, on what, and which one is taken."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agent.errors import RecordingError
from tests.made_task import COLUMNS, bundle_of, frame, made_task
from tests.trainer.conftest import recording_of
from trainer import auto
from trainer.auto import Score, choose
from trainer.draft import drawn
from trainer.fit import Options, fit
from trainer.models.fitted import Task
from trainer.progress import STEPS
from trainer.table import typed, without_gaps

NEURAL = ["ctgan", "copula-gan", "tvae"]


def recorded(task: Task, rng: np.random.Generator) -> pd.DataFrame:
    return typed(without_gaps(task.table, rng), task.columns)


def shuffled(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The same columns, each in an order of its own: nothing hangs together any more."""
    return pd.DataFrame({name: rng.permutation(table[name].to_numpy()) for name in table})


@pytest.fixture
def unfitted(monkeypatch) -> list[tuple[str, Task]]:
    """Every kind is fitted by noting what it was given."""
    given: list[tuple[str, Task]] = []

    def noting(kind: str) -> Any:
        return lambda task: given.append((kind, task))

    monkeypatch.setattr(auto, "FITS", {kind: noting(kind) for kind in auto.FITS})
    return given


@pytest.mark.parametrize(
    ("rows", "ordered", "kinds"),
    [
        (60, False, ["gaussian-copula"]),
        (199, True, ["gaussian-copula"]),
        (200, True, ["gaussian-copula", "par"]),
        (499, False, ["gaussian-copula"]),
        (500, False, ["gaussian-copula", *NEURAL]),
        (500, True, ["gaussian-copula", *NEURAL, "par"]),
    ],
)
def test_a_kind_is_tried_where_the_recording_has_rows_enough_for_it(unfitted, rows, ordered, kinds) -> None:
    task = made_task(rows, times=np.arange(rows) * 60.0 if ordered else None)
    scores = choose(task, lambda *_: recorded(task, task.rng), lambda _: None)
    assert [kind for kind, _ in unfitted] == kinds
    assert sorted(score.kind for score in scores) == sorted(kinds)


def test_every_fifth_row_is_kept_back_with_its_hour(unfitted) -> None:
    task = made_task(100, hours=True)
    choose(task, lambda *_: recorded(task, task.rng), lambda _: None)
    part = unfitted[0][1]
    kept = [place for place in range(100) if place % 5 != 4]
    assert part.table["level"].tolist() == task.table["level"][kept].tolist()
    assert part.hours.tolist() == task.hours[kept].tolist()


def test_what_draws_the_recording_best_comes_first_and_each_is_told_as_it_is_known(unfitted) -> None:
    task, told = made_task(500), []
    whole = recorded(task, task.rng)
    rows = {
        "gaussian-copula": shuffled(whole, np.random.default_rng(1)),
        "ctgan": whole,
        "copula-gan": whole.assign(level=whole["level"] * 3),
        "tvae": shuffled(whole, np.random.default_rng(1)).assign(level=whole["level"] * 3, mode="0"),
    }
    scores = choose(task, lambda kind, _: rows[kind], told.append)
    assert [score.kind for score in told] == ["gaussian-copula", *NEURAL]
    assert [score.kind for score in scores][0::3] == ["ctgan", "tvae"]
    assert [score.mean for score in scores] == sorted((score.mean for score in told), reverse=True)
    assert all(0 <= value <= 1 for score in scores for value in (score.quality, score.detection, score.mean))


def test_rows_that_follow_each_other_as_recorded_are_preferred_where_the_order_is_known(unfitted) -> None:
    task = made_task(500, times=np.arange(500) * 60.0)
    level = 20 + np.cumsum(np.random.default_rng(2).normal(0, 0.1, 500))  # a walk: each like the one before
    task = replace(task, table=task.table.assign(level=level))
    whole = recorded(task, task.rng)
    apart = whole.sample(frac=1, random_state=3, ignore_index=True)
    scores = choose(task, lambda kind, _: whole if kind == "par" else apart, lambda _: None)
    assert scores[0].kind == "par"
    assert scores[0].autocorrelation == pytest.approx(1, abs=0.02)  # gaps are filled at random
    assert all(score.autocorrelation < 0.9 for score in scores[1:] if score.autocorrelation is not None)


def test_a_mean_is_of_the_figures_that_there_are() -> None:
    assert Score("a", 0.9, 0.5, 0.1).mean == pytest.approx(0.5)
    assert Score("a", 0.9, 0.5, None).mean == pytest.approx(0.7)
    assert Score("a", 0.98765, 0.5, None).figures() == {
        "kind": "a",
        "quality": 0.9877,
        "detection": 0.5,
        "autocorrelation": None,
        "mean": 0.7438,
    }


@pytest.mark.parametrize("held", [True, False])
def test_a_class_or_a_value_that_is_there_once_is_no_obstacle(held, monkeypatch) -> None:
    monkeypatch.setattr(auto, "FITS", {kind: auto.FITS[kind] for kind in ("gaussian-copula", "tvae")})
    task = made_task(500, epochs=1)
    table = task.table.copy()
    once = 9 if held else 10
    table["state"] = table["state"].replace(5, 0)
    table.loc[once, "state"] = 5
    table["wind"] = np.where(np.arange(500) == once, 3.0, np.nan)
    task = replace(task, table=table)
    scores = choose(task, lambda kind, fitted: drawn(bundle_of(kind, fitted), task, 500), lambda _: None)
    assert len(scores) == 2
    assert all(0 <= score.mean <= 1 for score in scores)


def test_the_same_seed_chooses_alike_whatever_was_drawn_before(monkeypatch) -> None:
    monkeypatch.setattr(auto, "FITS", {kind: auto.FITS[kind] for kind in ("gaussian-copula", "tvae")})
    found = []
    for number in range(2):
        np.random.seed(number)
        task = made_task(500, epochs=1)
        draw = lambda kind, fitted: frame(bundle_rows(kind, fitted))  # noqa: E731
        found.append(choose(task, draw, lambda _: None))
    assert found[0] == found[1]


def bundle_rows(kind: str, fitted: Any) -> np.ndarray:
    from agent.models.registry import sampler_of

    return sampler_of(bundle_of(kind, fitted)).draw(500, np.random.default_rng(0))


@pytest.mark.parametrize("kept", ["level", "mode"])
def test_a_single_column_can_be_chosen_for(unfitted, kept) -> None:
    task = made_task(60)
    task = replace(task, table=task.table[[kept]], columns=[column for column in COLUMNS if column.name == kept])
    scores = choose(task, lambda *_: recorded(task, task.rng), lambda _: None)
    assert 0 <= scores[0].mean <= 1


def chain(count: int) -> list[dict[str, float]]:
    """Three numbers that hang together so strongly that only what models dependence draws them."""
    rng = np.random.default_rng(4)
    first = rng.normal(50, 10, count)
    return [{"a": round(a, 2), "b": round(2 * a + rng.normal(), 2), "c": round(300 - a * 3, 1)} for a in first.tolist()]


def test_a_recording_whose_columns_hang_together_takes_the_kind_that_learnt_it() -> None:
    told: list[Score] = []
    outcome = fit(recording_of(chain(500)), "chain", Options(kind="auto", epochs=2, scored=told.append))
    manifest = outcome.bundle.manifest
    assert [score.kind for score in told] == ["gaussian-copula", *NEURAL]
    assert manifest.kind == "gaussian-copula"
    assert manifest.choice[0] == {**max(told, key=lambda score: score.mean).figures(), "kind": "gaussian-copula"}
    assert sorted(str(figures["kind"]) for figures in manifest.choice) == sorted(score.kind for score in told)
    assert [figures["mean"] for figures in manifest.choice] == sorted(
        (round(score.mean, 4) for score in told), reverse=True
    )
    assert manifest.provenance.rows == 500


@pytest.mark.parametrize("kind", ["gaussian-copula", "auto"])
def test_the_bar_has_as_many_steps_as_a_fit(kind) -> None:
    told: list[str] = []
    fit(recording_of(chain(60)), "chain", Options(kind=kind, step=told.append))
    assert len(told) == STEPS + (kind == "auto")


def test_without_auto_nothing_is_chosen() -> None:
    assert fit(recording_of(chain(60)), "chain").bundle.manifest.choice == []


def test_a_kind_that_cannot_learn_the_recording_is_left_out(unfitted) -> None:
    task = made_task(500)

    def draw(kind: str, _: Any) -> pd.DataFrame:
        if kind == "tvae":
            raise RecordingError("level: its numbers are too far apart for tvae")
        return recorded(task, task.rng)

    assert {score.kind for score in choose(task, draw, lambda _: None)} == {"gaussian-copula", "ctgan", "copula-gan"}


def test_a_recording_that_no_kind_can_learn_is_refused(unfitted) -> None:
    def draw(*_: Any) -> pd.DataFrame:
        raise RecordingError("too far apart")

    with pytest.raises(RecordingError, match="too far apart"):
        choose(made_task(500), draw, lambda _: None)
