"""Having pictures made by several processes."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

from agent.dataset.maker import Made, Maker, Numbered
from agent.dataset.plan import Plan
from agent.errors import ConfigError

CHUNK = 16  # messages that a process is given at a time
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
    with ProcessPoolExecutor(workers, context, _begin, (maker.folder, maker.plan)) as pool:
        waiting: deque[Future[Made]] = deque()
        try:
            for chunk in chunks:
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


def _begin(folder: Path, plan: Plan) -> None:
    """In a process of its own: Ctrl-C is answered by the one that started it."""
    global _maker  # noqa: PLW0603
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _maker = Maker(folder, plan)


def _work(chunk: list[Numbered]) -> Made:
    return _maker(chunk)


_maker: Maker
