import json

import numpy as np
import pytest
from pydantic import ValidationError

from agent.message.leaves import ABSENT, OUTSIDE, Constant, Counter, Number, Table
from agent.message.numbers import NumberFormat
from agent.message.tree import Items, Maybe, Object, slots_of
from tests.made import pen, readings

WHOLE = NumberFormat(denominator=1, whole=True)
PRESENCE = ["value", "null", "missing"]


def number(column: str) -> Number:
    return Number(column=column, format=WHOLE)


def maybe(column: str = "?", of: str = "n", states=PRESENCE) -> Maybe:
    return Maybe(column=column, states=states, of=number(of))


def thing(kind: str, score: str, **more) -> Object:
    return Object(members={"kind": Constant(value=kind), "score": number(score), **more})


def items(**changes) -> Items:
    given = {
        "column": "#",
        "compositions": [[], ["cat 1"], ["cat 1", "dog 1"], ["dog 1", "cat 1", "cat 2"]],
        "slots": {"cat 1": thing("cat", "c1"), "cat 2": thing("cat", "c2"), "dog 1": thing("dog", "d1")},
        "kind_key": "kind",
    }
    return Items(**given | changes)


def test_keys_stand_in_the_recorded_order():
    node = Object(
        members={"z": Constant(value=1), "a": number("n"), "m": Constant(value="x"), "b": Constant(value=None)}
    )
    assert node.render(readings(n=[5]), pen()) == ['{"z":1,"a":5,"m":"x","b":null}']
    assert Object(members={}).render(readings(2), pen()) == ["{}", "{}"]


def test_keys_are_written_as_json():
    node = Object(members={'"\\': Constant(value=1), "é\n": Counter(start=1, step=1)})
    assert json.loads(node.render(readings(1), pen())[0]) == {'"\\': 1, "é\n": 1}


def test_a_value_may_be_null_or_missing_wherever_it_stands():
    node = Object(members={"first": maybe("a", "x"), "k": Constant(value=0), "last": maybe("b", "y")})
    texts = node.render(readings(a=[0, 1, 2, 2], x=[7] * 4, b=[2, 0, 1, 2], y=[8] * 4), pen())
    assert texts == ['{"first":7,"k":0}', '{"first":null,"k":0,"last":8}', '{"k":0,"last":null}', '{"k":0}']


def test_presence_reads_back_and_teaches_nothing_outside():
    table = Table([0] * 4)
    maybe().parse([3, None, ABSENT, OUTSIDE], table)
    assert table.columns["?"][:3].tolist() == [0, 1, 2]
    assert np.isnan(table.columns["?"][3])
    assert table.columns["n"][0] == 3
    assert np.isnan(table.columns["n"][1:]).all()


def test_values_that_come_and_go_together_share_a_column():
    node = Object(members={"a": maybe("?", "x"), "b": maybe("?", "y")})
    texts = node.render(readings(**{"?": [0, 2], "x": [1, 1], "y": [2, 2]}), pen())
    assert texts == ['{"a":1,"b":2}', "{}"]
    assert [column.name for column in node.columns()].count("?") == 2  # the template says it once


def test_a_message_of_another_kind_teaches_nothing():
    table = Table([0] * 3)
    Object(members={"a": maybe()}).parse([{"a": 1}, {}, "no object"], table)
    assert table.columns["?"][:2].tolist() == [0, 2]
    assert np.isnan(table.columns["?"][2])


def test_a_list_holds_the_slots_of_its_composition_in_order():
    columns = {"#": [0, 1, 2, 3], "c1": [1, 2, 3, 4], "c2": [5, 6, 7, 8], "d1": [9, 10, 11, 12]}
    lists = [json.loads(text) for text in items().render(readings(**columns), pen())]
    assert [[(i["kind"], i["score"]) for i in made] for made in lists] == [
        [],
        [("cat", 2)],
        [("cat", 3), ("dog", 11)],
        [("dog", 12), ("cat", 4), ("cat", 8)],
    ]


