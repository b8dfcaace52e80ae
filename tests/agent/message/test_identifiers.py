import json
import re

import numpy as np
import pytest
from pydantic import ValidationError

from agent.message.identifiers import Identifier, Run
from agent.message.leaves import Table
from tests.made import pen, readings

HEX = Run(alphabet="0123456789abcdef", count=8)


def test_an_identifier_has_the_recorded_shape_and_is_new_every_time():
    node = Identifier(runs=[HEX, Run(alphabet="-", count=1), Run(alphabet="ABC", count=3)])
    texts = [json.loads(text) for text in node.render(readings(500), pen())]
    assert all(re.fullmatch(r"[0-9a-f]{8}-[ABC]{3}", text) for text in texts)
    assert len(set(texts)) == 500
    assert {text[0] for text in texts} == set("0123456789abcdef")
    assert node.fresh(3, np.random.default_rng(5)) == node.fresh(3, np.random.default_rng(5))


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
