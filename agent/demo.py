"""The demo: a broker, the real agent and a subscriber in one command.

The broker is embedded and listens on this machine only; the agent is a process of its own, as it is on a Pi; the
subscriber is a client like any other, and sees nothing but what comes over its socket.
"""

import argparse
import asyncio
import json
import logging
import math
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from agent.ending import EXIT_USAGE

DEVICE = "demo"
HOST = "127.0.0.1"
START_S = 10.0
STOP_S = 5.0
BROKER_STOP_S = 0.3
LAST_WORDS_S = 0.5

Inbox = SimpleQueue[tuple[str, bytes]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `understudy-agent demo`."""
    parser.add_argument(
        "bundles", metavar="BUNDLE", nargs="+", type=Path, help="a bundle; its file's name is the sensor's"
    )
    parser.add_argument("--seconds", type=float, metavar="N", help="stop after N seconds (default: at Ctrl-C)")


def run(args: argparse.Namespace) -> int:
    """Play `args.bundles` and print each message as it arrives, until Ctrl-C or for `args.seconds`.

    Returns:
        0; the agent's exit status if it ended by itself; 1 if no message came.
    """
    if find_spec("amqtt") is None:
        print("The demo's broker is missing; install it from a clone with: pip install '.[demo]'", file=sys.stderr)
        return EXIT_USAGE
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    tally = Tally({f"understudy/{DEVICE}/{bundle.stem}" for bundle in args.bundles})
    status = _play(args.bundles, args.seconds, tally, stop)
    print(tally.summary())
    return status or (0 if tally.readings else 1)


@dataclass
class Arrivals:
    """What arrived on one topic."""

    first_s: float
    last_s: float = 0.0
    messages: int = 0
    size: int = 0

    def add(self, payload: bytes, now_s: float) -> None:
        """Count one message."""
        self.messages, self.size, self.last_s = self.messages + 1, self.size + len(payload), now_s

    @property
    def rate(self) -> str:
        """Messages per second from the first to the last; a dash where there was but one."""
        span_s = self.last_s - self.first_s
        return f"{(self.messages - 1) / span_s:.2f}" if span_s > 0 else "-"


@dataclass
class Tally:
    """What arrived, by topic, in order of first arrival.

    Attributes:
        sensors: The topics on which readings are expected; others carry the agent's status.
    """

    sensors: set[str]
    topics: dict[str, Arrivals] = field(default_factory=dict)

    def add(self, topic: str, payload: bytes) -> None:
        """Count one message; print it."""
        now_s = time.monotonic()
        self.topics.setdefault(topic, Arrivals(now_s)).add(payload, now_s)
        print(_line(topic, payload), flush=True)

    def __len__(self) -> int:
        return sum(arrivals.messages for arrivals in self.topics.values())

    @property
    def readings(self) -> int:
        """How many messages came from sensors."""
        return sum(arrivals.messages for topic, arrivals in self.topics.items() if topic in self.sensors)

    def summary(self) -> str:
        """Messages per topic, rate, bytes, and where pictures went."""
        width = max(map(len, [*self.topics, "total"]))
        rows = [("topic", "messages", "per second", "bytes")]
        rows += [(topic, str(seen.messages), seen.rate, str(seen.size)) for topic, seen in self.topics.items()]
        seen = self.topics.values()
        rows.append(("total", str(sum(each.messages for each in seen)), "", str(sum(each.size for each in seen))))
        lines = [f"{topic:{width}}  {messages:>8}  {rate:>10}  {size:>8}" for topic, messages, rate, size in rows]
        return "\n".join(["", *lines, "pictures: none (no camera is configured)"])


def _line(topic: str, payload: bytes) -> str:
    """The topic and the payload, cut to the terminal's width; whole where the output is no terminal."""
    line = f"{topic} {payload.decode('utf-8', 'replace')}"
    columns = shutil.get_terminal_size().columns
    return line if len(line) <= columns or not sys.stdout.isatty() else line[: columns - 1] + "…"


def _play(bundles: list[Path], seconds: float | None, tally: Tally, stop: Event) -> int:
    """Start broker, subscriber and agent; stop them in reverse. Returns the status of an agent that ended by itself."""
    inbox: Inbox = SimpleQueue()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="understudy-demo-")))
        port = stack.enter_context(_broker())
        stack.enter_context(_subscriber(port, inbox))
        config = folder / "demo.toml"
        config.write_text(_config(bundles, port, folder / "state"), encoding="utf-8")
        stack.callback(_drain, inbox, tally)
        agent = stack.enter_context(_agent(config))
        _listen(inbox, tally, seconds, lambda: stop.is_set() or agent.poll() is not None)
        return agent.poll() or 0


