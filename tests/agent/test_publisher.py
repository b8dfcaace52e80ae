import pytest

from agent.clock import FakeClock
from agent.cuts import Cuts
from agent.errors import OutputError
from agent.outputs.outbox import Outbox
from agent.outputs.output import Acknowledged, Connected, Disconnected, Event, Message
from agent.publisher import Publisher
from agent.rarely import Rarely


class ScriptedOutput:
    """An output that is told what happens."""

    def __init__(self, name: str = "first", log: list[str] | None = None) -> None:
        self.name, self.log = name, log if log is not None else []
        self.events: list[Event] = []
        self.sent: list[int] = []
        self.room = 0
        self.closed = False

    def open(self) -> None:
        self.log.append(f"{self.name} opened")

    def poll(self) -> list[Event]:
        events, self.events = self.events, []
        return events

    def send(self, message: Message) -> int:
        if message.payload == b"13":
            raise OutputError("unlucky")
        self.sent.append(int(message.payload))
        self.room -= 1
        return int(message.payload) + 100 * len(self.sent)

    def close(self) -> None:
        self.log.append(f"{self.name} closes")


@pytest.fixture
def output():
    return ScriptedOutput()


@pytest.fixture
def publisher(output):
    clock = FakeClock()
    return Publisher(Outbox(100, Rarely(clock)), output, Rarely(clock), Cuts(clock))


def publish(publisher: Publisher, *numbers: int) -> None:
    for number in numbers:
        publisher.publish(Message("t", str(number).encode()))
    publisher.pump()


def test_nothing_is_sent_before_there_is_room_and_then_no_more_than_fits(publisher, output):
    publish(publisher, 1, 2, 3)
    assert output.sent == []
    output.events, output.room = [Connected()], 2
    publisher.pump()
    assert output.sent == [1, 2]
    assert not publisher.drained


def test_what_was_in_flight_is_sent_again_after_a_lost_connection(publisher, output):
    output.events, output.room = [Connected()], 3
    publish(publisher, 1, 2, 3)
    output.events = [Acknowledged(101), Disconnected()]
    publisher.pump()
    assert publisher.drained
    output.events, output.room = [Connected()], 9
    publish(publisher, 4)
    assert output.sent == [1, 2, 3, 2, 3, 4]
    assert publisher.published == 1


def test_a_message_that_can_never_be_sent_does_not_hold_up_the_rest(publisher, output, caplog):
    output.events, output.room = [Connected()], 9
    publish(publisher, 12, 13, 14)
    assert output.sent == [12, 14]
    assert publisher.refused == 1
    assert "unlucky" in caplog.text


def test_a_refusal_by_the_broker_is_counted_and_logged_rarely(publisher, output, caplog):
    output.events, output.room = [Connected()], 9
    publish(publisher, 1, 2)
    output.events = [Acknowledged(101, "Not authorized"), Acknowledged(202, "Not authorized")]
    publisher.pump()
    assert (publisher.published, publisher.refused, publisher.unsent) == (0, 2, 0)
    assert caplog.text.count("the broker said 'Not authorized' to what was sent on ") == 1


def test_another_output_takes_over_once_the_first_has_said_goodbye(publisher, output):
    output.events, output.room = [Connected()], 1
    publish(publisher, 1, 2)
    second = ScriptedOutput("second", output.log)
    publisher.switch(second, 50)
    output.events, output.room = [Acknowledged(101)], 0
    publisher.pump()
    assert output.log == ["first closes"]
    output.closed = True
    publisher.pump()
    assert output.log == ["first closes", "second opened"]
    second.events, second.room = [Connected()], 9
    publisher.pump()
    assert second.sent == [2]
