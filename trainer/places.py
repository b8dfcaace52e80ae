"""Where a command writes: what can never be written is told before an hour of training, not after."""

import os
from pathlib import Path

from agent.errors import ConfigError
from agent.files import remedy, require_writable


def require_file(option: str, path: Path) -> None:
    """See that a file can be written to `path`. Creates nothing.

    Raises:
        ConfigError: It cannot; named by the command line's option.
    """
    try:
        require_writable(path)
    except OSError as error:
        raise ConfigError(f"{option} {path}: cannot be written ({error.strerror}); {remedy(error)}") from error


def require_folder(option: str, folder: Path) -> None:
    """See that `folder` is one that may be written, or can be made. Creates nothing.

    Raises:
        ConfigError: It cannot; named by the command line's option.
    """
    try:
        there = next(path for path in (folder, *folder.absolute().parents) if _is_there(path))
    except OSError as error:
        raise ConfigError(f"{option} {folder}: no folder can be there ({error.strerror}); choose another") from error
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise ConfigError(f"{option} {folder}: no folder that you may write; choose another")


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
