import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.message.detections import Detection, classes_of, detections, places_of
from agent.message.template import Template
from tests.made import MESSAGE, pen, readings

ORDERS = ["yxyx", "xyxy", "xywh", "cxcywh"]
WRITTEN = {"yxyx": [1, 2, 4, 8], "xyxy": [2, 1, 8, 4], "xywh": [2, 1, 6, 3], "cxcywh": [5, 2.5, 6, 3]}
EDGES = (1, 2, 4, 8)
FRACTIONS, PIXELS = {}, {"denominator": 1, "whole": True}


def box(column: str = "b", order: str = "yxyx", limits=(1.0, 1.0), format_=FRACTIONS, **more):
    return {"node": "box", "column": column, "order": order, "format": format_, "limits": limits, **more}


def constant(value):
    return {"node": "constant", "value": value}


def number(column: str = "s"):
    return {"node": "number", "column": column, "format": {}}


def category(*labels, column: str = "c"):
    return {"node": "category", "column": column, "labels": list(labels)}


def maybe(of, *states, column: str = "?"):
    return {"node": "maybe", "column": column, "states": states or ("value", "null", "missing"), "of": of}


def object_(**members):
    return {"node": "object", "members": members}


def items(**slots):
    return {"node": "items", "column": "#", "compositions": [[], list(slots)], "slots": slots}


def template(message) -> Template:
    return Template.model_validate({"message": message})


def found(message_node, *messages, order=None) -> list[list[Detection]]:
    places = places_of(template(message_node))
    return [detections(json.dumps(message), places, order) for message in messages]


def classes(message_node) -> list[str]:
    whole = template(message_node)
    return classes_of(whole, places_of(whole))


def test_a_single_object_is_found():
    node = object_(id=constant(1), label=category("cat", "dog"), score=number(), box=box())
    assert found(node, {"id": 1, "label": "dog", "score": 0.75, "box": [1, 2, 4, 8]}) == [
        [Detection("dog", 0.75, EDGES)]
    ]
    assert classes(node) == ["cat", "dog"]


def test_each_item_of_a_list_is_found_in_its_order():
    node = object_(
        seen=items(
            a=object_(label=constant("cat"), score=number("a.s"), box=box("a")),
            b=object_(label=constant("dog"), score=number("b.s"), box=box("b")),
        )
    )
    seen = [{"label": name, "score": score, "box": [1, 2, 4, 8]} for name, score in (("dog", 0.5), ("cat", 0.25))]
    assert found(node, {"seen": seen}, {"seen": []}) == [
        [Detection("dog", 0.5, EDGES), Detection("cat", 0.25, EDGES)],
        [],
    ]
    assert len(places_of(template(node))) == 1
    assert classes(node) == ["cat", "dog"]


def test_lists_within_lists_and_a_list_as_the_whole_message_are_walked():
    inner = object_(name=constant("cat"), box=box())
    deep = object_(cameras=items(one=object_(seen=items(a=inner))))
    message = {"cameras": [{"seen": [{"name": "cat", "box": [1, 2, 4, 8]}]}, {"seen": []}, {}, None, 5]}
    assert found(deep, message) == [[Detection("cat", 0, EDGES)]]
    assert found(items(a=inner), [{"name": "cat", "box": [1, 2, 4, 8]}] * 2) == [[Detection("cat", 0, EDGES)] * 2]
    assert [str(place) for place in places_of(template(deep))] == ["cameras[].seen[].box"]
    assert [str(place) for place in places_of(template(items(a=inner)))] == ["[].box"]


def test_each_item_of_a_list_may_tell_its_class_by_another_key_or_not_at_all():
    node = items(
        a=object_(label=constant("cat"), score=number("a.s"), box=box("a")),
        b=object_(name=constant("dog"), conf=number("b.s"), box=box("b")),
        c=object_(box=box("c")),
    )
    seen = [{"label": "cat", "score": 1}, {"name": "dog", "conf": 0.5}, {}]
    told = found(node, [item | {"box": [1, 2, 4, 8]} for item in seen])
    assert told == [[Detection("cat", 1, EDGES), Detection("dog", 0.5, EDGES), Detection("object", 0, EDGES)]]
    assert classes(node) == ["cat", "dog", "object"]


