import json

import pytest

from agent.clock import NS_PER_S, FakeClock
from agent.models.registry import sampler_of
from agent.modes.aggregator import AggregatorMode, Voice
from agent.modes.calendar import Agenda
from agent.modes.envelope import Envelope
from agent.player import Player
from tests.bundles import make_bundle


@pytest.fixture
def clock():
    return FakeClock()


def voice(name: str, clock: FakeClock, mean: float = 600.0) -> Voice:
    bundle = make_bundle(periods={"day": mean}, export=True)
    player = Player(name, bundle, sampler_of(bundle), [1])
    return Voice(Agenda(player, "day", clock.unix_ns()), Envelope(f"t/{name}", 1, "r"))


def test_own_batches_are_arrays_with_their_range_of_seq(clock):
    published = []
    mode = AggregatorMode([voice("a", clock), voice("b", clock)], None, clock, published.append)
    for _ in range(3):
        clock.advance(60)
        mode.tick()
    batches = [message for message in published if message.topic == "t/a"]
    assert len(batches) == 3
    last = 0
    for batch in batches:
        properties, messages = dict(batch.properties), json.loads(batch.payload)
        assert properties["simulated"] == "true"
        assert int(properties["seq_first"]) == last + 1
        last = int(properties["seq_last"])
        assert [message["n"] for message in messages] == list(range(int(properties["seq_first"]), last + 1))
        assert {message["exported"] for message in messages} == {messages[-1]["time"] + NS_PER_S}
    assert last == pytest.approx(180, abs=3)


def test_a_batch_of_all_is_in_order_and_leaves_at_one_moment(clock):
    published = []
    voices = [voice("a", clock), voice("b", clock)]
    mode = AggregatorMode(voices, Envelope("all", 0, "r"), clock, published.append)
    clock.advance(60)
    mode.tick()
    (batch,) = published
    items = json.loads(batch.payload)
    times = [item["message"]["time"] for item in items]
    assert times == sorted(times)
    assert {item["sensor"] for item in items} == {"a", "b"}
    assert all(item["seq"] == item["message"]["n"] for item in items)
    assert {item["message"]["exported"] for item in items} == {times[-1] + NS_PER_S}


def test_nothing_due_is_no_message(clock):
    published = []
    for together in (None, Envelope("all", 1, "r")):
        mode = AggregatorMode([voice("a", clock, mean=1e-9)], together, clock, published.append)
        clock.advance(60)
        mode.tick()
    assert published == []


@pytest.mark.parametrize("jump_s", [86_400 * 400, -86_400 * 400, 3600, -3600])
def test_a_jump_of_the_wall_clock_skips_what_lay_between(clock, caplog, jump_s):
    published = []
    mode = AggregatorMode([voice("a", clock)], None, clock, published.append)
    clock.advance(60)
    mode.tick()
    clock.epoch_ns += jump_s * NS_PER_S
    clock.advance(60)
    mode.tick()
    assert "wall clock jumped" in caplog.text
    messages = json.loads(published[-1].payload)
    assert len(messages) == pytest.approx(60, abs=3)
    assert all(clock.unix_ns() - 60 * NS_PER_S <= message["time"] <= clock.unix_ns() for message in messages)
    assert messages[0]["n"] == json.loads(published[0].payload)[-1]["n"] + 1


def test_a_small_correction_of_the_clock_loses_and_repeats_nothing(clock):
    published = []
    mode = AggregatorMode([voice("a", clock)], None, clock, published.append)
    for step_s in (0, 5, -5, 0):
        clock.epoch_ns += step_s * NS_PER_S
        clock.advance(60)
        mode.tick()
    times = [message["time"] for batch in published for message in json.loads(batch.payload)]
    assert times == sorted(set(times))
    assert len(times) == pytest.approx(240, abs=4)
