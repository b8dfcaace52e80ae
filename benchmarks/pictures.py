"""Pictures: composing against encoding the bare background, and datasets by one process and by more."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from agent.clock import SystemClock
from agent.imaging.pictures import Pictures
from agent.message.detections import detections, places_of
from agent.message.template import Template
from agent.models.bundle import read
from agent.preview import preview
from agent.settings.pictures import PicturesTable
from benchmarks.timing import Timing, pairs, timed

EXAMPLES = Path(__file__).parents[1] / "examples"
START = "2026-11-24T17:00:00Z"
MOST = 1.6
ROUNDS = 5
DATASET = 2000


def measure() -> list[dict[str, Any]]:
    """Rows of the table of results."""
    return [
        *_composing("street-camera", "street.jpg", 5, "five objects, 1 % of the picture each", MOST),
        *_composing("front-door", "porch.jpg", 4, "four objects, 6 % of the picture each", float("inf")),
        *_dataset(),
    ]


def _composing(name: str, background: str, objects: int, what: str, most: float) -> list[dict[str, Any]]:
    """Pictures of different messages, each new to the sprites' cache as in a live agent."""
    bundle = EXAMPLES / f"{name}.npz"
    template = read(bundle).manifest.template
    texts = _texts(bundle, template, objects)
    pictures = Pictures(template, PicturesTable(sprites=EXAMPLES / "sprites"))
    with Image.open(EXAMPLES / background) as file:
        bare = file.convert("RGB")
    rng = np.random.default_rng(1)

    def ours() -> float:
        return timed(lambda: [pictures.make(1, text, bare, rng) for text in texts], len(texts))

    def theirs() -> float:
        return timed(lambda: [pictures.encoding.written(bare) for _ in texts], len(texts))

    ours()  # sprites are read from their files once
    encoded, composed, ratio = pairs(theirs, ours, ROUNDS)
    title = f"1280x720 JPEG, {what}"
    return [
        _row(f"{title}: composed and encoded", "ms", float("inf"), _ms(composed)),
        _row(f"{title}: bare background encoded", "ms", float("inf"), _ms(encoded)),
        _row(f"{title}: against the bare", "×", most, ratio),
    ]


def _texts(bundle: Path, template: Template, objects: int) -> list[str]:
    """Some thirty messages that tell of just so many objects."""
    places = places_of(template)
    texts = preview(bundle, 4000, SystemClock(), seed=1, start=START)
    return [text for text in texts if len(detections(text, places)) == objects][:30]


def _dataset() -> list[dict[str, Any]]:
    cores = os.cpu_count() or 1
    one, all_ = (_dataset_s(workers) for workers in (1, cores))
    what = f"a dataset of {DATASET:,} pictures"
    return [
        _row(f"{what}: one process", "s", float("inf"), one),
        _row(f"{what}: {cores} processes are faster by", "×", float("inf"), _ratio(one, all_)),
    ]


def _dataset_s(workers: int) -> Timing:
    def once() -> float:
        with tempfile.TemporaryDirectory() as folder:
            words = ["preview", str(EXAMPLES / "front-door.npz"), "-n", str(DATASET), "--seed", "1", "--labels", "coco"]
            words += ["--pictures", f"{folder}/set", "--sprites", str(EXAMPLES / "sprites"), "--workers", str(workers)]
            words += ["--background", str(EXAMPLES / "porch.jpg")]
            start = time.perf_counter()
            subprocess.run([sys.executable, "-m", "agent", *words], check=True, capture_output=True)
            return time.perf_counter() - start

    return Timing.of([once() for _ in range(3)])


def _ratio(one: Timing, more: Timing) -> Timing:
    return Timing(one.median_s / more.median_s, one.low_s / more.high_s, one.high_s / more.low_s)


def _ms(timing: Timing) -> Timing:
    return Timing(1000 * timing.median_s, 1000 * timing.low_s, 1000 * timing.high_s)


def _row(what: str, unit: str, most: float, timing: Timing) -> dict[str, Any]:
    spread, reached = [timing.low_s, timing.high_s], timing.median_s <= most
    aim = f"at most {most:g}" if most < float("inf") else "-"
    return {"what": what, "ours": timing.median_s, "unit": unit, "aim": aim, "reached": reached, "spread": spread}
