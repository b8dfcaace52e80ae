import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.message.template import Template
from agent.message.tree import Slot
from agent.models.registry import sampler_of
from agent.reading import Readings
from tests.made import MESSAGE, START_NS, copula_bundle, pen, play, readings, readings_of, rows_of

NUMBER = {"node": "number", "column": "n", "format": {}}


def template(message: dict) -> Template:
    return Template.model_validate({"message": message})


@given(seed=st.integers(0, 2**32))
def test_what_is_drawn_is_what_is_read_from_the_messages(seed: int):
    bundle = copula_bundle()
    made, columns = bundle.manifest.template, bundle.manifest.columns
    rng = np.random.default_rng(seed)
    matrix = sampler_of(bundle).draw(20, rng)
    drawn = rows_of([column.name for column in columns], matrix)
    times = np.sort(rng.integers(0, 2**60, 20) // 100 * 100).tolist()
    messages = [json.loads(text) for text in made.render(Readings(drawn, times, range(20)), pen(seed))]
    table = made.parse(messages)
    assert table.event_ns == times
    assert set(table.columns) == {column.name for column in columns}
    for column in columns:
        learnt = table.columns[column.name]
        there = ~np.isnan(learnt)
        tolerance = 2e-3 if column.name == "stored" else 1e-5
        expected = drawn.column(column.name)
        if column.name.endswith((".box.h", ".box.w")):  # a box is cut off at the frame
            near = {"h": "y", "w": "x"}[column.name[-1]]
            expected = np.minimum(expected, 1 - drawn.column(column.name[:-1] + near))
        assert learnt[there] == pytest.approx(expected[there], abs=tolerance)
        if column.size or column.name in ("temperature", "stored"):
            assert there.all()


def test_messages_have_the_recorded_keys_in_order_and_types():
    for message in play(copula_bundle(), 300):
        keys = [key for key in MESSAGE["members"] if key in message]
        assert list(message) == keys
        assert set(MESSAGE["members"]) - set(keys) <= {"humidity"}
        assert (type(message["n"]), type(message["stored"])) == (int, int)
        assert isinstance(message.get("humidity"), str | None)
        assert message["exported"] > "09/"
        for item in message["seen"]:
            near_y, near_x, far_y, far_x = json.loads(item["box"])
            assert near_y < far_y <= 1
            assert near_x < far_x <= 1
        scores = [item["score"] for item in message["seen"]]
        assert scores == sorted(scores, reverse=True)


def test_the_same_seed_writes_the_same_messages():
    assert play(copula_bundle(), 20, seed=3) == play(copula_bundle(), 20, seed=3)
    assert play(copula_bundle(), 20, seed=3) != play(copula_bundle(), 20, seed=4)


def test_identifiers_of_the_same_shape_differ_by_their_place():
    identifier = {"node": "identifier", "runs": [{"alphabet": "0123456789abcdef", "count": 12}]}
    pair = {"node": "object", "members": {"a": identifier, "b": identifier}}
    slots = {"node": "items", "column": "#", "compositions": [["x 1", "x 2"]], "slots": {"x 1": pair, "x 2": pair}}
    made = template({"node": "object", "members": {**pair["members"], "in": slots}})
    written = made.render(readings(**{"#": [0] * 50}), pen())
    messages = [json.loads(text) for text in written]
    texts = [text for m in messages for pair in (m, *m["in"]) for text in (pair["a"], pair["b"])]
    assert len(set(texts)) == 50 * 6
    for again in (Template.model_validate_json(made.model_dump_json()), made.model_copy(deep=True)):
        assert again == made
        assert again.render(readings(**{"#": [0] * 50}), pen()) == written


def test_a_place_is_not_written_with_the_template():
    node = {"node": "identifier", "runs": [{"alphabet": "ab", "count": 12}], "quoted": True}
    message = {"node": "object", "members": {"a": node, "b": node}}
    assert template(message).model_dump() == {"message": message}


@given(cuts=st.lists(st.integers(0, 40), max_size=8))
def test_the_same_seq_is_the_same_message_however_readings_are_cut_into_blocks(cuts: list[int]):
    bundle = copula_bundle()
    names = [column.name for column in bundle.manifest.columns]
    every = readings_of(rows_of(names, sampler_of(bundle).draw(40, np.random.default_rng(0))))
    edges = sorted({0, 40, *cuts})
    blocks = [every.take(range(start, stop)) for start, stop in itertools.pairwise(edges)]
    render = bundle.manifest.template.render
    assert [text for block in blocks for text in render(block, pen())] == render(every, pen())


def test_no_readings_are_no_messages():
    names = [column.name for column in copula_bundle().manifest.columns]
    empty = rows_of(names, np.empty((0, len(names))))
    assert copula_bundle().manifest.template.render(Readings(empty, [], []), pen()) == []


def test_a_column_that_two_nodes_share_stands_once():
    both = {"node": "object", "members": {"a": NUMBER, "b": NUMBER}}
    assert [column.name for column in template(both).columns] == ["n"]


def test_a_name_for_two_different_columns_is_refused():
    clash = {"node": "object", "members": {"a": NUMBER, "b": {"node": "category", "column": "n", "labels": [1]}}}
    with pytest.raises(ValueError, match="two different columns"):
        _ = template(clash).columns


def test_a_message_as_a_whole_cannot_be_missing():
    with pytest.raises(ValidationError, match="cannot be missing"):
        template({"node": "maybe", "column": "?", "states": ["value", "missing"], "of": NUMBER})
    null = template({"node": "maybe", "column": "?", "states": ["value", "null"], "of": NUMBER})
    assert null.render(readings(**{"?": [1, 0], "n": [1, 2]}), pen()) == ["null", "2.0"]


def test_every_node_is_walked_with_its_path():
    paths = [path for path, _ in template(MESSAGE).walk()]
    assert paths[0] == ()
    assert ("seen", Slot("cat 1"), "box") in paths
    assert paths.count(("humidity",)) == 2  # whether it is there, and what it is


def test_a_template_without_an_event_time_has_none():
    assert template(MESSAGE).has_event_time
    plain = template({"node": "object", "members": {"a": NUMBER}})
    assert not plain.has_event_time
    assert plain.parse([{"a": 1.5}]).event_ns == [0]
    assert START_NS > 0


@pytest.mark.parametrize(
    "message",
    [
        {"node": "python", "value": "print()"},
        {"node": "constant"},
        {},
        {"node": "constant", "value": 1, "more": 2},
        None,
    ],
)
def test_an_unknown_node_or_key_is_refused(message):
    with pytest.raises(ValidationError):
        template(message)
