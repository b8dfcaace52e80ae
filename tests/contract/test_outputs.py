"""What every output of the registry keeps to."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.outputs.file import FileOutput
from agent.outputs.mqtt import MqttOutput
from agent.outputs.output import Acknowledged, Connected, Event, Message, Output, Wake
from agent.outputs.registry import OUTPUTS
from agent.settings.mqtt import Mqtt
from tests.e2e.broker import MISSING, Broker


def _mqtt(folder: Path, wake: Wake) -> Iterator[Output]:
    if MISSING:
        pytest.skip(MISSING)
    broker = Broker(folder)
    broker.start()
    yield MqttOutput(Mqtt(url=broker.url), "contract", Message("status", b"", 1, True), wake)
    broker.stop()


def _file(folder: Path, wake: Wake) -> Iterator[Output]:
    with (folder / "messages.jsonl").open("wb") as file:
        yield FileOutput(wake, file)


MAKERS: dict[str, Callable[[Path, Wake], Iterator[Output]]] = {"file": _file, "mqtt": _mqtt}


@pytest.fixture(params=OUTPUTS)
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Output]:
    yield from MAKERS[request.param](tmp_path, lambda: None)


def collect(output: Output, enough: Callable[[list[Event]], bool]) -> list[Event]:
    events: list[Event] = []
    end_s = time.monotonic() + 15
    while not enough(events):
        assert time.monotonic() < end_s, f"only {events}"
        events += output.poll()
        time.sleep(0.01)
    return events


def close(output: Output) -> None:
    output.close()
    collect(output, lambda _: output.closed)


def test_there_is_no_room_before_it_is_connected(output):
    assert output.room == 0
    assert output.poll() == []


def test_it_connects_once_opened_and_then_has_room(output):
    output.open()
    assert collect(output, bool)[0] == Connected()
    assert output.room > 0
    close(output)


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_every_message_is_acknowledged_once_by_its_token(output, qos):
    output.open()
    collect(output, bool)
    tokens = [output.send(Message("a/b", b"{}", qos, False, (("seq", str(seq)),))) for seq in range(5)]
    assert len(set(tokens)) == 5
    events = collect(output, lambda events: sum(e.token in tokens for e in events if isinstance(e, Acknowledged)) >= 5)
    acknowledged = [event for event in events if isinstance(event, Acknowledged) and event.token in tokens]
    assert [event.token for event in acknowledged] == tokens
    assert all(event.refusal is None for event in acknowledged)
    close(output)


def test_a_close_ends_by_itself_and_leaves_no_room(output):
    output.open()
    collect(output, bool)
    output.close()
    assert output.room == 0
    collect(output, lambda _: output.closed)


def test_it_can_be_closed_before_it_connected(output):
    close(output)
