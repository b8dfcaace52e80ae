"""Whether the wall clock is right: a Pi has no clock that runs while it is off, and asks the network at its start."""

from pathlib import Path

from agent.clock import Clock

TIMESYNCD = Path("/run/systemd/timesync/synchronized")
LOOK_S = 1.0


class TimeSync:
    """Looks whether systemd's time service has set the clock. Where that does not run, the clock is taken as right.

    Args:
        clock: How often to look.
        path: The file that the service makes.
    """

    def __init__(self, clock: Clock, path: Path = TIMESYNCD) -> None:
        self._clock, self._path = clock, path
        self._synced = not path.parent.is_dir()
        self._next_s = clock.monotonic_s()

    def __call__(self) -> bool:
        """Whether the clock was set since the start of the machine; once it was, it stays so."""
        if not self._synced and self._clock.monotonic_s() >= self._next_s:
            self._synced = self._path.exists()
            self._next_s = self._clock.monotonic_s() + LOOK_S
        return self._synced
