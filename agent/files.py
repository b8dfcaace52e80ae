"""Writing a file as a whole or not at all, and reading a small one."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

SMALL_BYTES = 4 * 2**20
MOST_NAMED = 50  # letters of a file's name, of up to 4 bytes each, in that of its half-written one


def contents(path: Path) -> bytes:
    """All of a small file, such as a configuration, a password or a certificate.

    Raises:
        OSError: It cannot be read, or is larger than 4 MB (a device may have no end).
    """
    with path.open("rb") as file:
        data = file.read(SMALL_BYTES + 1)
    if len(data) > SMALL_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {SMALL_BYTES // 2**20} MB", str(path))
    return data


def require_writable(path: Path) -> None:
    """See, before there is anything to write, that `replacing` could write it. Creates nothing.

    Raises:
        OSError: It could not.
    """
    with suppress(FileNotFoundError):
        path.lstat()  # refuses a name that no file can have
    if not path.parent.is_dir():
        raise OSError(errno.ENOENT, f"there is no folder {path.parent}", str(path))
    _refuse_other_than_file(path)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def remedy(error: OSError) -> str:
    """What to do where a file could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room"
    if error.errno in (errno.EINVAL, errno.ENAMETOOLONG):
        return "choose another name"
    return "choose a folder that is there and that you may write"


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path`, with this mode, when all of it is written and on the disk.

    Raises:
        OSError: It cannot be written, or something else than a file is there (a device, a folder).
    """
    _refuse_other_than_file(path)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:MOST_NAMED]}.", delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, mode)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _refuse_other_than_file(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "something else than a file is there", str(path))