@pytest.mark.parametrize("part", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
def test_a_number_that_is_none_makes_no_box_and_no_score(part):
    places = places_of(template(object_(label=constant("cat"), score=number(), box=box())))
    for order in ORDERS:
        assert detections(f'{{"label":"cat","score":1,"box":[{part},0,{part},1]}}', places, order) == []
    told = detections(f'{{"label":"cat","score":{part},"box":[1,2,4,8]}}', places)
    assert told == [Detection("cat", 0, EDGES)]


def test_a_message_with_two_boxes_has_two_places():
    node = object_(front=object_(label=constant("cat"), box=box("f")), back=object_(label=constant("dog"), at=box("g")))
    assert [str(place) for place in places_of(template(node))] == ["front.box", "back.at"]
    message = {"back": {"label": "dog", "at": [0, 0, 1, 1]}, "front": {"label": "cat", "box": [1, 2, 4, 8]}}
    assert found(node, message) == [[Detection("cat", 0, EDGES), Detection("dog", 0, (0, 0, 1, 1))]]
    assert classes(node) == ["cat", "dog"]


@pytest.mark.parametrize("seen", [None, [], [None], "none", {}, {"box": [1, 2, 4, 8]}, 5, [[]], [{"box": None}], [{}]])
def test_where_a_list_is_null_or_something_else_nothing_is_found(seen):
    node = object_(seen=maybe(items(a=object_(label=constant("cat"), box=box()))))
    assert found(node, {"seen": seen}, {}) == [[], []]


@pytest.mark.parametrize("message", [None, [], "text", 5, True, [[1, 2, 4, 8]]])
def test_a_message_of_another_kind_tells_nothing(message):
    assert found(object_(label=constant("cat"), box=box()), message) == [[]]


@pytest.mark.parametrize(
    "written", [None, [1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, "4"], [1, 2, 3, True], {"y": 1}, "1,2"]
)
def test_what_is_no_box_tells_nothing(written):
    node = object_(label=constant("cat"), box=maybe(box()))
    assert found(node, {"label": "cat", "box": written}, {"label": "cat"}) == [[], []]


def test_a_box_may_stand_in_a_string():
    node = object_(label=constant("cat"), box=box(quoted=True, separator=", "))
    assert found(node, {"label": "cat", "box": "[1, 2, 4, 8]"}) == [[Detection("cat", 0, EDGES)]]


@pytest.mark.parametrize("order", ORDERS)
def test_each_order_tells_the_same_edges_and_another_one_may_be_said(order):
    message = {"label": "cat", "box": WRITTEN[order]}
    assert found(object_(label=constant("cat"), box=box(order=order)), message) == [[Detection("cat", 0, EDGES)]]
    for learnt in ORDERS:
        node = object_(label=constant("cat"), box=box(order=learnt))
        assert found(node, message, order=order) == [[Detection("cat", 0, EDGES)]]


def test_numbers_may_name_classes():
    node = object_(**{"class": category(0, 1, 17), "box": box()})
    assert found(node, {"class": 17, "box": [1, 2, 4, 8]}) == [[Detection("17", 0, EDGES)]]
    assert classes(node) == ["0", "1", "17"]
    assert classes(object_(**{"class": constant(3), "box": box()})) == ["3"]


def test_a_class_may_be_null_or_missing():
    node = object_(label=maybe(category("cat", "dog")), box=box())
    told = found(
        node, {"label": None, "box": [1, 2, 4, 8]}, {"box": [1, 2, 4, 8]}, {"label": "cat", "box": [1, 2, 4, 8]}
    )
    assert [detection.label for (detection,) in told] == ["object", "object", "cat"]
    assert classes(node) == ["cat", "dog", "object"]


def test_without_a_class_everything_is_an_object():
    node = object_(temperature=number("t"), on=category(True, False), box=box())
    assert found(node, {"temperature": 5.5, "on": True, "box": [1, 2, 4, 8]}) == [[Detection("object", 0, EDGES)]]
    assert classes(node) == ["object"]


def test_the_most_telling_name_says_the_class_and_else_the_first_that_could():
    for members, label in [
        ({"kind": category("a"), "label": category("b")}, "label"),
        ({"state": category("a"), "Type": category("b")}, "Type"),
        ({"state": category("a"), "other": category("b")}, "state"),
        ({"label": category(True, False), "state": category("a")}, "state"),
        ({"label": category("a", None), "state": category("a")}, "state"),
        ({"label": category(1.5), "state": category("a")}, "state"),
        ({"label": number(), "state": maybe(category("a"))}, "state"),
        ({"label": constant({"a": 1}), "class_name": constant("a")}, "class_name"),
        ({"label": constant(None)}, None),
        ({}, None),
    ]:
        message = {key: f"by {key}" for key in members} | {"box": [1, 2, 4, 8]}
        ((detection,),) = found(object_(**members, box=box()), message)
        assert detection.label == (f"by {label}" if label else "object")


def test_the_most_telling_name_says_the_score_and_no_other_number_does():
    for members, score in [
        ({"probability": number("p"), "confidence": number("q")}, "confidence"),
        ({"speed": number("p"), "Score": number("q")}, "Score"),
        ({"speed": number("p")}, None),
        ({"score": maybe(number("p"))}, "score"),
        ({"score": constant(0.5)}, "score"),
        ({"score": constant("0.5")}, "score"),
        ({"score": constant("high"), "conf": number("p")}, "conf"),
        ({"score": category(1, 2)}, None),
    ]:
        message = {key: rank for rank, key in enumerate(members, 1)} | {"box": [1, 2, 4, 8]}
        ((detection,),) = found(object_(**members, box=box()), message)
        assert detection.score == (message[score] if score else 0)


@pytest.mark.parametrize(
    ("score", "told"), [(0.25, 0.25), ("0.25", 0.25), (1, 1), (None, 0), ("high", 0), ([1], 0), ({}, 0)]
)
def test_a_score_that_is_no_number_is_nought(score, told):
    node = object_(label=constant("cat"), score=number(), box=box())
    assert found(node, {"label": "cat", "score": score, "box": [1, 2, 4, 8]}) == [[Detection("cat", told, EDGES)]]


@pytest.mark.parametrize("label", [{"a": 1}, ["cat"], None])
def test_a_class_that_is_no_text_is_an_object(label):
    node = object_(label=category("cat"), box=box())
    assert found(node, {"label": label, "box": [1, 2, 4, 8]}) == [[Detection("object", 0, EDGES)]]


@pytest.mark.parametrize(
    ("node", "normalised"),
    [
        (box(limits=(1.0, 1.0)), True),
        (box(limits=(0.5, 2.0)), True),
        (box(limits=(2.0, 2.1)), False),
        (box(limits=(720, 1280), format_=PIXELS), False),
        (box(limits=(1000, 1000), format_={"denominator": 1000, "decimals": 3}), True),
        (box(limits=(2001, 1000), format_={"denominator": 1000, "decimals": 3}), False),
    ],
)
def test_limits_tell_fractions_of_the_frame_from_pixels(node, normalised):
    (place,) = places_of(template(object_(box=node)))
    assert place.normalised is normalised


@pytest.mark.parametrize(
    ("limits", "frame"),
    [
        ((240, 320), (320, 240)),
        ((480, 640), (640, 480)),
        ((360, 640), (640, 360)),
        ((470, 600), (640, 480)),
        ((300, 610), (640, 360)),
        ((720, 1280), (1280, 720)),
        ((1080.0, 1900.5), (1920, 1080)),
        ((1301, 1310), None),
        ((300, 510), None),
        ((270, 480), (480, 270)),
        ((1500, 2000), (2000, 1500)),
        ((9999, 9990), None),
        ((1.0, 1.0), None),
    ],
)
def test_limits_in_pixels_tell_the_frame_where_they_nearly_reach_a_usual_one(limits, frame):
    (place,) = places_of(template(object_(box=box(limits=limits))))
    assert place.frame == frame


def test_the_farthest_of_all_items_tells_the_frame():
    node = items(a=object_(box=box("a", limits=(100, 640))), b=object_(box=box("b", limits=(480, 90))))
    (place,) = places_of(template(node))
    assert (place.frame, place.normalised) == ((640, 480), False)


def test_without_boxes_there_is_no_place():
    for node in (object_(label=constant("cat"), score=number()), constant([1, 2, 3, 4]), items(a=box()), box()):
        assert places_of(template(node)) == []
        assert found(node, {"box": [1, 2, 4, 8]}) == [[]]
    assert classes(object_(label=constant("cat"))) == []


def test_a_box_in_the_message_of_all_nodes_is_found():
    (place,) = places_of(template(MESSAGE))
    assert (str(place), place.order, place.normalised) == ("seen[].box", "yxyx", True)
    seen = [{"label": "cat", "score": 0.5, "box": "[1,2,4,8]"}]
    assert found(MESSAGE, {"device": "kitchen", "light": "on", "seen": seen}) == [[Detection("cat", 0.5, EDGES)]]
    assert classes(MESSAGE) == ["cat", "person"]


@given(
    order=st.sampled_from(ORDERS),
    quoted=st.booleans(),
    pixels=st.booleans(),
    listed=st.booleans(),
    code=st.integers(0, 2),
    parts=st.tuples(*[st.integers(0, 400)] * 2, *[st.integers(1, 300)] * 2),
    score=st.floats(0, 1),
)
def test_what_a_template_writes_is_found_again(order, quoted, pixels, listed, code, parts, score):
    labels = ["cat", 7, "traffic light"]
    scale = 1 if pixels else 1024
    at = box("b", order, (1000 / scale, 1000 / scale), PIXELS if pixels else FRACTIONS, quoted=quoted)
    thing = object_(label=category(*labels), score=number(), box=at)
    whole = template(object_(seen=items(a=thing)) if listed else thing)
    y, x, h, w = (part / scale for part in parts)
    columns = {"c": [code], "s": [score], "b.y": [y], "b.x": [x], "b.h": [h], "b.w": [w], "#": [1]}
    (text,) = whole.render(readings(**columns), pen())
    places = places_of(whole)
    (detection,) = detections(text, places)
    assert detection.label == str(labels[code])
    assert detection.label in classes_of(whole, places)
    assert detection.score == score
    slack = 0.5 if order == "cxcywh" and pixels else 1e-9
    assert np.array(detection.box) == pytest.approx(np.array([y, x, y + h, x + w]), abs=slack)
    assert places[0].normalised is not pixels


def test_items_of_one_list_may_have_their_boxes_under_different_keys():
    node = items(a=object_(label=constant("cat"), box=box("a")), b=object_(label=constant("dog"), region=box("b")))
    assert classes(node) == ["cat", "dog"]
