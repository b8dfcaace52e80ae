"""A clean Debian with systemd and Python: made once, kept in the cache, and made anew when it is not as it was made."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

SUITE = "bookworm"
PACKAGES = ("systemd-sysv", "udev", "python3-venv")
FILES = {"etc/hostname": "raspberrypi\n", "etc/hosts": "127.0.0.1 localhost raspberrypi\n", "etc/resolv.conf": ""}
MIRROR = "http://deb.debian.org/debian"
_STAMP = "made"


class OfflineError(Exception):
    """The packages of Debian cannot be reached."""


def debian(root: Path, architecture: str = "") -> None:
    """Make it, for this machine's architecture or another one that is emulated.

    Raises:
        OfflineError: There is no network.
    """
    words = [
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        *([f"--arch={architecture}"] if architecture else []),
    ]
    command = ["debootstrap", *words, SUITE, str(root), MIRROR]
    done = subprocess.run(command, check=False, text=True, capture_output=True, timeout=1800)
    if "Failed getting release file" in done.stdout + done.stderr:
        raise OfflineError(f"{MIRROR} cannot be reached")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    for archive in (root / "var/cache/apt/archives").glob("*.deb"):
        archive.unlink()
    for name, text in FILES.items():  # debootstrap copies those of this machine
        (root / name).write_text(text)


def base(make: Callable[[Path], None] = debian, architecture: str = "") -> Path:
    """The folder of the root file system, which is kept under the architecture's name. It is only ever read."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "understudy"
    recipe = hashlib.sha256(repr([SUITE, PACKAGES, FILES]).encode()).hexdigest()[:8]
    kept = caches / "-".join(filter(None, ["root", SUITE, architecture, recipe]))
    caches.mkdir(parents=True, exist_ok=True)
    with (caches / "-".join(filter(None, ["lock", architecture]))).open("wb") as lock:  # the slow one holds up no other
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_whole(kept):
            _replace(kept, make)
    return kept / "root"


def _replace(kept: Path, make: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".root-") as folder:
        made = Path(folder) / "made"
        (made / "root").mkdir(parents=True)
        make(made / "root")
        (made / _STAMP).write_text(_listing(made / "root"))
        shutil.rmtree(kept, ignore_errors=True)
        made.rename(kept)


def _is_whole(folder: Path) -> bool:
    try:
        return (folder / _STAMP).read_text() == _listing(folder / "root")
    except OSError:
        return False


def _listing(root: Path) -> str:
    """What is there, in one number: every path with its size and its time of change."""
    command = ["find", str(root), "!", "-type", "d", "-printf", "%P %l %s %T@\n"]
    lines = subprocess.run(command, check=False, capture_output=True).stdout.splitlines()
    return hashlib.sha256(b"\n".join(sorted(lines))).hexdigest()
