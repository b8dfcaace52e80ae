"""Constraints of a schema hold in every message, whatever the model."""

import itertools
import json
from collections import Counter
from typing import Any

import numpy as np
import pytest

from agent.errors import RecordingError
from tests.trainer.conftest import play, recording_of
from trainer.fit import Options, fit
from trainer.models.registry import FITS
from trainer.schema import Schema

STATES = {"idle": "off", "warm": "low", "hot": "high", "fault": "off"}


def machine(count: int = 400) -> list[dict[str, Any]]:
    rng = np.random.default_rng(3)
    messages = []
    for i in range(count):
        low, rise, top = round(float(rng.normal(10, 3)), 1), round(float(rng.gamma(2, 2)) + 0.1, 1), rng.gamma(1, 3)
        mode = str(rng.choice(list(STATES)))
        hot = int(rng.integers(3))
        messages.append(
            {
                "t": 1_700_000_000 + 60 * i,
                "low": low,
                "mid": round(low + rise, 1),
                "high": round(low + rise + float(top) + 0.01, 2),
                "setpoint": int(rng.integers(1, 9)) * 25,
                "dose": int(rng.integers(0, 9)) * 1.5,
                "mode": mode,
                "power": STATES[mode],
                "a": int(hot == 0),
                "b": int(hot == 1),
                "c": int(hot == 2),
            }
        )
    return messages


SCHEMA = Schema.model_validate(
    {
        "constraint": [
            {"kind": "range", "fields": ["low", "mid", "high"]},
            {"kind": "fixed-increments", "fields": ["setpoint"], "step": 25},
            {"kind": "fixed-increments", "fields": ["dose"], "step": 1.5},
            {"kind": "fixed-combinations", "fields": ["mode", "power"]},
            {"kind": "one-hot", "fields": ["a", "b", "c"]},
        ]
    }
)


@pytest.mark.parametrize("kind", FITS)
def test_no_message_of_any_kind_violates_one(kind, mocker):
    recorded = machine()
    if kind == "par":  # SDV takes minutes for as many rows of short segments
        mocker.patch("trainer.fit.ROWS", 2000)
    bundle = fit(recording_of(recorded), "machine", Options(kind=kind, corrections=SCHEMA, epochs=3)).bundle
    for message in play(bundle, 3000):
        assert message["low"] < message["mid"] < message["high"], message
        assert message["setpoint"] % 25 == 0, message
        assert isinstance(message["setpoint"], int)
        assert isinstance(message["dose"], float)
        assert message["dose"] % 1.5 == 0, message
        assert STATES[message["mode"]] == message["power"], message
        assert sorted([message["a"], message["b"], message["c"]]) == [0, 0, 1], message
        assert message["high"] <= max(row["high"] for row in recorded)
        assert len(json.dumps(message["mid"]).split(".")[1]) <= 2


@pytest.mark.parametrize(
    ("constraint", "said"),
    [
        ({"kind": "range", "fields": ["mid", "low"]}, "does not hold in message 1, where mid is"),
        ({"kind": "inequality", "fields": ["low", "mode"]}, "needs two numbers or more"),
        ({"kind": "inequality", "fields": ["low", "nothing"]}, "there is no field 'nothing'"),
        ({"kind": "fixed-increments", "fields": ["setpoint"]}, "needs a number, and its step"),
        ({"kind": "fixed-increments", "fields": ["setpoint"], "step": 50}, "is no multiple of 50"),
        ({"kind": "one-hot", "fields": ["a", "b"]}, "exactly one must be 1, the others 0"),
        ({"kind": "fixed-combinations", "fields": ["mode"]}, "needs two fields or more"),
        ({"kind": "fixed-combinations", "fields": ["mode", "t"]}, "needs categories, numbers that stand in no other"),
    ],
)
def test_a_constraint_that_does_not_hold_is_refused_with_its_place(constraint, said):
    with pytest.raises(RecordingError) as error:
        fit(recording_of(machine(60)), "m", Options(corrections=Schema.model_validate({"constraint": [constraint]})))
    assert said in str(error.value)


