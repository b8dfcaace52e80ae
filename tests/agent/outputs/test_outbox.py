import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.clock import FakeClock
from agent.outputs.outbox import Outbox
from agent.outputs.output import Message
from agent.rarely import Rarely

CAPACITY = 5


def message(number: int) -> Message:
    return Message("t", str(number).encode())


def drain(outbox: Outbox) -> list[int]:
    outbox.rewind()
    numbers = []
    while len(outbox):
        numbers.append(int(outbox.next().payload))
        outbox.skip()
    return numbers


@pytest.fixture
def outbox():
    return Outbox(CAPACITY, Rarely(FakeClock()))


def test_what_is_not_acknowledged_is_sent_again_first_and_in_order(outbox):
    for number in range(4):
        outbox.put(message(number))
    for token in (10, 11, 12):
        outbox.sent(token)
    assert outbox.acknowledge(11) == message(1)
    assert drain(outbox) == [0, 2, 3]


def test_when_full_the_oldest_that_is_not_in_flight_is_dropped(outbox):
    for number in range(CAPACITY):
        outbox.put(message(number))
    outbox.sent(1)
    outbox.put(message(9))
    assert outbox.dropped == 1
    assert drain(outbox) == [0, 2, 3, 4, 9]


def test_drops_are_logged_at_first_and_then_rarely(caplog):
    clock = FakeClock()
    outbox = Outbox(1, Rarely(clock))
    for number in range(10):
        outbox.put(message(number))
    clock.advance(61)
    outbox.put(message(10))
    assert [record.args[1] for record in caplog.records] == [1, 10]


class OutboxMachine(RuleBasedStateMachine):
    """Against the plainest model there is: a list of numbers with a mark."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(CAPACITY, Rarely(FakeClock()))
        self.model: list[tuple[int, int | None]] = []  # number, token
        self.count = self.dropped = 0

    @rule()
    def put(self) -> None:
        if len(self.model) == CAPACITY:
            waiting = [entry for entry in self.model if entry[1] is None]
            self.model.remove((waiting or self.model)[0])
            self.dropped += 1
        self.model.append((self.count, None))
        self.outbox.put(message(self.count))
        self.count += 1

    @precondition(lambda self: self.outbox.waiting)
    @rule()
    def send(self) -> None:
        place = next(i for i, entry in enumerate(self.model) if entry[1] is None)
        assert self.outbox.next() == message(self.model[place][0])
        self.outbox.sent(self.model[place][0])
        self.model[place] = (self.model[place][0],) * 2

    @rule(token=st.integers(0, 20))
    def acknowledge(self, token: int) -> None:
        found = self.outbox.acknowledge(token)
        assert (found is not None) == ((token, token) in self.model)
        self.model = [entry for entry in self.model if entry != (token, token)]

    @rule()
    def rewind(self) -> None:
        self.outbox.rewind()
        self.model = [(number, None) for number, _ in self.model]

    @invariant()
    def agrees(self) -> None:
        assert len(self.outbox) == len(self.model)
        assert self.outbox.dropped == self.dropped


TestOutboxMachine = OutboxMachine.TestCase
TestOutboxMachine.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


def test_what_can_be_made_again_is_never_dropped_and_drops_nothing():
    outbox = Outbox(2, Rarely(FakeClock()))
    kept = [Message("t", b"%d" % n, settle=lambda: None) for n in range(4)]
    for message in (*kept, Message("t", b"x"), Message("t", b"y")):
        outbox.put(message)
    assert [outbox._take().payload for _ in range(outbox.waiting)] == [b"0", b"1", b"2", b"3", b"y"]
    assert (outbox.dropped, outbox.waiting_bytes) == (1, 0)


def test_what_can_be_made_again_drops_nothing_that_cannot():
    outbox = Outbox(1, Rarely(FakeClock()))
    outbox.put(Message("t", b"only once"))
    outbox.put(Message("t", b"again", settle=lambda: None))
    assert (outbox.next().payload, outbox.dropped) == (b"only once", 0)


def test_what_is_given_up_in_flight_is_not_sent_again(outbox):
    for number in range(3):
        outbox.put(message(number))
    for token in (10, 11, 12):
        outbox.sent(token)
    assert outbox.in_flight == [message(0), message(1), message(2)]
    outbox.give_up(outbox.in_flight[1])
    assert drain(outbox) == [0, 2]
