"""What every model kind that can be fitted owes the trainer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from agent.models.registry import SAMPLERS
from agent.reading import Column
from trainer.corrections import BY_HOUR, CORRECTIONS
from trainer.models.fitted import Fitted, Task
from trainer.models.registry import FITS

COLUMNS = [Column(name="level"), Column(name="count", integer=True), Column(name="state", size=3)]


@pytest.fixture(params=FITS, scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def fitted(kind: str) -> Fitted:
    rng = np.random.default_rng(0)
    state = rng.integers(3, size=200).astype(float)
    table = pd.DataFrame(
        {"level": rng.normal(state, 0.3), "count": rng.poisson(5 + 3 * state).astype(float), "state": state}
    )
    np.random.seed(0)
    return FITS[kind](Task(table, COLUMNS, rng, times=np.arange(200) * 60.0, epochs=5))


def test_every_kind_that_is_fitted_can_be_played():
    assert [*FITS, "declared"] == [*CORRECTIONS, "declared"] == list(SAMPLERS)


def test_sdvs_own_rows_have_the_columns_of_the_table(fitted: Fitted):
    rows = fitted.sample(50)
    assert list(rows) == ["level", "count", "state"]
    assert len(rows) == 50
    assert (rows["count"] % 1 == 0).all()
    assert set(rows["state"]) <= {"0", "1", "2"}


def test_every_correction_of_a_kind_is_made_and_can_be_left_out(kind: str, fitted: Fitted):
    by_hour = replace(fitted, task=replace(fitted.task, hours=np.arange(200) % 24))
    assert by_hour.corrections == CORRECTIONS[kind]
    assert fitted.corrections == tuple(name for name in CORRECTIONS[kind] if name != BY_HOUR)
    for name in fitted.corrections:
        other = replace(fitted, task=replace(fitted.task, without=frozenset({name})))
        assert set(other.corrections) == set(fitted.corrections) - {name}


def test_an_export_is_the_same_each_time_and_of_plain_numbers(fitted: Fitted):
    for corrected in (False, True):
        first, second = dict(fitted.export(corrected)), dict(fitted.export(corrected))
        assert first.keys() == second.keys()
        assert all(np.array_equal(first[name], second[name]) for name in first)
        assert all(array.dtype.kind in "fib" for array in first.values())
