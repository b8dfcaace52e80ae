"""Doing what may hang, without waiting for ever."""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


class TooLong(Exception):  # noqa: N818 - as Skipped, it says what came of it
    """It did not end in time."""


def within(limit_s: float, task: Callable[[], T]) -> T:
    """What `task` returns or raises; its thread is left behind if it takes longer.

    Raises:
        TooLong: It takes longer.
    """
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(task())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=work, name="check", daemon=True).start()
    try:
        return future.result(limit_s)
    except FutureTimeout:  # which a task may raise, too
        if future.done():
            raise
        raise TooLong(f"{limit_s:g} s") from None
