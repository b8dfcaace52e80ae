"""How far each sensor got: what has arrived at the broker, kept across restarts."""

import fcntl
import json
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Annotated

from pydantic import Field, ValidationError

from agent.clock import LAST_NS
from agent.errors import ConfigError
from agent.files import replacing
from agent.modes.pack import Reached
from agent.strict import Strict

FILE = "progress.json"


class _Kept(Strict):
    """What is in the file: for each sensor its last `seq`, and up to when its readings have arrived."""

    run: str = Field(pattern=r"^[0-9a-f]{1,32}$")
    sensors: dict[str, tuple[Annotated[int, Field(ge=0, le=2**62)], Annotated[int, Field(ge=0, le=LAST_NS)]]]


class Progress:
    """What is settled, in the order in which it was sent; from one thread only.

    Args:
        path: Where to keep it; None: nowhere.
        run: Tells these sequence numbers from those of another start; a kept one goes on.

    Attributes:
        reached: For each sensor its last settled `seq`, and up to when its readings are settled.

    Raises:
        ConfigError: What is kept cannot be read, or is damaged.
    """

    def __init__(self, path: Path | None, run: str) -> None:
        self._path, self.run = path, run
        self.reached: Reached = {}
        self._sent: deque[_Sent] = deque()
        self._changed = False
        self._lock: IO[bytes] | None = None
        if path is not None:
            self._lock = _locked(path.parent)
            try:
                kept = _read(path) if path.exists() else _Kept(run=run, sensors={})
            except ConfigError:
                self.close()
                raise
            self.run, self.reached = kept.run, dict(kept.sensors)

    def begin(self, sensor: str, event_ns: int) -> tuple[int, int]:
        """Where a sensor goes on: after the last settled reading, else anew after `event_ns`."""
        self._changed = self._changed or sensor not in self.reached
        return self.reached.setdefault(sensor, (0, event_ns))

    def sent(self, reached: Reached) -> Callable[[], None]:
        """A message is on its way that goes so far; call what is returned when it is settled."""
        entry = _Sent(reached)
        self._sent.append(entry)

        def settle() -> None:
            entry.settled = True
            while self._sent and self._sent[0].settled:  # one that arrived before an earlier one does not count yet
                self.reached.update(self._sent.popleft().reached)
                self._changed = True

        return settle

    def replace(self, run: str, reached: Reached) -> None:
        """Go on from here, and count as of that run."""
        self.run, self.reached, self._changed = run, dict(reached), True

    def close(self) -> None:
        """Let others have the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def save(self) -> None:
        """Keep it, if anything changed.

        Raises:
            OSError: It cannot be written.
        """
        if self._path is None or not self._changed:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"run": self.run, "sensors": self.reached}
        with replacing(self._path, 0o600) as file:
            file.write(json.dumps(kept, separators=(",", ":")).encode())
        self._changed = False


class _Sent:
    def __init__(self, reached: Reached) -> None:
        self.reached, self.settled = reached, False


def _locked(folder: Path) -> IO[bytes]:
    """A folder has one owner: two would count with the same numbers."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("ab")
    except OSError as error:
        problem = f"{folder}: cannot be written ({error.strerror}); let the agent's user own state_dir"
        raise ConfigError(problem) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigError(f"{folder}: another agent plays with this state_dir; stop it, or set another one") from None
    return lock


def _read(path: Path) -> _Kept:
    try:
        return _Kept.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); let the agent's user own state_dir") from error
    except ValidationError as error:
        raise ConfigError(f"{path}: is damaged; delete it, and every seq begins anew") from error
