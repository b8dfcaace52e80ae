"""MQTT by paho: the only file of the agent that knows it.

paho's network thread calls back while it holds paho's locks, so a callback here only notes what happened
and wakes the loop; everything else is done in `poll` and `send`, on the loop's thread.

paho would send again by itself what was in flight when a connection broke. It is told to forget it instead
(`drop_out_messages`): the outbox is the one owner of what is not acknowledged, and keeps the order.
"""

import logging
import struct
import sys
from collections import deque
from functools import lru_cache
from typing import Any, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.errors import OutputError
from agent.outputs.output import Acknowledged, Connected, Disconnected, Event, Message, Wake
from agent.settings.mqtt import Mqtt

log = logging.getLogger(__name__)

WINDOW = 100  # messages in flight at most, if the broker does not allow fewer
MIN_DELAY_S, MAX_DELAY_S = 1, 30  # between attempts to connect
ONLINE, OFFLINE = b"online", b"offline"

_CONTENT_TYPE, _USER_PROPERTY = b"\x03", b"\x26"  # MQTT 5.0, 3.3.2.3.9 and 3.3.2.3.7
_ADVICE = {
    "Not authorized": "check [mqtt] username and password_file, and what the broker allows this user",
    "Bad user name or password": "check [mqtt] username and password_file",
    "Unsupported protocol version": 'set [mqtt] protocol = "3.1.1"',
    "Client identifier not valid": "set another [mqtt] client_id",
    "without an answer": "the broker's log tells why; over mqtts it so refuses [mqtt] cert_file, or that there is none",
    "Session taken over": "another client uses the same [mqtt] client_id; give each agent its own",
    "connection was lost": "if that goes on, look for another agent of the same [device] id; each needs its own",
}


class Limits(NamedTuple):
    """What the broker said about itself in its CONNACK."""

    window: int = WINDOW
    qos: int = 2
    packet_bytes: int = 268_435_455


class MqttOutput:
    """A client of one broker, with a retained status and a last will.

    Args:
        settings: The `[mqtt]` table.
        client_id: Who this is for the broker.
        status: The status message without its payload; None: neither status nor last will.
        wake: See `Output`.

    Attributes:
        trouble: Why it is not connected; empty: it is, or it is not known yet.
    """

    def __init__(self, settings: Mqtt, client_id: str, status: Message | None, wake: Wake) -> None:
        self._settings, self._status, self._wake = settings, status, wake
        self._client = _client(settings, client_id, status)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._notes: deque[Event | Limits | str] = deque()  # from paho's thread to the loop's
        self._alive = False  # as paho's thread knows it: ahead of what the loop's thread has polled
        self._answered = False  # on this connection, as paho's thread knows it
        self._limits: Limits | None = None  # None: not connected
        self._in_flight = 0
        self._starved, self._wake_at = False, 1
        self._goodbye: int | None = None
        self.trouble = ""
        self.closed = False

    def open(self) -> None:
        settings = self._settings
        clean = True if settings.protocol == "5" else paho.MQTT_CLEAN_START_FIRST_ONLY  # the latter is the default
        self._client.connect_async(settings.host, settings.port, settings.keepalive_s, clean_start=clean)
        self._client.loop_start()

    def poll(self) -> list[Event]:
        events: list[Event] = []
        while self._notes:
            note = self._notes.popleft()
            if isinstance(note, str):
                self._report(note)
            elif isinstance(note, Limits):
                self._greet(note)
                events.append(Connected())
            else:
                self._take(note)
                events.append(note)
        return events

    @property
    def room(self) -> int:
        if self._limits is None or not self._alive or self._goodbye is not None:
            return 0
        return max(0, self._limits.window - self._in_flight)

    def send(self, message: Message) -> int:
        limits = self._limits or Limits()
        size = len(message.payload) + len(message.topic) * 4 + 1024
        if size > limits.packet_bytes:
            raise OutputError(
                f"{message.topic}: {len(message.payload)} bytes are more than the broker takes "
                f"({limits.packet_bytes}); lower [aggregator] max_bytes or raise the broker's limit"
            )
        self._in_flight += 1
        # Before publish: the acknowledgement may come at any moment after it.
        self._starved = self._in_flight >= limits.window
        try:
            return self._publish(message, min(message.qos, limits.qos))
        except ValueError as error:
            self._in_flight -= 1
            raise OutputError(f"{message.topic}: MQTT cannot carry this message ({error})") from error

    def close(self) -> None:
        if self._limits is not None and self._alive and self._status is not None:
            self._goodbye = self._publish_status(self._status, OFFLINE)
        else:
            self._client.disconnect()
            self.closed = True

    def _take(self, event: Event) -> None:
        if isinstance(event, Disconnected):
            self._limits, self._in_flight = None, 0
            self.closed = self.closed or self._goodbye is not None
        elif isinstance(event, Acknowledged):
            self._in_flight = max(0, self._in_flight - 1)
            if event.token == self._goodbye:
                self._client.disconnect()

    def _greet(self, limits: Limits) -> None:
        log.info("connected to %s", self._settings.url)
        self.trouble = ""
        self._limits, self._in_flight, self._starved = limits, 0, True
        self._wake_at = max(1, limits.window // 4)
        if self._status is not None:
            self._in_flight = 1
            self._publish_status(self._status, ONLINE)

    def _report(self, trouble: str) -> None:
        """Log each new trouble once, not once an attempt."""
        if trouble != self.trouble and self._goodbye is None and not self.closed:
            self.trouble = trouble
            advice = advice_on(trouble)
            log.warning("%s: %s; trying again%s", self._settings.url, trouble, f" ({advice})" if advice else "")

    def _publish_status(self, status: Message, payload: bytes) -> int:
        limits = self._limits or Limits()
        message = Message(status.topic, payload, status.qos, status.retain, status.properties)
        return self._publish(message, min(message.qos, limits.qos))

    def _publish(self, message: Message, qos: int) -> int:
        properties = _packed(message) if self._settings.protocol == "5" else None
        return self._client.publish(message.topic, message.payload, qos, message.retain, properties).mid

    # From here on: paho's thread.

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, props: Any) -> None:
        client.drop_out_messages()
        self._answered = True
        if reason.is_failure:
            self._notes.append(f"the broker refused the connection: {reason}")
        else:
            self._alive = True
            self._notes.append(_limits(props))
        self._wake()

    def _on_connect_fail(self, _client: paho.Client, _data: Any) -> None:
        error = sys.exc_info()[1]  # paho calls from its except clause, and tells no reason itself
        self._notes.append(f"cannot connect: {error or 'no answer'}")
        self._wake()

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Any) -> None:
        if self._alive:
            self._alive = False
            self._notes.append(f"the connection was lost: {reason}")
        elif not self._answered:
            self._notes.append("the connection was closed without an answer")
        self._answered = False
        self._notes.append(Disconnected())
        self._wake()

    def _on_publish(self, _client: paho.Client, _data: Any, mid: int, reason: ReasonCode, _props: Any) -> None:
        self._notes.append(Acknowledged(mid, str(reason) if reason.value >= 0x80 else None))
        # Waking the loop for each acknowledgement would cost more than publishing: wake it only when it
        # cannot go on without, and then not for every single one.
        if self._starved and len(self._notes) >= self._wake_at:
            self._wake()


