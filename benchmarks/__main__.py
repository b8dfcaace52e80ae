"""Measure, print the table, write benchmarks/results/latest.json.

Measures on `../shared/data/detections-single.json` where that is there, else on the example camera.
"""

import json
import platform
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import daemon, day, neural, pictures, sampling, sequence

ROOT = Path(__file__).parents[1]
RECORDINGS = [ROOT.parent / "shared/data/detections-single.json", ROOT / "examples/recordings/front-door.jsonl"]


def main() -> None:
    """Measure everything there is to measure here."""
    recording = next((path for path in RECORDINGS if path.exists()), None)
    if recording is None:
        raise SystemExit("no recording to measure on: run `make examples` first")
    with tempfile.TemporaryDirectory() as folder:
        rows, bundle = sampling.measure(recording, Path(folder))
        rows += neural.measure(recording, Path(folder))
        rows += sequence.measure(recording, Path(folder))
        rows += day.measure(bundle)
        rows += pictures.measure()
        rows += daemon.measure(bundle, Path(folder))
    print(f"measured on {recording.name}, Python {platform.python_version()}, {platform.machine()}\n")
    for row in rows:
        print(as_line(row))
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "latest.json").write_text(json.dumps({"recording": recording.name, "rows": rows}, indent=2))


def as_line(row: dict[str, Any]) -> str:
    """One line of the table."""
    low, high = row["spread"]
    if "ratio" in row:
        figures = f"{row['ours'] * 1e6:10.1f} µs  SDV {row['against'] * 1e6:12.0f} µs  {_times(row['ratio']):>8}×"
        figures += f" ({_times(low)} to {_times(high)})"
    else:
        figures = f"{row['ours']:10.3f} {row['unit']:<5} ({low:.3f} to {high:.3f})"
    return f"{row['what']:<36} {figures:<62} aim: {row['aim']}{'' if row['reached'] else '  NOT REACHED'}"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2f}"


main()
