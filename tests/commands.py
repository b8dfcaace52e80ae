"""Running the commands as a user does: as processes, without root's right to read everything."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

_DROPPED = "-dac_override,-dac_read_search"


def run(module: str, *words: str, **options) -> subprocess.CompletedProcess[str]:
    """`python -m module words`, to its end."""
    options = {"text": True, "capture_output": True, "timeout": 60} | options
    return subprocess.run([sys.executable, "-m", module, *words], check=False, cwd=ROOT, **options)


def run_as_mortal(module: str, *words: str, **options) -> subprocess.CompletedProcess[str]:
    """As `run`, by a user whom a file's mode can keep out: root, too, without its capability to ignore modes."""
    prefix = []
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        assert setpriv, "setpriv (util-linux) is needed to give up root's rights"
        prefix = [setpriv, f"--inh-caps={_DROPPED}", f"--bounding-set={_DROPPED}"]
    command = [*prefix, sys.executable, "-m", module, *words]
    return subprocess.run(command, check=False, cwd=ROOT, text=True, capture_output=True, timeout=60, **options)