def advice_on(trouble: str) -> str:
    """What to do about it; empty: it is not known."""
    return next((text for reason, text in _ADVICE.items() if reason in trouble), "")


class _Packed(Properties):
    """User properties, already in MQTT's bytes: paho's own packing takes longer than all the rest of a publish."""

    _bytes: bytes

    def __init__(
        self, pairs: tuple[tuple[str, str], ...], content_type: str = "", packet_type: int = PacketTypes.PUBLISH
    ) -> None:
        object.__setattr__(self, "packetType", packet_type)
        content = _CONTENT_TYPE + _utf8(content_type) if content_type else b""
        object.__setattr__(self, "_bytes", content + b"".join([_pair(*pair) for pair in pairs]))

    def pack(self) -> bytes:
        return _varint(len(self._bytes)) + self._bytes


def _packed(message: Message) -> Properties | None:
    return _Packed(message.properties, message.content_type) if message.properties or message.content_type else None


@lru_cache(maxsize=64)
def _utf8(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def _pair(name: str, value: str) -> bytes:
    data = value.encode()
    return _USER_PROPERTY + _utf8(name) + struct.pack("!H", len(data)) + data


def _varint(number: int) -> bytes:
    """A variable byte integer (MQTT 5.0, 1.5.5)."""
    data = bytearray()
    while number >= 0x80:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def _limits(props: Any) -> Limits:
    """The broker's limits; in MQTT 3.1.1 it tells none."""
    return Limits(
        min(WINDOW, getattr(props, "ReceiveMaximum", WINDOW)),
        getattr(props, "MaximumQoS", 2),
        getattr(props, "MaximumPacketSize", Limits().packet_bytes),
    )


def _client(settings: Mqtt, client_id: str, status: Message | None) -> paho.Client:
    five = settings.protocol == "5"
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id,
        clean_session=None if five else True,
        protocol=paho.MQTTv5 if five else paho.MQTTv311,
    )
    if settings.username is not None:
        password = settings.password
        client.username_pw_set(settings.username, password.get_secret_value() if password else None)
    if settings.tls:
        client.tls_set_context(settings.tls_context())
    if status is not None:
        will = _Packed(status.properties, packet_type=PacketTypes.WILLMESSAGE) if five else None
        client.will_set(status.topic, OFFLINE, status.qos, status.retain, will)
    client.reconnect_delay_set(MIN_DELAY_S, MAX_DELAY_S)
    client.max_inflight_messages_set(0)  # without a limit of paho's own: `room` keeps the broker's
    return client
