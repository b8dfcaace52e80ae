import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.message.identifiers import Identifier, Run
from agent.message.leaves import Table
from tests.chance import chi_square
from tests.made import pen, readings

HEX = Run(alphabet="0123456789abcdef", count=8)


def test_an_identifier_has_the_recorded_shape_and_is_new_every_time():
    node = Identifier(runs=[HEX, Run(alphabet="-", count=1), Run(alphabet="ABC", count=3)])
    texts = [json.loads(text) for text in node.render(readings(500), pen())]
    assert all(re.fullmatch(r"[0-9a-f]{8}-[ABC]{3}", text) for text in texts)
    assert len(set(texts)) == 500
    assert {text[0] for text in texts} == set("0123456789abcdef")


@given(seqs=st.lists(st.integers(0, 2**40), max_size=20), key=st.integers(0, 2**64 - 1))
def test_an_identifier_is_a_function_of_key_and_seq(seqs: list[int], key: int):
    node = Identifier(runs=[Run(alphabet="x", count=1), HEX])
    assert node.fresh(seqs, key) == [node.fresh([seq], key)[0] for seq in seqs]


def test_identifiers_of_two_keys_have_nothing_in_common():
    one, other = (Identifier(runs=[HEX]).fresh(range(2000), key) for key in (7, 8))
    assert not set(one) & set(other)


@pytest.mark.parametrize("alphabet", ["0123456789abcdef", "0123456789", "abc", "".join(map(chr, range(128)))])
def test_characters_are_evenly_spread_and_do_not_hang_together(alphabet: str):
    size, texts = len(alphabet), Identifier(runs=[Run(alphabet=alphabet, count=6)]).fresh(range(50_000), key=3)
    places = np.array([[alphabet.index(character) for character in text] for text in texts])
    for column in places.T:
        assert chi_square(np.bincount(column, minlength=size), np.full(size, 1 / size)) < 1
    beside, after = (places[:, :-1], places[:, 1:]), (places[:-1], places[1:])
    for before, behind in (beside, after):
        pairs = np.bincount((before * size + behind).ravel(), minlength=size**2)
        assert chi_square(pairs, np.full(size**2, 1 / size**2)) < 1


def test_twelve_hexadecimal_digits_do_not_repeat():
    node = Identifier(runs=[Run(alphabet="0123456789abcdef", count=12)])
    assert len(set(node.fresh(range(100_000), key=1))) == 100_000  # by chance a pair in 56,000 such runs


def test_short_identifiers_repeat_as_often_as_chance_has_it():
    texts = Identifier(runs=[Run(alphabet="0123456789abcdef", count=6)]).fresh(range(100_000), key=1)
    assert 100_000 - len(set(texts)) == pytest.approx(298, abs=70)  # 100,000**2 / 2 / 16**6, four deviations


def test_an_identifier_learns_nothing_of_the_recording():
    table = Table([0])
    node = Identifier(runs=[HEX])
    node.parse(["deadbeef"], table)
    assert table.columns == {}
    assert node.columns() == []
    assert "deadbeef" not in node.model_dump_json()


def test_an_identifier_of_odd_characters_is_still_json():
    node = Identifier(runs=[Run(alphabet='"\\\n', count=20)])
    assert set(json.loads(node.render(readings(1), pen())[0])) <= set('"\\\n')


def test_an_identifier_without_quotes_is_a_whole_number():
    node = Identifier(runs=[Run(alphabet="123456789", count=1), Run(alphabet="0123456789", count=18)], quoted=False)
    assert all(len(text) == 19 and int(text) > 10**18 for text in node.render(readings(50), pen()))


@pytest.mark.parametrize(
    "runs",
    [
        [Run(alphabet="0123456789", count=5)],
        [Run(alphabet="123", count=2), Run(alphabet="0", count=1)],
        [HEX],
        [Run(alphabet="²", count=3)],
        [Run(alphabet="٣", count=3)],
    ],
)
def test_an_identifier_without_quotes_that_is_no_json_number_is_refused(runs: list[Run]):
    with pytest.raises(ValidationError, match="without quotes"):
        Identifier(runs=runs, quoted=False)
