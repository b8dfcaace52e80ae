"""Having pictures made by several processes."""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Thread

from agent.dataset.maker import Made, Maker, Numbered
from agent.dataset.plan import Plan
from agent.errors import ConfigError, UnderstudyError

CHUNK = 16  # messages that a process is given at a time
ALIVE_S = 1.0
AHEAD = 4  # chunks that wait, for each process


def made(maker: Maker, messages: Iterator[Numbered], workers: int) -> Iterator[Made]:
    """What is made of some messages at a time, in their order, by so many processes.

    Raises:
        ConfigError: One of them was killed.
    """
    chunks = _chunks(messages)
    if workers == 1:
        yield from map(maker, chunks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (maker.folder, maker.plan, os.getpid())) as pool:
        waiting: deque[Future[Made]] = deque()
        try:
            for chunk in chunks:
                with _undisturbed():
                    waiting.append(pool.submit(_work, chunk))
                if len(waiting) >= AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise ConfigError("--workers: a process was killed; with less memory, ask for fewer of them") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _chunks(messages: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    while chunk := list(islice(messages, CHUNK)):
        yield chunk


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C waits: processes that start now must not see it before they can leave it to the one that started them."""
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


def _begin(folder: Path, plan: Plan, parent: int) -> None:
    """In a process of its own."""
    global _maker  # noqa: PLW0603
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        _maker = Maker(folder, plan)
    except UnderstudyError as error:
        _maker = error


def _end_with(parent: int) -> None:
    """End when the process that gives work is gone, however it ended."""
    while os.getppid() == parent:
        time.sleep(ALIVE_S)
    os._exit(1)


def _work(chunk: list[Numbered]) -> Made:
    if isinstance(_maker, UnderstudyError):
        raise _maker
    return _maker(chunk)


_maker: Maker | UnderstudyError
