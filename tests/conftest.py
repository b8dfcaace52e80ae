"""What holds for all tests.

Property tests try the same examples on every run of continuous integration, and new ones elsewhere. SIGINT means what
it does at a terminal: a shell has what it starts in the background ignore it, and so would every process of a test;
nohup does so of SIGHUP. Nor does such a process inherit that signals are held back, as they are while a command begins
in the process of the tests.
"""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("default", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _signals_are_heard_again() -> Iterator[None]:
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
