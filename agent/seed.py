"""The device's seed: drawn once, then kept, so that no two devices agree and one agrees with itself."""

import secrets
from pathlib import Path

from agent.errors import ConfigError
from agent.files import replacing

UNKEPT = "neither seed nor state_dir is set: the seed is drawn anew with every start"
FILE = "seed"


def kept(state_dir: Path) -> int:
    """The seed kept in `state_dir`, drawn at first.

    Raises:
        ConfigError: It cannot be read, is damaged, or cannot be written.
    """
    path = state_dir / FILE
    try:
        return _read(path) if path.exists() else _draw(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read or written ({error.strerror}); let the agent's user own state_dir, or set seed"
        ) from error


def drawn() -> int:
    """A seed of the system's randomness."""
    return secrets.randbits(63)


def _read(path: Path) -> int:
    text = path.read_bytes().strip()
    if not text.isdigit() or len(text) > 20:
        raise ConfigError(f"{path}: holds no seed; delete it to have another one drawn, or set seed")
    return int(text)


def _draw(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = drawn()
    with replacing(path, 0o600) as file:
        file.write(b"%d\n" % seed)
    return seed
