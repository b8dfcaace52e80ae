import pytest

from agent.clock import SystemClock
from agent.cuts import Cuts
from agent.errors import OutputError
from agent.loop import Loop
from agent.outputs.mqtt import WINDOW, MqttOutput
from agent.outputs.outbox import Outbox
from agent.outputs.output import Message
from agent.publisher import Publisher
from agent.rarely import Rarely
from agent.settings.mqtt import Mqtt
from tests.e2e.broker import MISSING, Broker

STATUS = Message("status", b"", 1, True)


class Wired:
    """A publisher on a real broker, moved by nothing but the output's wakes."""

    def __init__(self, broker: Broker, protocol: str = "5") -> None:
        clock = SystemClock()
        self.loop = Loop(clock)
        self.output = MqttOutput(Mqtt(url=broker.url, protocol=protocol), "wired", STATUS, self.loop.wake)
        self.outbox = Outbox(10_000, Rarely(clock))
        self.publisher = Publisher(self.outbox, self.output, Rarely(clock), Cuts(clock))
        self.most = 0
        self.loop.after = self.pump

    def pump(self) -> None:
        self.publisher.pump()
        self.most = max(self.most, len(self.outbox) - self.outbox.waiting)

    def open(self) -> None:
        self.publisher.open()
        self.loop.run(lambda: self.publisher.connected, timeout_s=15)
        assert self.publisher.connected

    def close(self) -> None:
        self.publisher.close()
        self.loop.run(lambda: self.publisher.closed, timeout_s=15, look_s=0.02)
        assert self.publisher.closed


@pytest.fixture(params=[(), ("max_inflight_messages 7",), ("max_inflight_messages 1",)], ids=["free", "seven", "one"])
def broker(request, tmp_path):
    if MISSING:
        pytest.skip(MISSING)
    broker = Broker(tmp_path, options=request.param)
    broker.start()
    yield broker
    broker.stop()


@pytest.mark.parametrize("qos", [1, 2])
def test_a_backlog_drains_by_itself_within_the_brokers_window(broker, qos):
    wired = Wired(broker)
    wired.open()
    for seq in range(500):
        wired.publisher.publish(Message("t", b"x", qos, False, (("seq", str(seq)),)))
    wired.loop.wake()
    wired.loop.run(lambda: wired.outbox.waiting == 0, timeout_s=30)
    assert wired.outbox.waiting == 0
    window = int(broker.options[0].split()[1]) if broker.options else WINDOW
    assert 0 < wired.most <= window
    wired.close()


def test_a_message_beyond_the_brokers_limit_is_refused_with_a_remedy(tmp_path):
    if MISSING:
        pytest.skip(MISSING)
    broker = Broker(tmp_path, options=("max_packet_size 2000",))
    broker.start()
    wired = Wired(broker)
    wired.open()
    with pytest.raises(OutputError, match="t: 3000 bytes are more than the broker takes"):
        wired.output.send(Message("t", bytes(3000)))
    wired.close()
    broker.stop()


def test_a_message_that_mqtt_cannot_carry_is_refused_and_takes_no_room(tmp_path):
    if MISSING:
        pytest.skip(MISSING)
    broker = Broker(tmp_path, options=("max_inflight_messages 20",))
    broker.start()
    wired = Wired(broker)
    wired.open()
    wired.loop.run(lambda: wired.output.room == 20, timeout_s=15, look_s=0.02)  # what this broker allows
    try:
        with pytest.raises(OutputError, match="MQTT cannot carry this message"):
            wired.output.send(Message("no/+/topic", b"x"))
        assert wired.output.room == 20
    finally:
        wired.close()
        broker.stop()
