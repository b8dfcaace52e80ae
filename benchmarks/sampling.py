"""Drawing from an exported copula against SDV's own `sample`, in the same run.

SDV is its GaussianCopulaSynthesizer as it comes, with beta marginals, fitted to the same table.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from agent.models import bundle as bundles
from agent.models.registry import sampler_of
from agent.models.sampler import Source
from benchmarks.space import memory, size
from benchmarks.timing import against_floor, as_row, pairs, timed
from trainer.fit import Options, fit
from trainer.inside import copula as inside
from trainer.learn.infer import infer
from trainer.learn.template import learn_template
from trainer.recording import load
from trainer.table import table_of, typed, without_gaps

BULK = 100_000


def measure(recording_path: Path, folder: Path) -> tuple[list[dict[str, Any]], Path]:
    """Rows of the table of results, and the bundle they were measured on."""
    warnings.simplefilter("ignore")
    recording = load(str(recording_path))
    bundle = fit(recording, "bench", Options(seed=1)).bundle
    bundles.write(bundle, folder / "bench.npz")
    template = learn_template(recording.messages, infer(recording.messages).schema)
    table = table_of(template, recording.messages)
    complete = typed(without_gaps(table, np.random.default_rng(1)), template.columns)
    sdv = inside.fit(complete, template.columns, "beta")
    plain = inside.fit(complete, template.columns, "uniform")
    rng = np.random.default_rng(2)
    sampler = sampler_of(bundle)
    source = Source(sampler, [column.name for column in bundle.manifest.columns], rng)

    def singles() -> None:
        for _ in range(500):
            sampler.draw(1, rng)

    def readings() -> None:
        for _ in range(10 * 1024):
            source.next()

    def one() -> float:
        return timed(lambda: sdv.sample(1))

    def bulk() -> float:
        return timed(lambda: sampler.draw(BULK, rng))

    sdv.sample(1)
    return [
        as_row("one row alone", "at least 400×", pairs(lambda: timed(singles, 500), one, 15)),
        as_row("next reading, amortised", "at least 15,000×", pairs(lambda: timed(readings, 10 * 1024), one, 15)),
        as_row(f"{BULK:,} rows", "at least 25×", pairs(bulk, lambda: timed(lambda: sdv.sample(BULK)), 7)),
        _floor(sampler),
        size("bundle", folder / "bench.npz", 40),
        memory(f"memory for {BULK:,} rows", folder / "bench.npz", BULK),
        as_row("… against uniform marginals", "(none)", pairs(bulk, lambda: timed(lambda: plain.sample(BULK)), 7)),
    ], folder / "bench.npz"


def _floor(sampler: Any) -> dict[str, Any]:
    """Rows in bulk against their random numbers and matrix product alone."""
    rng, mix = np.random.default_rng(3), sampler._mix

    def products() -> None:
        for _ in range(0, BULK, 4096):
            rng.standard_normal((4096, len(mix))) @ mix

    return against_floor(
        "… against its floor", lambda: timed(lambda: sampler.draw(BULK, rng)), lambda: timed(products), 15
    )
