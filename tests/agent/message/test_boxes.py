import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.message.boxes import Box, box_corners, coordinates
from agent.message.leaves import ABSENT, OUTSIDE, Table
from agent.message.numbers import NumberFormat
from tests.made import pen, readings

ORDERS = ["yxyx", "xyxy", "xywh", "cxcywh"]
FORMATS = {
    "full": NumberFormat(),
    "single": NumberFormat(single=True),
    "four digits": NumberFormat(significant=4),
    "decimals": NumberFormat(decimals=3),
    "thousandths": NumberFormat(denominator=1000, decimals=3),
    "pixels": NumberFormat(denominator=1, whole=True),
}
each_order = pytest.mark.parametrize("order", ORDERS)
each_format = pytest.mark.parametrize("name", FORMATS)


def box_of(order, format_, limits=(1.0, 1.0), **more) -> Box:
    return Box(column="b", order=order, format=format_, limits=limits, **more)


def render(box: Box, y, x, h, w) -> str:
    return box.render(readings(**{"b.y": [y], "b.x": [x], "b.h": [h], "b.w": [w]}), pen())[0]


def parse(box: Box, values) -> np.ndarray:
    table = Table([0] * len(values))
    box.parse(values, table)
    return np.array([table.columns[f"b.{part}"] for part in "yxhw"]).T


@each_order
@each_format
@given(
    near=st.tuples(st.floats(-0.2, 0.999), st.floats(-0.2, 0.999)),
    size=st.tuples(st.floats(0, 2, exclude_min=True), st.floats(0, 2, exclude_min=True)),
)
@example(near=(0.12341, 0.1234), size=(1e-9, 1e-12))
@example(near=(0.99999, 0.9996), size=(0.5, 1e-300))
def test_min_is_below_max_and_within_the_limit_whatever_is_drawn(order, name, near, size):
    format_ = FORMATS[name]
    scale = 2000 if format_.denominator else 1
    y, x, h, w = (part * scale for part in (*near, *size))
    if format_.denominator:
        y, x, h, w = round(y), round(x), round(h), round(w)
    limit = 1999.0 if format_.denominator else 0.9993
    box = box_of(order, format_, (limit, limit))
    numbers = [format_.column_value(part) for part in json.loads(render(box, y, x, h, w))]
    if order in ("xywh", "cxcywh"):
        assert min(numbers[2:]) > 0
    near_y, near_x, far_y, far_x = box_corners([json.loads(render(box, y, x, h, w))], order, format_)[:, 0]
    if order == "cxcywh" and not format_.denominator:
        assert (near_y, near_x) <= (far_y, far_x)  # a centre and a tiny size: the corners are the reader's arithmetic
    else:
        assert near_y < far_y
        assert near_x < far_x
    slack = (
        0.0
        if name == "pixels" or (order in ("yxyx", "xyxy") and name != "single")
        else max(10 * format_.step(limit), 1e-12)
    )
    assert max(far_y, far_x) <= limit + slack


@pytest.mark.parametrize("order", ["yxyx", "xyxy"])
@given(near=st.floats(-1e6, 1e6), size=st.floats(-1e6, 1e6), limit=st.floats(-1e6, 1e6))
def test_even_a_hostile_corner_makes_a_box_that_ends_at_the_limit(order, near, size, limit):
    for name in ("full", "pixels"):
        limit = float(round(limit)) if name == "pixels" else limit
        first, second, third, fourth = json.loads(
            render(box_of(order, FORMATS[name], (limit, limit)), near, near, size, size)
        )
        assert first < third <= limit
        assert second < fourth <= limit


@each_order
@given(parts=st.tuples(*[st.integers(0, 500)] * 2, *[st.integers(1, 500)] * 2))
def test_boxes_of_whole_pixels_read_back_exactly(order, parts):
    box = box_of(order, FORMATS["pixels"], (1000, 1000))
    assert parse(box, [json.loads(render(box, *parts))]).tolist() == [list(map(float, parts))]


@each_order
@given(written=st.tuples(*[st.integers(300, 500)] * 2, *[st.integers(1, 200)] * 2))
def test_recorded_pixels_are_written_as_recorded(order, written):
    a, b, c, d = written
    recorded = [a, b, a + c, b + d] if order in ("yxyx", "xyxy") else [a, b, c, d]
    box = box_of(order, FORMATS["pixels"], (1000, 1000))
    columns = parse(box, [recorded])[0]
    assert all(column.is_integer() for column in columns)
    assert json.loads(render(box, *columns)) == recorded


@each_order
@given(parts=st.tuples(*[st.floats(0, 0.4)] * 2, *[st.floats(0.01, 0.5)] * 2))
def test_full_boxes_read_back_to_rounding(order, parts):
    box = box_of(order, FORMATS["full"])
    assert parse(box, [json.loads(render(box, *parts))])[0] == pytest.approx(np.array(parts), abs=1e-12)


def test_each_order_says_the_same_corners():
    written = {"yxyx": [1, 2, 4, 8], "xyxy": [2, 1, 8, 4], "xywh": [2, 1, 6, 3], "cxcywh": [5.0, 2.5, 6, 3]}
    for order, numbers in written.items():
        assert box_corners([numbers], order, NumberFormat())[:, 0].tolist() == [1, 2, 4, 8]


def test_a_box_in_a_string_is_written_in_the_same_form():
    box = box_of("yxyx", NumberFormat(), quoted=True, separator=", ")
    assert render(box, 0.25, -0.125, 0.5, 0.5) == '"[0.25, -0.125, 0.75, 0.375]"'
    assert parse(box, ["[0.25, -0.125, 0.75, 0.375]"]).tolist() == [[0.25, -0.125, 0.5, 0.5]]


def test_a_message_without_a_box_teaches_nothing():
    values = [None, ABSENT, OUTSIDE, "none", "[1,2,3]", "[1,2", [1, 2, True, 4], {"a": 1}]
    for format_ in (NumberFormat(), FORMATS["pixels"]):
        assert np.isnan(parse(box_of("yxyx", format_), values)).all()


def test_four_numbers_in_a_list_or_a_string_are_coordinates():
    assert coordinates("[1, 2.5, 3, 4]") == [1.0, 2.5, 3.0, 4.0]
    assert coordinates([1, 2, 3, 4]) == [1.0, 2.0, 3.0, 4.0]
    assert coordinates("1,2,3,4") is None


def test_a_box_whose_numbers_have_quotes_is_refused():
    with pytest.raises(ValidationError, match="quotes"):
        box_of("yxyx", NumberFormat(quoted=True), quoted=True)


@pytest.mark.parametrize("limits", [(1e308, 1), (1, -1e308)])
def test_limits_that_would_write_infinity_are_refused(limits: tuple[float, float]):
    with pytest.raises(ValidationError, match="1000000000000000"):
        Box(column="b", order="cxcywh", format=NumberFormat(single=True), limits=limits)
