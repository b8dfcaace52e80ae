"""The demo: a broker, the real agent and a subscriber in one command.

The broker is embedded and listens on this machine only; the agent is a process of its own, as it is on a Pi; the
subscriber is a client like any other, and sees nothing but what comes over its socket.
"""

import argparse
import math
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from agent.demo.broker import HOST, START_S, STOP_S, broker
from agent.demo.show import Show, configuration
from agent.demo.tally import Tally
from agent.ending import EXIT_USAGE

LAST_WORDS_S = 0.5

Inbox = SimpleQueue[tuple[str, bytes]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `understudy-agent demo`."""
    parser.add_argument(
        "bundles", metavar="BUNDLE", nargs="+", type=Path, help="a bundle; its file's name is the sensor's"
    )
    parser.add_argument("--sprites", metavar="DIR", type=Path, help="stock pictures for what cameras detect")
    parser.add_argument("--background", metavar="FILE", type=Path, help="what cameras see (default: a test card)")
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
    show = Show(args.bundles, args.sprites, args.background)
    tally = Tally(show.topics)
    status = _play(show, args.seconds, tally, stop)
    print(tally.summary())
    return status or (0 if tally.readings else 1)


def _play(show: Show, seconds: float | None, tally: Tally, stop: Event) -> int:
    """Start broker, subscriber and agent; stop them in reverse. Returns the status of an agent that ended by itself."""
    inbox: Inbox = SimpleQueue()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="understudy-demo-")))
        port = stack.enter_context(broker())
        stack.enter_context(_subscriber(port, inbox))
        config = folder / "demo.toml"
        config.write_text(configuration(show, port, folder / "state"), encoding="utf-8")
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