@pytest.mark.parametrize(("mid", "hint"), [(5.0, "; where they may be equal, say strict = false"), (4.5, "")])
def test_of_two_that_are_equal_it_is_said_how_to_allow_it(mid, hint):
    messages = machine(60)
    messages[49] |= {"low": 5.0, "mid": mid}
    order = {"kind": "range", "fields": ["low", "mid"]}
    with pytest.raises(RecordingError) as error:
        fit(recording_of(messages), "m", Options(corrections=Schema.model_validate({"constraint": [order]})))
    assert str(error.value).endswith(f"does not hold in message 50, where low is 5.0 and mid {mid}{hint}")


def test_recorded_combinations_keep_their_frequencies():
    bundle = fit(recording_of(machine(800)), "machine", Options(corrections=SCHEMA)).bundle
    played = play(bundle, 4000)
    for mode, hot in itertools.product(STATES, "abc"):
        share = sum(m["mode"] == mode and m[hot] == 1 for m in played) / len(played)
        assert share == pytest.approx(1 / 12, abs=0.035)


LOW_MID, MID_HIGH = ({"kind": "inequality", "fields": fields} for fields in (["low", "mid"], ["mid", "high"]))
TENTHS = {"kind": "fixed-increments", "fields": ["mid"], "step": 0.1}
FIFTHS = {"kind": "fixed-increments", "fields": ["setpoint"], "step": 5}


@pytest.mark.parametrize(
    ("constraints", "said"),
    [
        ([LOW_MID, MID_HIGH], "stands in another order already; join both constraints into one range"),
        ([MID_HIGH, LOW_MID], "stands in another order already; join both constraints into one range"),
        ([LOW_MID, TENTHS], "stands in an order already; give the increments before the order"),
        ([FIFTHS, {"kind": "inequality", "fields": ["dose", "setpoint"]}], "must have the same increments, or none"),
        ([LOW_MID, {"kind": "fixed-combinations", "fields": ["mid", "mode"]}], "needs categories, numbers that stand"),
    ],
)
def test_constraints_that_would_undo_each_other_are_refused(constraints, said):
    with pytest.raises(RecordingError) as error:
        fit(recording_of(machine(60)), "m", Options(corrections=Schema.model_validate({"constraint": constraints})))
    assert said in str(error.value)


def test_a_number_that_never_varies_can_be_the_lowest():
    messages = [{"floor": 3, "v": 3 + i % 7 + 1, "w": i / 7} for i in range(60)]
    fields = [{"path": "floor", "kind": "number"}, {"path": "v", "kind": "number"}]
    schema = {"field": fields, "constraint": [{"kind": "inequality", "fields": ["floor", "v"]}]}
    bundle = fit(recording_of(messages), "m", Options(corrections=Schema.model_validate(schema))).bundle
    played = play(bundle, 500)
    assert {message["floor"] for message in played} == {3}
    assert {message["v"] for message in played} == set(range(4, 11))


@pytest.mark.parametrize("kind", ["tvae", "copula-gan", "par"])
def test_of_fixed_combinations_each_comes_as_often_as_it_was_recorded(kind, mocker):
    if kind == "par":
        mocker.patch("trainer.fit.ROWS", 2000)
    rng = np.random.default_rng(0)
    states = rng.choice(3, 500, p=[0.5, 0.4, 0.1])
    messages = [
        {"t": 1_700_000_000 + 60 * i, "level": round(rng.normal(), 2), **{k: int(k == "xyz"[s]) for k in "xyz"}}
        for i, s in enumerate(states)
    ]
    schema = Schema.model_validate({"constraint": [{"kind": "one-hot", "fields": ["x", "y", "z"]}]})
    bundle = fit(recording_of(messages), "m", Options(kind=kind, corrections=schema, epochs=3)).bundle
    found = Counter("xyz"[[m["x"], m["y"], m["z"]].index(1)] for m in play(bundle, 5000))
    shares = np.bincount(states) / len(states)
    assert [found[key] / 5000 for key in "xyz"] == pytest.approx(shares.tolist(), abs=0.03)
