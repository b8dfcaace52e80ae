import json

import pytest

from agent.errors import ConditionError
from agent.message.conditions import conditions
from agent.message.template import Template
from agent.model import model_of
from agent.player import Player, given_of
from tests.made import MESSAGE, START_NS, copula_bundle

TEMPLATE = Template.model_validate({"message": MESSAGE})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"lihgt": "on"}, "lihgt: no field that varies has that name; did you mean light?"),
        ({"light": "purple"}, "light = purple: is never that; known: "),
        ({"temperature": "warm"}, "temperature = warm: must be a number"),
        ({"temperature": "nan"}, "temperature = nan: must be a number"),
        ({"temperature": "inf"}, "temperature = inf: must be a number"),
        ({"seen": "unicorn"}, "seen = unicorn: never holds that; known: cat, person"),
    ],
)
def test_what_cannot_be_asked_for_is_told(asked, said):
    with pytest.raises(ConditionError) as error:
        conditions(TEMPLATE, asked)
    assert said in str(error.value)


def test_a_value_implies_that_it_is_there_and_null_that_it_is_not():
    assert conditions(TEMPLATE, {"humidity": "40"}).keys() > {"humidity"}
    absent = conditions(TEMPLATE, {"humidity": "null"})
    assert "humidity" not in absent
    assert len(absent) == 1


@pytest.mark.parametrize("asked", [{"seen": "cat"}, {"light": "on", "seen": "person"}, {"humidity": "null"}])
def test_every_message_is_as_asked(asked):
    bundle = copula_bundle()
    player = Player("kitchen", model_of(bundle), [1], given=given_of(bundle, asked))
    for text in player.play([START_NS + i for i in range(200)]).texts:
        message = json.loads(text)
        for field, value in asked.items():
            if field == "seen":
                assert value in {item["label"] for item in message["seen"]}
            else:
                assert message[field] == (None if value == "null" else value)


@pytest.mark.parametrize(
    ("format_", "asked", "said"),
    [
        ({"denominator": 1, "increment": 25, "whole": True}, "80", "is never exactly that; the nearest is 75"),
        ({"denominator": 256, "quoted": True}, "0.7", "is never exactly that; the nearest is 0.69921875"),
        ({"significant": 3}, "0.1234", "is never exactly that; the nearest is 0.123"),
        ({"decimals": 1}, "20.04", "is never exactly that; the nearest is 20.0"),
    ],
)
def test_a_number_that_the_sensor_never_writes_is_refused_and_not_rounded(format_, asked, said):
    node = {"node": "number", "column": "level", "format": format_}
    template = Template.model_validate({"message": {"node": "object", "members": {"level": node}}})
    with pytest.raises(ConditionError, match=said):
        conditions(template, {"level": asked})


@pytest.mark.parametrize("asked", [75, "75", "75.0", "7.5e1"])
def test_a_number_may_be_asked_for_however_it_is_written(asked):
    node = {"node": "number", "column": "level", "format": {"denominator": 1, "increment": 25, "whole": True}}
    template = Template.model_validate({"message": {"node": "object", "members": {"level": node}}})
    assert conditions(template, {"level": asked}) == {"level": {3.0}}


def test_a_number_that_is_learnt_as_its_distance_from_another_is_not_taken_for_that_distance():
    low = {"node": "number", "column": "low", "format": {"denominator": 100}}
    high = {"node": "number", "column": "high", "format": {"denominator": 100}, "above": ["low"], "limits": [2000]}
    template = Template.model_validate({"message": {"node": "object", "members": {"low": low, "high": high}}})
    with pytest.raises(ConditionError, match="high: is learnt as how far it is above low; ask for another field"):
        conditions(template, {"high": "2"})
    assert conditions(template, {"low": "9"}) == {"low": {900.0}}
