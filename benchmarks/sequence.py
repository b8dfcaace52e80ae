"""Drawing from an exported PAR against SDV's own sampling, in the same run, both on one thread.

SDV goes through the whole history for each row; the agent carries the network's state. How many epochs were
learnt makes no difference to speed, so there are few.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from agent.models import bundle as bundles
from agent.models.registry import sampler_of
from agent.models.sampler import Given, Source
from agent.models.sequence import SequenceSampler
from benchmarks.space import memory, size
from benchmarks.timing import against_floor, as_row, pairs, timed
from trainer.fit import Options, learn
from trainer.models import sequence
from trainer.recording import load

EPOCHS = 3
LENGTH = 480  # rows of a segment
DEVICES = 64
MOST_US = 2.5  # a reading, of so many devices at once
MOST_KB = 50


def measure(recording_path: Path, folder: Path) -> list[dict[str, Any]]:
    """Rows of the table of results."""
    warnings.simplefilter("ignore")
    draft, task, _ = learn(load(str(recording_path)), "bench", Options(epochs=EPOCHS, seed=1))
    fitted = replace(sequence.fit(task), length=LENGTH)
    bundle, path = draft.bundle("par", fitted), folder / "par.npz"
    bundles.write(bundle, path)
    sampler, rng = sampler_of(bundle), np.random.default_rng(2)
    given = Given(hour=12 if bundle.manifest.hours else None)
    source = Source(sampler, [column.name for column in bundle.manifest.columns], rng, given=given)

    def readings() -> None:
        for _ in range(3 * 1024):
            source.next()

    def theirs() -> float:
        return timed(lambda: fitted.sample(LENGTH), LENGTH)

    def segments(count: int) -> float:
        return timed(lambda: sampler.draw(count * LENGTH, rng, given), count * LENGTH)

    with threadpool_limits(1):
        alone = pairs(lambda: segments(1), theirs, 7)
        amortised = pairs(lambda: timed(readings, 3 * 1024), theirs, 7)
        together = pairs(lambda: segments(DEVICES), theirs, 7)
        floor = _floor(sampler, lambda: segments(DEVICES))
    devices = as_row(f"par: a reading of {DEVICES} devices at once", "(none)", together)
    return [
        as_row(f"par: a reading, segments of {LENGTH}", "(none)", alone),
        as_row("par: next reading", "at least 60×", amortised),
        devices | {"aim": f"at most {MOST_US} µs", "reached": together[0].median_s <= MOST_US / 1e6},
        floor,
        size("par: bundle", path, MOST_KB),
        memory("par: memory for 100,000 rows", path, 100_000),
    ]


def _floor(sampler: Any, whole: Callable[[], float]) -> dict[str, Any]:
    """Readings of many devices at once against their random numbers and matrix products alone."""
    assert isinstance(sampler, SequenceSampler)
    rng, network = np.random.default_rng(3), sampler._network
    row = np.ones((network._gates.shape[1], DEVICES), np.float32)
    state = row[-network._output.shape[1] :]

    def products() -> None:
        rng.standard_normal((LENGTH, network.numbers, DEVICES), np.float32)
        rng.random((LENGTH, network.choices, DEVICES), np.float32)
        for _ in range(LENGTH):
            network._output @ state
            network._gates @ row

    what = f"par: a reading of {DEVICES} devices at once against its floor"
    return against_floor(what, whole, lambda: timed(products, DEVICES * LENGTH), 9)
