import json
import math

import numpy as np
import pytest
from pydantic import ValidationError

from agent.clock import NS_PER_S
from agent.message.leaves import (
    ABSENT,
    OUTSIDE,
    Category,
    Constant,
    Counter,
    EventTime,
    ExportTime,
    LagTime,
    Number,
    Table,
)
from agent.message.numbers import NumberFormat
from agent.message.template import Template
from agent.message.times import TimeFormat
from agent.message.tree import Object
from tests.made import START_NS, pen, readings

NS = TimeFormat(pattern="epoch-ns", quoted=False)


def test_a_constant_is_written_as_it_is():
    value = {"ø": ["a", 1, 1.5, None, True], "": {}}
    assert Constant(value=value).render(readings(2), pen()) == ['{"ø":["a",1,1.5,null,true],"":{}}'] * 2
    assert Constant(value=value).columns() == []


@pytest.mark.parametrize("text", ["NaN", "1e999", "[-Infinity]", '{"a": NaN}'])
def test_what_json_cannot_say_is_neither_a_constant_nor_a_label(text: str):
    with pytest.raises(ValidationError):
        Constant.model_validate_json(f'{{"value": {text}}}')
    with pytest.raises(ValidationError):
        Category.model_validate_json(f'{{"column": "c", "labels": ["a", {text}]}}')


def test_a_number_teaches_nothing_where_there_is_none():
    table = Table([0] * 4)
    Number(column="n", format=NumberFormat(denominator=10)).parse([1.5, None, ABSENT, OUTSIDE], table)
    assert table.columns["n"][0] == 15
    assert np.isnan(table.columns["n"][1:]).all()


def test_a_category_is_any_json_value_and_tells_them_apart():
    labels = ["1", 1, 1.0, True, False, 0, {"a": [1]}, "ø"]
    node = Category(column="c", labels=labels)
    codes = list(map(float, range(len(labels))))
    texts = node.render(readings(c=codes), pen())
    table = Table([0] * len(labels))
    node.parse([json.loads(text) for text in texts], table)
    assert table.columns["c"].tolist() == codes
    assert [repr(json.loads(text)) for text in texts] == list(map(repr, labels))
    assert node.columns()[0].size == len(labels)


def test_a_label_that_was_never_learnt_is_an_error():
    with pytest.raises(KeyError):
        Category(column="c", labels=["a"]).parse(["b"], Table([0]))


def test_the_event_time_is_the_readings_own():
    assert EventTime(format=NS).render(readings(2), pen()) == [str(START_NS), str(START_NS + NS_PER_S)]


def test_a_lag_may_be_negative():
    node = LagTime(lags=["lag"], format=NS)
    texts = node.render(readings(lag=[-270.5, 0.25]), pen())
    assert texts == [str(START_NS - 270_500_000_000), str(START_NS + 1_250_000_000)]


def test_chained_lags_keep_their_order_and_read_back():
    members = {
        "at": EventTime(format=NS),
        "hub": LagTime(lags=["hub"], format=NS),
        "stored": LagTime(lags=["hub", "stored"], format=NS),
        "read": LagTime(lags=["hub", "stored", "read"], format=NS),
    }
    rng = np.random.default_rng(1)
    columns = {"hub": rng.normal(0, 99, 50), "stored": rng.exponential(1, 50), "read": rng.exponential(1, 50)}
    template = Template(message=Object(members=members))
    messages = [json.loads(text) for text in template.render(readings(**columns), pen())]
    assert all(m["hub"] <= m["stored"] <= m["read"] for m in messages)
    table = template.parse(messages)
    assert table.event_ns == [m["at"] for m in messages]
    for name, values in columns.items():
        assert table.columns[name] == pytest.approx(values, abs=1e-6)


def test_no_lag_leaves_the_calendar():
    node = LagTime(lags=["a", "b"], format=TimeFormat(pattern="YYYY-MM-DD"))
    texts = node.render(readings(a=[1e15, -1e15], b=[1e15, -1e15]), pen())
    assert [text[1:5] for text in texts] == ["2058", "1995"]


def test_all_messages_left_at_one_moment_after_the_last_event():
    last_ns = START_NS + 500 * NS_PER_S
    texts = ExportTime(delay_s=1.5, format=NS).render(readings(3), pen(last_ns=last_ns))
    assert texts == [str(last_ns + 1_500_000_000)] * 3
    with pytest.raises(ValidationError):
        ExportTime(delay_s=-1, format=NS)


def test_a_counter_follows_the_sequence_number():
    assert Counter(start=10, step=-5).render(readings(3), pen()) == ["10", "5", "0"]
    assert Counter(start=2**40, step=1, quoted=True).render(readings(1), pen()) == [f'"{2**40}"']


def test_absent_and_outside_are_not_null():
    assert len({id(ABSENT), id(OUTSIDE), id(None)}) == 3
    assert (repr(ABSENT), repr(OUTSIDE)) == ("ABSENT", "OUTSIDE")
    table = Table([0])
    table.fill("x", [ABSENT], float)
    assert math.isnan(table.columns["x"][0])


def above(strict: bool, limits: list[float], **format_: object) -> Number:
    node = {"column": "top", "format": format_, "above": ["low", "mid"], "strict": strict, "limits": limits}
    return Number.model_validate(node)


def test_a_number_above_others_is_their_sum_and_its_own():
    rows = readings(low=[1.0], mid=[0.5], top=[2.25])
    assert above(True, [100, 100]).render(rows, pen()) == ["3.75"]


@pytest.mark.parametrize(
    ("strict", "format_", "written"),
    [
        (True, {"denominator": 10}, ["1.2", "5.2"]),
        (True, {"decimals": 1}, ["10.2", "50.2"]),
        (False, {"denominator": 10}, ["1.0", "5.0"]),
    ],
)
def test_a_rise_of_nothing_is_a_step_where_numbers_are_never_equal(strict, format_, written):
    rows = readings(low=[10.0, 50.0], mid=[0.0, -3.0], top=[0.0, 0.0])
    assert above(strict, [60.0, 60.0], **format_).render(rows, pen()) == written


def test_a_number_above_others_keeps_to_the_largest_recorded_one():
    rows = readings(low=[1.0], mid=[50.0], top=[50.0])
    assert above(True, [20.0, 30.0]).render(rows, pen()) == ["30.0"]


def test_a_number_needs_a_limit_for_each_one_below():
    with pytest.raises(ValidationError, match="must have a limit for each number it is above"):
        above(True, [1.0])
