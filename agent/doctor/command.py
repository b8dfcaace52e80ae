"""Asking programs of the system."""

import shutil
import subprocess
from collections.abc import Mapping

ANSWER_S = 3.0


def answer(env: Mapping[str, str], *words: str) -> str | None:
    """What a program prints; None: there is none, or it fails or hangs."""
    program = shutil.which(words[0], path=env.get("PATH"))
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *words[1:]], check=True, capture_output=True, text=True, timeout=ANSWER_S, env=dict(env)
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout
