from dataclasses import replace

import pytest

from agent.clock import FakeClock
from agent.cuts import LARGE_BYTES, RETRY_S, Cuts
from agent.outputs.output import Message

SMALL = Message("t", b"21.5")


def large(size: int = LARGE_BYTES) -> Message:
    return Message("t/image", bytes(size))


def test_what_is_in_flight_when_the_connection_breaks_three_times_is_given_up():
    cuts, picture = Cuts(FakeClock()), large()
    assert [cuts.broke([SMALL, picture]), cuts.broke([picture, SMALL]), cuts.broke([picture])] == [None, None, picture]


@pytest.mark.parametrize("kept", [large(LARGE_BYTES - 1), replace(large(), settle=lambda: None)])
def test_what_is_small_or_can_be_made_again_is_never_given_up_nor_refused(kept):
    cuts = Cuts(FakeClock())
    assert [cuts.broke([kept]) for _ in range(20)] == [None] * 20
    assert not cuts.refuses(kept)


def test_another_message_begins_to_count_anew():
    cuts, first, second = Cuts(FakeClock()), large(), large()
    assert [cuts.broke([first, second]), cuts.broke([first, second])] == [None, None]
    assert [cuts.broke([second]), cuts.broke([second])] == [None, None]
    assert cuts.broke([second]) is second


def learnt(clock: FakeClock, size: int) -> Cuts:
    cuts, picture = Cuts(clock), large(size)
    for _ in range(3):
        cuts.broke([picture])
    return cuts


def test_what_is_as_large_is_then_refused_at_once_and_tried_every_ten_minutes():
    clock = FakeClock()
    cuts = learnt(clock, 50_000)
    assert cuts.refuses(large(50_000))
    assert not cuts.refuses(large(49_999))
    assert not cuts.refuses(SMALL)
    clock.advance(RETRY_S)
    assert [cuts.refuses(large(60_000)), cuts.refuses(large(60_000))] == [False, True]


def test_one_that_arrives_proves_that_size_was_not_the_cause():
    cuts = learnt(FakeClock(), 50_000)
    cuts.arrived(large(49_999))
    assert cuts.refuses(large(50_000))
    cuts.arrived(large(50_000))
    assert not cuts.refuses(large(50_000))
