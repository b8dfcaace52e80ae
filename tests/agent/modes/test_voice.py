from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.arrival import plan as plans
from agent.clock import NS_PER_S
from agent.models.registry import sampler_of
from agent.modes.voice import Voice, last_of
from agent.player import Player
from tests.bundles import make_bundle

START = 1_750_000_000 * NS_PER_S
MINUTE_NS = 60 * NS_PER_S
BUNDLE = make_bundle(periods={"day": 240.0})


def voice(now_ns: int, seq: int = 0) -> Voice:
    player = Player("climate", BUNDLE, sampler_of(BUNDLE), [1], seq=seq)
    return Voice(player, plans.recorded(BUNDLE, "day", UTC).agenda(player.rng, now_ns))


def spoken(one: Voice, until_ns: int) -> list:
    stretches = one.due(until_ns)
    return list(one.items(stretches, last_of(stretches)))


@given(cuts=st.lists(st.integers(0, 180), max_size=8), killed_at=st.integers(0, 700))
@settings(max_examples=25, deadline=None)
def test_messages_are_the_same_bytes_however_they_are_cut_and_wherever_one_goes_on(cuts, killed_at):
    at_once = spoken(voice(START), START + 180 * MINUTE_NS)
    parts, one = [], voice(START)
    for cut in [*sorted(cuts), 180]:
        parts += spoken(one, START + cut * MINUTE_NS)
    assert parts == at_once
    kept = at_once[: killed_at + 1]
    resumed = voice(kept[-1].event_ns, seq=kept[-1].seq)
    assert kept + spoken(resumed, START + 180 * MINUTE_NS) == at_once
