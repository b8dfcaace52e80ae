import json
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.message.numbers import NumberFormat

FLOATS = st.floats(-1e15, 1e15)
FORMATS = st.builds(
    NumberFormat,
    denominator=st.none() | st.sampled_from([1, 10, 100, 256, 1000, 10**9]),
    single=st.booleans(),
    significant=st.none() | st.integers(1, 17),
    whole=st.booleans(),
    quoted=st.booleans(),
)


def back(format_: NumberFormat, text: str) -> float:
    value = json.loads(text)
    assert isinstance(value, str) == format_.quoted
    return format_.column_value(value)


@given(value=FLOATS, whole=st.booleans(), quoted=st.booleans())
def test_a_full_number_reads_back_exactly(value: float, whole: bool, quoted: bool):
    format_ = NumberFormat(whole=whole, quoted=quoted)
    assert back(format_, format_.texts([value])[0]) == value


@given(count=st.integers(-(2**40), 2**40), denominator=st.sampled_from([1, 4, 10, 100, 256, 1000, 10**6]))
def test_a_number_on_a_grid_reads_back_as_its_multiple(count: int, denominator: int):
    for format_ in (NumberFormat(denominator=denominator), NumberFormat(denominator=denominator, whole=True)):
        assert back(format_, format_.texts([float(count)])[0]) == count


@given(count=st.integers(-(2**40), 2**40), decimals=st.integers(0, 6), quoted=st.booleans())
def test_fixed_decimals_are_all_written(count: int, decimals: int, quoted: bool):
    format_ = NumberFormat(denominator=10**decimals, decimals=decimals, quoted=quoted)
    text = format_.texts([float(count)])[0]
    assert len(text.strip('"').partition(".")[2]) == decimals
    assert back(format_, text) == count


@given(value=st.floats(-(2.0**49), 2.0**49, width=32))
def test_a_32_bit_float_reads_back_exactly(value: float):
    format_ = NumberFormat(single=True)
    assert back(format_, format_.texts([value])[0]) == value


@given(value=FLOATS)
def test_a_drawn_number_becomes_the_nearest_32_bit_float(value: float):
    assert json.loads(NumberFormat(single=True).texts([value])[0]) == float(np.float32(value))


@given(value=FLOATS, digits=st.integers(1, 16))
def test_no_more_digits_are_written_than_recorded(value: float, digits: int):
    text = NumberFormat(significant=digits).texts([value])[0]
    mantissa = text.lstrip("-").partition("e")[0].replace(".", "").strip("0")
    assert len(mantissa) <= digits
    assert float(text) == pytest.approx(value, rel=0.5 * 10.0 ** (1 - digits))


@given(count=st.integers(2**31, 2**53))
def test_large_integers_keep_every_digit(count: int):
    assert NumberFormat(denominator=1, whole=True).texts([float(count), float(-count)]) == [str(count), str(-count)]


def test_scores_stay_on_the_grid_of_a_256th():
    format_ = NumberFormat(denominator=256)
    texts = format_.texts(np.linspace(0, 256, 999).tolist())
    assert all((float(text) * 256).is_integer() for text in texts)
    assert format_.texts([127.4]) == ["0.49609375"]


def test_a_whole_value_is_written_as_recorded():
    assert NumberFormat(whole=True).texts([426.0, 426.5]) == ["426", "426.5"]
    assert NumberFormat().texts([426.0]) == ["426.0"]
    assert NumberFormat(quoted=True).texts([0.1]) == ['"0.1"']


def test_zero_has_no_sign():
    for format_ in (
        NumberFormat(),
        NumberFormat(whole=True),
        NumberFormat(decimals=2),
        NumberFormat(denominator=100, decimals=2),
        NumberFormat(significant=3),
        NumberFormat(single=True),
    ):
        assert not format_.texts([-0.0])[0].startswith("-")
    assert NumberFormat(decimals=2).texts([-0.001]) == ["0.00"]


@given(format_=FORMATS, values=st.lists(FLOATS, max_size=5))
def test_every_text_is_json(format_: NumberFormat, values: list[float]):
    for text in format_.texts(values):
        value = json.loads(text)
        assert isinstance(value, str if format_.quoted else int | float)
        assert np.isfinite(float(value))


@given(format_=FORMATS, value=FLOATS)
def test_a_rounded_value_is_written_as_the_value_is(format_: NumberFormat, value: float):
    assert format_.texts(format_.rounded([value])) == format_.texts([value])


@given(value=FLOATS, format_=FORMATS.filter(lambda f: f.significant is None or f.significant < 16))
def test_one_step_on_the_next_number_is_written(format_: NumberFormat, value: float):
    (value,) = format_.rounded([value])
    (following,) = format_.rounded([value + format_.step(value)])
    assert following > value
    assert format_.texts([following]) != format_.texts([value])


def test_a_column_value_of_a_32_bit_float_is_that_float():
    value = array("f", [0.1])[0]
    assert NumberFormat(single=True).column_value(value) == value


@pytest.mark.parametrize(
    "wrong", [{"denominator": 0}, {"decimals": -1}, {"significant": 18}, {"decimals": 99}, {"x": 1}]
)
def test_a_format_that_cannot_be_is_refused(wrong: dict[str, int]):
    with pytest.raises(ValidationError):
        NumberFormat(**wrong)
