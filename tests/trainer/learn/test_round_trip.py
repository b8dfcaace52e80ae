"""A recording's own rows, written again by the learnt template, are the recording."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from agent.errors import RecordingError
from agent.message.leaves import Pen
from agent.reading import Readings, Rows
from trainer.learn.infer import infer
from trainer.learn.template import learn_template
from trainer.recording import load
from trainer.table import table_of, without_gaps


def written_again(messages: list[Any]) -> list[Any]:
    schema = infer(messages).schema
    template = learn_template(messages, schema)
    table = without_gaps(table_of(template, messages), np.random.default_rng(0))
    rows = Rows({column.name: i for i, column in enumerate(template.columns)}, table.to_numpy(np.float64))
    times = template.parse(messages).event_ns
    readings = Readings(rows, times, range(1, len(messages) + 1))
    return [json.loads(text) for text in template.render(readings, Pen(0, None, max(times)))]


def without_export(message: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key != "EventProcessedUtcTime"}


@pytest.mark.parametrize("name", ["detections-single.json", "detections-pairs.json", "room-climate.csv"])
def test_a_real_recording_comes_back(shared, name) -> None:
    messages = load(str(shared(name))).messages
    again = written_again(messages)
    differing = [
        (a, b)
        for a, b in zip(messages, again, strict=True)
        if json.dumps(without_export(a)) != json.dumps(without_export(b))
    ]
    # A far corner is near + size: the sum of two 32-bit floats may end one step beside the recorded one.
    assert all(_nearly(a, b) for a, b in differing)


def _nearly(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return list(a) == list(b) and all(_nearly(a[key], b[key]) for key in a if key != "EventProcessedUtcTime")
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_nearly, a, b))
    if isinstance(a, str) and a.startswith("["):
        return bool(np.allclose(json.loads(a), json.loads(b), atol=1e-6))
    return bool(a == b and type(a) is type(b))


number = st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6).map(lambda x: round(x, 3) + 0.0))
leaf = {
    "number": number,
    "text": st.sampled_from(["red", "green", "blue"]),
    "flag": st.booleans(),
    "decimal": st.integers(0, 10**6).map(lambda k: f"{k / 1000:.3f}"),
    "items": st.lists(st.fixed_dictionaries({"kind": st.sampled_from(["a", "b"]), "size": number}), max_size=3),
    "nested": st.fixed_dictionaries({"x": number}, optional={"y": st.sampled_from([None, 1.5, 2.5])}),
}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_messages_come_back(data: st.DataObject) -> None:
    keys = data.draw(st.lists(st.sampled_from(sorted(leaf)), min_size=1, unique=True))
    one = st.fixed_dictionaries({}, optional={key: st.one_of(st.none(), leaf[key]) for key in keys})
    messages = data.draw(st.lists(one, min_size=2, max_size=12))
    try:
        assume(not infer(messages).schema.of_kind("identifier", "counter"))
        again = written_again(messages)
    except RecordingError:
        return
    for recorded, written in zip(messages, again, strict=True):
        assert _settled(written) == _settled(recorded)


def _settled(message: dict[str, Any]) -> dict[str, Any]:
    """Items of equal rank may stand in either order."""
    items = message.get("items")
    return message | ({"items": sorted(items, key=lambda item: (item["kind"], item["size"]))} if items else {})
