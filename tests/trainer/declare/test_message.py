import json
from typing import Any

import pytest

from agent.message.leaves import Constant, Counter
from tests.made import pen, readings
from trainer.declare.message import Message
from trainer.declare.problems import Problems

NODES = {"a": Counter(start=1, step=1), "b": Constant(value="x"), "broken": None}


def written(message: Any) -> tuple[Any, list[str], list[str]]:
    problems = Problems()
    made = Message(NODES, problems)
    (text,) = made.node(message, "[message]").render(readings(1), pen())
    return json.loads(text), made.named, list(problems)


def test_a_reference_is_its_fields_value_and_everything_else_stands_for_itself():
    message = {"n": "{a}", "deep": {"er": {"b": "{b}", "list": [1, {"k": None}], "t": "plain", "yes": True}}}
    expected = {"n": 1, "deep": {"er": {"b": "x", "list": [1, {"k": None}], "t": "plain", "yes": True}}}
    assert written(message) == (expected, ["a", "b"], [])


def test_a_field_that_has_a_problem_of_its_own_makes_no_other():
    assert written({"n": "{broken}"})[1:] == (["broken"], [])


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"n": "{c}"}, "[message].n: no field 'c' is declared; declared: a, b, broken"),
        ({"n": "{brokn}"}, "[message].n: no field 'brokn' is declared; did you mean broken?"),
        ({"n": "T={a}"}, "[message].n: 'T={a}': a field stands alone"),
        ({"n": "{a}", "m": {"o": "{a}"}}, "[message].m.o: field 'a' stands here a second time"),
        ({"n": [1, {"x": "{a}"}]}, "[message].n: a field cannot stand within a list"),
        ({"n": ["T={a}"]}, "[message].n: a field cannot stand within a list"),
        ({"n": "{}"}, "[message].n: no field '' is declared; declared: a, b, broken"),
        ({"n": "{{a}}"}, "[message].n: '{{a}}': a field stands alone"),
        ({"n": "{a}{b}"}, "[message].n: '{a}{b}': a field stands alone"),
        ({"n": "{a}\n"}, "[message].n: '{a}\\n': a field stands alone"),
        ({"n": {"m": "{ a }"}}, "[message].n.m: no field ' a ' is declared"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(message, said):
    (problem,) = written(message)[2]
    assert problem.startswith(said)


def test_what_is_nested_too_deep_is_refused():
    message: Any = {}
    for _ in range(40):
        message = {"k": message}
    assert any("32 deep at most" in problem for problem in written(message)[2])


def test_every_problem_is_told_and_what_is_right_is_named_all_the_same():
    _, named, problems = written({"x": "{c}", "a": "{a}", "y": {"z": "{d}"}, "w": ["{b}"], "b": "{b}"})
    assert named == ["a", "b"]
    assert [problem.split(":")[0] for problem in problems] == ["[message].x", "[message].y.z", "[message].w"]


def test_without_any_field_there_is_none_to_name():
    problems = Problems()
    Message({}, problems).node("{a}", "[message].n")
    assert problems == ["[message].n: no field 'a' is declared; declared: none"]


@pytest.mark.parametrize("value", ["", "{", "a } b { c", "}{", [], {}, [[]], [{}], 0, -0.5, False, None, "{\u00e9"])
def test_what_holds_no_reference_is_a_constant(value):
    assert written({"n": value}) == ({"n": value}, [], [])


def test_what_is_nested_32_deep_is_written():
    message: Any = "{a}"
    for _ in range(32):
        message = {"k": message}
    assert written(message)[1:] == (["a"], [])
