import json

from hypothesis import given
from hypothesis import strategies as st

from agent.model import model_of
from agent.player import Player
from tests.bundles import make_bundle

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