def _listen(inbox: Inbox, tally: Tally, seconds: float | None, ended: Callable[[], bool]) -> None:
    """Take in what arrives, for `seconds` from the first message on, or until it has `ended`."""
    end_s = time.monotonic() + START_S
    while (left_s := end_s - time.monotonic()) > 0 and not ended():
        with suppress(Empty):
            tally.add(*inbox.get(timeout=min(left_s, 0.2)))
            if len(tally) == 1:
                end_s = time.monotonic() + (math.inf if seconds is None else seconds)


def _drain(inbox: Inbox, tally: Tally) -> None:
    """What the agent said last, its `offline` among it, until the broker has been quiet for a moment."""
    while True:
        try:
            tally.add(*inbox.get(timeout=LAST_WORDS_S))
        except Empty:
            return


def _config(bundles: list[Path], port: int, state_dir: Path) -> str:
    """The agent's configuration file. A JSON string is a TOML string too."""
    head = [
        'mode = "sensor"',
        f"state_dir = {json.dumps(str(state_dir))}",
        f'[device]\nid = "{DEVICE}"',
        f'[mqtt]\nurl = "mqtt://{HOST}:{port}"\nprotocol = "3.1.1"\ntopic = "understudy/{{device}}/{{sensor}}"',
        "health_s = 0",
    ]
    sensors = [
        f"[[sensor]]\nname = {json.dumps(bundle.stem)}\nbundle = {json.dumps(str(bundle.resolve()))}\ninterval_s = 1.0"
        for bundle in bundles
    ]
    return "\n".join([*head, *sensors]) + "\n"


@contextmanager
def _agent(config: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """The real agent, in a process group of its own so that Ctrl-C reaches it as an orderly SIGTERM."""
    command = [sys.executable, "-m", "agent", "run", "--config", str(config)]
    agent = subprocess.Popen(command, process_group=0)
    try:
        yield agent
    finally:
        agent.terminate()
        try:
            agent.wait(STOP_S)
        except subprocess.TimeoutExpired:
            agent.kill()
            agent.wait()


@contextmanager
def _subscriber(port: int, inbox: Inbox) -> Iterator[None]:
    """A client that puts every message of the demo's device into `inbox`."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="subscriber", protocol=mqtt.MQTTv311)
    client.on_connect = _subscribe
    client.on_message = lambda _client, _data, message: inbox.put((message.topic, bytes(message.payload)))
    client.connect(HOST, port)
    client.loop_start()
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()


def _subscribe(client: mqtt.Client, *_: object) -> None:
    client.subscribe("understudy/#", qos=1)


@contextmanager
def _broker() -> Iterator[int]:
    """An MQTT 3.1.1 broker in a thread of this process; yields its port."""
    for noisy in ("amqtt", "transitions"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    port = _free_port()
    ready: Future[Callable[[], object]] = Future()
    thread = Thread(target=lambda: asyncio.run(_serve(port, ready)), name="demo-broker", daemon=True)
    thread.start()
    stop = ready.result(START_S)
    try:
        yield port
    finally:
        stop()
        thread.join(STOP_S)


async def _serve(port: int, ready: "Future[Callable[[], object]]") -> None:
    """Run the broker until what it puts into `ready` is called."""
    from amqtt.broker import Broker

    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    broker = Broker(_broker_config(port))
    await broker.start()
    ready.set_result(lambda: loop.call_soon_threadsafe(stopped.set))
    await stopped.wait()
    with suppress(
        TimeoutError
    ):  # it ends its sessions at once, and then waits 5 s for a task that never ends by itself
        await asyncio.wait_for(broker.shutdown(), BROKER_STOP_S)


def _broker_config(port: int) -> dict[str, Any]:
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