def test_lists_read_back_with_their_counts_and_order():
    columns = {"#": [0, 1, 2, 3], "c1": [1, 2, 3, 4], "c2": [5, 6, 7, 8], "d1": [9, 10, 11, 12]}
    node, table = items(), Table([0] * 4)
    node.parse([json.loads(text) for text in node.render(readings(**columns), pen())], table)
    assert table.columns["#"].tolist() == [0, 1, 2, 3]
    assert table.columns["c1"][1:].tolist() == [2, 3, 4]
    assert np.isnan(table.columns["c1"][0])
    assert table.columns["c2"][3] == 8
    assert np.isnan(table.columns["c2"][:3]).all()


def test_items_fall_by_what_the_recording_sorts_them_by():
    node = items(sorted_by="score")
    columns = {"#": [3, 3], "c1": [5, 1], "c2": [3, 2], "d1": [4, 3]}
    lists = [json.loads(text) for text in node.render(readings(**columns), pen())]
    assert [[i["score"] for i in made] for made in lists] == [[5, 4, 3], [3, 2, 1]]


def test_a_sorted_list_reads_back_whatever_the_order_of_its_kinds():
    node = items(sorted_by="score", compositions=[["cat 1", "dog 1"]])
    table = Table([0, 0])
    cat, dog = {"kind": "cat", "score": 1}, {"kind": "dog", "score": 2}
    node.parse([[dog, cat], [cat, dog]], table)
    assert table.columns["#"].tolist() == [0, 0]


def test_quoted_and_constant_scores_sort_as_numbers():
    quoted = Number(column="c1", format=NumberFormat(denominator=1, whole=True, quoted=True))
    slots = {"cat 1": Object(members={"s": quoted}), "dog 1": Object(members={"s": Constant(value="9.5")})}
    node = items(slots=slots, compositions=[["cat 1", "dog 1"]], sorted_by="s")
    texts = node.render(readings(**{"#": [0, 0], "c1": [10, 9]}), pen())
    assert texts == ['[{"s":"10"},{"s":"9.5"}]', '[{"s":"9.5"},{"s":"9"}]']


def test_many_lists_are_written_in_a_moment():
    count = 200_000
    columns = {"#": np.ones(count), "c1": np.arange(count), "c2": np.zeros(count), "d1": np.zeros(count)}
    texts = items().render(readings(**columns), pen())
    assert texts[-1] == f'[{{"kind":"cat","score":{count - 1}}}]'


def test_the_second_item_of_a_kind_has_a_slot_of_its_own():
    made = slots_of([{"k": "a"}, {"k": "b"}, {"k": "a"}, {}], "k")
    assert list(made) == ["a 1", "b 1", "a 2", "None 1"]
    assert list(slots_of([1, 2], None)) == ["item 1", "item 2"]


def test_a_list_that_could_not_be_written_is_refused():
    for changes, problem in [
        ({"compositions": [["bird 1"]]}, "not there"),
        ({"compositions": []}, "at least 1"),
        ({"sorted_by": "kind"}, "to sort by"),
        ({"sorted_by": "size"}, "to sort by"),
        ({"slots": {"cat 1": maybe()}, "compositions": [["cat 1"]]}, "cannot be missing"),
        (
            {
                "slots": {"cat 1": Maybe(column="o", states=["value", "null"], of=maybe())},
                "compositions": [["cat 1"]],
            },
            "cannot be missing",
        ),
    ]:
        with pytest.raises(ValidationError, match=problem):
            items(**changes)


def test_an_item_may_be_null():
    node = items(slots={"cat 1": maybe(states=["null", "value"])}, compositions=[["cat 1"]])
    assert node.render(readings(**{"#": [0, 0], "?": [0, 1], "n": [4, 5]}), pen()) == ["[null]", "[5]"]


@pytest.mark.parametrize("states", [["value"], ["value", "gone"], []])
def test_presence_has_two_states_or_three(states):
    with pytest.raises(ValidationError):
        maybe(states=states)


def test_a_composition_that_names_a_slot_twice_is_refused():
    """Else a few lists in each other would make a message that fills the memory."""
    with pytest.raises(ValidationError, match="names a slot twice"):
        Items(column="l", compositions=[["s", "s"]], slots={"s": Constant(value=1)})
