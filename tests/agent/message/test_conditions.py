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
