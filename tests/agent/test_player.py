import json
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import NS_PER_S
from agent.errors import ConditionError
from agent.model import model_of
from agent.models.bundle import Bundle
from agent.models.manifest import Manifest
from agent.models.sampler import Given
from agent.player import Player, given_of
from tests.bundles import make_bundle
from tests.made import manifest_of

BUNDLE = make_bundle()
MODEL = model_of(BUNDLE)


def player(seed: int = 1, **options) -> Player:
    return Player("a", MODEL, [seed], **options)


@given(played=st.integers(1, 39), chunk=st.integers(1, 40))
def test_a_player_that_resumes_writes_the_very_same_messages_in_whatever_chunks(played: int, chunk: int):
    whole, resumed = player(), player(seq=played)
    for one, skip in ((whole, 0), (resumed, played)):
        one.restart(17, block=64, skip=skip)
    starts = range(played, 40, chunk)
    texts = [text for start in starts for text in resumed.play(range(start, min(start + chunk, 40))).texts]
    assert texts == whole.play(range(40)).texts[played:]


def test_identifiers_of_another_seed_are_others():
    one, other = ({json.loads(text)["id"] for text in player(seed).play(range(100)).texts} for seed in (1, 2))
    assert len(one | other) == 200


def test_messages_do_not_depend_on_how_many_rows_are_drawn_ahead():
    assert player(block=3).play(range(10)).texts == player().play(range(10)).texts


def test_a_player_goes_on_from_a_seq():
    assert player(seq=41).play([1]).first_seq == 42


NUMBERS = {
    "node": "object",
    "members": {
        name: {"node": "number", "column": name, "format": {"denominator": 1}} for name in ("hour", "drawn", "follows")
    },
}


def by_hour_of_week() -> Bundle:
    """A bundle whose rows tell the hour of the week that they are of."""
    follows = {"column": "follows", "cases": [{"terms": [{"term": "follow", "column": "hour", "slope": 2}]}]}
    made = manifest_of(NUMBERS, kind="declared", hours=168, processes=[follows])
    plan = np.zeros((168, 3), "<i4")
    plan[:, 0] = range(168)
    return Bundle(
        Manifest.model_validate(made),
        {
            "factor": np.eye(3),
            "offsets": np.arange(169, dtype="<i8"),
            "steps": np.ones(168, "|b1"),
            "plan": plan,
            "z": np.zeros(168),
            "value": np.arange(168.0),
        },
    )


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "Europe/Brussels"])
def test_rows_that_differ_by_the_hour_of_the_week_are_of_the_local_weekday_and_hour(zone: str):
    start_ns = 1_792_713_600 * NS_PER_S  # 2026-10-23, a Friday; on Sunday summer time ends in Europe
    times = [start_ns + quarter * 900 * NS_PER_S for quarter in range(4 * 24 * 8)]
    local = [datetime.fromtimestamp(time // NS_PER_S, ZoneInfo(zone)) for time in times]
    expected = [24 * moment.weekday() + moment.hour for moment in local]
    model = model_of(by_hour_of_week())
    messages = [json.loads(text) for text in Player("a", model, [1], zone=ZoneInfo(zone)).play(times).texts]
    assert [message["hour"] for message in messages] == expected
    assert [message["follows"] for message in messages] == [2 * hour for hour in expected]
    single = Player("a", model, [1], zone=ZoneInfo(zone))
    assert [json.loads(single.play([time]).texts[0]) for time in times[:200]] == messages[:200]


def test_what_follows_in_time_cannot_be_given_and_what_is_drawn_can():
    bundle = by_hour_of_week()
    with pytest.raises(ConditionError, match=r"^follows: follows from other values and cannot be given$"):
        given_of(bundle, {"drawn": "0", "follows": "4"})
    assert given_of(bundle, {"drawn": "0"}) == Given(None, ((1, (0.0,)),), ("drawn = 0",))
