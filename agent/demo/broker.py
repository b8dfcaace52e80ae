"""An MQTT broker inside this process."""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

HOST = "127.0.0.1"
START_S, STOP_S = 10.0, 5.0
LINGER_S = 0.3


@contextmanager
def broker() -> Iterator[int]:
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
        await asyncio.wait_for(broker.shutdown(), LINGER_S)


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
