"""Certificates and passwords as deploy/mosquitto makes them, today or on another day."""

import os
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy" / "mosquitto"

# The library itself: the command `faketime` fails where a process of its number once left its shared memory behind.
_FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
needs_faketime = pytest.mark.skipif(not _FAKETIME, reason="faketime is not installed")


def on_day(days: int) -> dict[str, str]:
    """An environment in which it is so many days from now."""
    return dict(os.environ) | ({"LD_PRELOAD": str(_FAKETIME[0]), "FAKETIME": f"{days:+d}d"} if days else {})


def make_credentials(folder: Path, *words: str, day: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    command = [str(DEPLOY / "make-credentials.sh"), "--out", str(folder), *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=on_day(day))


def made(folder: Path, *words: str, day: int = 0) -> str:
    """What the script says when it has made something."""
    done = make_credentials(folder, *words, day=day)
    assert done.returncode == 0, done.stderr
    return done.stdout
