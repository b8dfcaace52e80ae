"""Drawing from exported networks against SDV's own `sample`, in the same run, on one thread.

SDV's synthesizers have their default layers; a few epochs are enough, since speed does not depend on them.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agent.models import bundle as bundles
from agent.models.neural import PART, NeuralSampler
from agent.models.registry import sampler_of
from agent.models.sampler import Source
from benchmarks.space import memory, size
from benchmarks.timing import against_floor, as_row, pairs, timed
from trainer.draft import Draft
from trainer.fit import Options, learn
from trainer.models.fitted import Fitted
from trainer.models.registry import FITS, NEURAL
from trainer.recording import load

EPOCHS = 30
BULK = 100_000
AIMS = {"ctgan": (200, 5_000, 2.0), "copula-gan": (170, 5_000, 2.5), "tvae": (300, 9_000, 3.0)}
SIZES = {"ctgan": 350, "copula-gan": 350, "tvae": 90}


def measure(recording_path: Path, folder: Path) -> list[dict[str, Any]]:
    """Rows of the table of results."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    draft, task, _ = learn(load(str(recording_path)), "bench", Options(epochs=EPOCHS, seed=1))
    return [row for kind in NEURAL for row in _of_kind(kind, draft, FITS[kind](task), folder)]


def _of_kind(kind: str, draft: Draft, fitted: Fitted, folder: Path) -> list[dict[str, Any]]:
    bundle, path = draft.bundle(kind, fitted), folder / f"{kind}.npz"
    bundles.write(bundle, path)
    rng, sampler = np.random.default_rng(2), sampler_of(bundle)
    source = Source(sampler, [column.name for column in bundle.manifest.columns], rng)
    alone, amortised, bulk = AIMS[kind]

    def singles() -> None:
        for _ in range(300):
            sampler.draw(1, rng)

    def readings() -> None:
        for _ in range(5 * 1024):
            source.next()

    def one() -> float:
        return timed(lambda: fitted.sample(1))

    fitted.sample(1)
    many = (lambda: timed(lambda: sampler.draw(BULK, rng)), lambda: timed(lambda: fitted.sample(BULK)))
    return [
        as_row(f"{kind}: one row alone", f"at least {alone}×", pairs(lambda: timed(singles, 300), one, 15)),
        as_row(f"{kind}: next reading", f"at least {amortised:,}×", pairs(lambda: timed(readings, 5120), one, 15)),
        as_row(f"{kind}: {BULK:,} rows", f"at least {bulk}×", pairs(*many, 5)),
        _floor(kind, sampler),
        size(f"{kind}: bundle", path, SIZES[kind]),
        memory(f"{kind}: memory for {BULK:,} rows", path, BULK),
    ]


def _floor(kind: str, sampler: Any) -> dict[str, Any]:
    """Rows in bulk against their random numbers and matrix products alone."""
    assert isinstance(sampler, NeuralSampler)
    rng, network = np.random.default_rng(3), sampler._network
    layers = [[weight for _, weight in layer._runs] for layer in network._hidden] + [[network._last._weight.T]]
    given = [np.ones((PART, max(len(weight) for weight in weights)), np.float32) for weights in layers]

    def products() -> None:
        for _ in range(0, BULK, PART):
            network.drawn(PART, rng)
            for inputs, weights in zip(given, layers, strict=True):
                for weight in weights:
                    inputs[:, : len(weight)] @ weight

    def whole() -> float:
        return timed(lambda: sampler.draw(BULK, rng))

    return against_floor(f"{kind}: {BULK:,} rows against their floor", whole, lambda: timed(products), 9)
