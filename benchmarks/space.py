"""How large a bundle is, and how much memory drawing from it takes."""

import subprocess
import sys
from pathlib import Path
from typing import Any

MOST_MB = 64  # above idle, for a bulk of rows


def size(what: str, path: Path, most_kb: float) -> dict[str, Any]:
    """A line of the table of results: the bundle's size."""
    return _line(what, path.stat().st_size / 1000, "kB", most_kb)


def memory(what: str, path: Path, rows: int) -> dict[str, Any]:
    """A line of the table of results: the peak of a process that draws rows, above what it needs to be ready."""
    code = f"""
import numpy, pathlib, re
from agent.models import bundle, registry, sampler
def status(key): return int(re.search(key + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1000
read = bundle.read(pathlib.Path({str(path)!r}))
made, rng = registry.sampler_of(read), numpy.random.default_rng(0)
given = sampler.Given(12) if read.manifest.hours else sampler.Given()
made.draw(1, rng, given)
idle = status("VmRSS")
made.draw({rows}, rng, given)
print(status("VmHWM") - idle)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return _line(what, float(done.stdout), "MB", MOST_MB)


def _line(what: str, value: float, unit: str, most: float) -> dict[str, Any]:
    limits = {"aim": f"at most {most:g}", "reached": value <= most}
    return {"what": what, "ours": value, "unit": unit, "spread": [value, value], **limits}
