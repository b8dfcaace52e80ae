"""What holds for all tests.

Property tests try the same examples on every run of continuous integration, and new ones elsewhere. SIGINT means what
it does at a terminal: a shell has what it starts in the background ignore it, and so would every process of a test.
"""

import os
import signal

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("default", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")

signal.signal(signal.SIGINT, signal.default_int_handler)
