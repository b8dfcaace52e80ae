from datetime import UTC

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.arrival import plan as plans
from agent.clock import NS_PER_S
from agent.model import model_of
from agent.models.bundle import Bundle
from agent.modes.voice import Voice
from agent.player import Player
from tests.bundles import make_bundle

START = 1_750_000_000 * NS_PER_S
MINUTE_NS = 60 * NS_PER_S
BUNDLE = make_bundle(periods={"day": 240.0})


def voice(now_ns: int, seq: int = 0, bundle: Bundle = BUNDLE) -> Voice:
    player = Player("climate", model_of(bundle), [1], seq=seq)
    return Voice(player, plans.recorded(bundle, "day", UTC).agenda(player.rng, now_ns))


def spoken(one: Voice, until_ns: int) -> list:
    stretches = one.due(until_ns)
    return list(one.items(stretches, until_ns))


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


BURSTS = {
    "arrival/gaps": np.array([[0.0, 1.0], [0.9, 1.1]]),
    "arrival/sizes": np.array([0.0, 0.0, 1.0]),
    "arrival/within": np.array([[0.0, 1.0], [50.0, 50.0]]),
}


@given(killed_at=st.integers(0, 400))
@settings(max_examples=25, deadline=None)
def test_a_burst_that_goes_on_into_the_next_hour_is_the_same_after_a_restart(killed_at):
    plain = make_bundle(periods={"day": 30.0}, rhythm={"rhythm": "timer", "mean_s": 120.0}, timing=BURSTS)
    plan = np.tile(np.array([0, 1], "<i4"), (24, 1))
    plan[1::2, 0] = 2
    tables = {
        "offsets": np.array([0, 2, 4, 6]),
        "steps": np.array([False, True, False]),
        "plan": plan,
        "z": np.append(plain.arrays["z"], [-4.0, 4.0]),
        "value": np.append(plain.arrays["value"], [3000.0, 4000.0]),
    }
    bundle = Bundle(plain.manifest.model_copy(update={"hours": 24}), {**plain.arrays, **tables})
    at_once = spoken(voice(START, bundle=bundle), START + 300 * MINUTE_NS)
    kept = at_once[: killed_at + 1]
    resumed = voice(kept[-1].event_ns, seq=kept[-1].seq, bundle=bundle)
    assert kept + spoken(resumed, START + 300 * MINUTE_NS) == at_once
