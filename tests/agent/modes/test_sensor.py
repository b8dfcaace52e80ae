import json

from agent.clock import FakeClock
from agent.models.registry import sampler_of
from agent.modes.envelope import Envelope
from agent.modes.sensor import SensorMode
from agent.player import Player
from tests.bundles import make_bundle


def player(name: str = "a", seed: int = 1, **options) -> Player:
    bundle = make_bundle()
    return Player(name, bundle, sampler_of(bundle), [seed], **options)


def test_each_tick_is_one_message_stamped_now_with_the_next_seq():
    clock, published = FakeClock(), []
    mode = SensorMode(player(), Envelope("a/b", 2, "r1"), clock, published.append)
    for _ in range(3):
        clock.advance(1)
        mode.tick()
    payloads = [json.loads(message.payload) for message in published]
    assert [payload["time"] for payload in payloads] == [clock.epoch_ns + s * 10**9 for s in (1, 2, 3)]
    assert [dict(message.properties)["seq"] for message in published] == ["1", "2", "3"]
    assert {(message.topic, message.qos, message.retain) for message in published} == {("a/b", 2, False)}
    assert dict(published[0].properties) == {"simulated": "true", "run": "r1", "seq": "1"}


def test_the_same_seed_and_name_give_the_same_messages_and_any_other_does_not():
    one, same, other_name, other_seed = (
        p.play([1, 2, 3]).texts for p in (player(), player(), player(name="b"), player(seed=2))
    )
    assert one == same
    assert len({tuple(texts) for texts in (one, other_name, other_seed)}) == 3


def test_messages_do_not_depend_on_how_many_rows_are_drawn_ahead():
    assert player(block=3).play(range(10)).texts == player().play(range(10)).texts


def test_a_player_goes_on_from_a_seq():
    assert player(seq=41).play([1]).first_seq == 42
