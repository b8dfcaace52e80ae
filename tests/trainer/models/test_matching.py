"""Matching of classes, for a network made by hand whose class persists."""

import numpy as np
import pandas as pd
import pytest

from agent.models.recurrent import RecurrentNetwork
from agent.reading import Column
from trainer.models.fitted import Task
from trainer.models.matching import match_classes

LENGTH, HOURS = 40, np.arange(24 * 100) % 24


def persistent(hours: int) -> dict[str, np.ndarray]:
    """A state of one number that is about -1 after `off` and 1 after `on`: in 98 of 100 rows the same again."""
    update, new = [0.0, -20.0, 0.0], [[0.0, 0.0, -3.0], [0.0, 0.0, 3.0]]
    return {
        "start": np.tile(update, (hours, 1)).astype("<f4"),
        "body": np.tile(update, (hours, 1)).astype("<f4"),
        "input": np.array(new, "<f4"),
        "recurrent": np.zeros((1, 3), "<f4"),
        "reset": np.zeros(1, "<f4"),
        "output": np.array([[-2.0, 2.0], [0.0, 0.0]], "<f4"),
        "lean": np.zeros((hours, 2), "<f4"),
        "choices": np.array([2], "<i4"),
        "absent": np.zeros(0, "<i4"),
    }


def on_by_hour(arrays: dict[str, np.ndarray], hour: int) -> float:
    picks = np.random.default_rng(hour).random((LENGTH, 1, 2000), np.float32)
    network = RecurrentNetwork(arrays)
    return float(network.run(np.zeros((LENGTH, 0, 2000), np.float32), picks, hour).mean())


def task(share: np.ndarray, hours: np.ndarray | None) -> Task:
    light = np.random.default_rng(1).random(len(HOURS)) < share
    return Task(
        pd.DataFrame({"light": light.astype(float)}), [Column(name="light", size=2)], np.random.default_rng(0), hours
    )


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_class_that_persists_comes_as_often_as_recorded(share: float):
    made, arrays = task(np.full(len(HOURS), share), None), persistent(1)
    match_classes(arrays, LENGTH, made)
    assert on_by_hour(arrays, 0) == pytest.approx(made.table["light"].mean(), abs=0.03)
    assert not arrays["lean"].any()


def test_a_class_that_persists_comes_in_each_hour_as_often_as_recorded_in_it():
    made, arrays = task(np.where(HOURS < 6, 0.1, 0.5 + HOURS / 60), HOURS), persistent(24)
    match_classes(arrays, LENGTH, made)
    for hour in range(24):
        recorded = made.table["light"][hour == HOURS].mean()
        assert on_by_hour(arrays, hour) == pytest.approx(recorded, abs=0.08), hour  # without a pace 0.12
    assert not arrays["output"][-1].any()
