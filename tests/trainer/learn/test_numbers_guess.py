"""The coarsest format that writes every recorded number exactly is found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.message.numbers import NumberFormat
from trainer.learn.numbers import guess_number


@pytest.mark.parametrize(
    ("values", "format_"),
    [
        ([1, 5, -3], NumberFormat(denominator=1, whole=True)),
        ([1.0, 5.0], NumberFormat(denominator=1)),
        ([426, 429.5], NumberFormat(denominator=2, whole=True)),
        ([23.18, 23.1], NumberFormat(denominator=100)),
        (["0.5625", "0.64453125", "0.51171875"], NumberFormat(denominator=256, quoted=True)),
        (["0.661192", "0.536970"], NumberFormat(denominator=10**6, decimals=6, quoted=True)),
        ([0.4961545169353485, 0.7034689784049988], NumberFormat(single=True)),
        ([820.333333333333, 721.25], NumberFormat(significant=15)),
    ],
)
def test_a_format_is_recognised(values, format_) -> None:
    assert guess_number(values) == format_


@given(st.lists(st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6, width=64)), min_size=1, max_size=30))
def test_every_number_is_written_as_it_was_recorded(values) -> None:
    format_ = guess_number(values)
    columns = [format_.column_value(value) for value in values]
    assert [float(text) for text in format_.texts(columns)] == [float(value) for value in values]


@given(st.lists(st.floats(-1, 2, width=32), min_size=2, max_size=30))
def test_single_precision_survives(values) -> None:
    format_ = guess_number(values)
    made = [float(text) for text in format_.texts([format_.column_value(v) for v in values])]
    assert all(float(np.float32(x)) == x for x in made)
