"""Keeps what happens a thousand times a second from being logged as often."""

import math

from agent.clock import Clock


class Rarely:
    """Says yes at first, and then at most once every `every_s` seconds."""

    def __init__(self, clock: Clock, every_s: float = 60.0) -> None:
        self._clock, self._every_s = clock, every_s
        self._next_s = -math.inf

    def due(self) -> bool:
        """Whether to log now."""
        now_s = self._clock.monotonic_s()
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self._every_s
        return True
