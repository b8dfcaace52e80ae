"""Makes the golden bundles: one of each kind, and 200 rows that the agent drew of it.

They keep it testable without SDV that the agent draws today what it drew when SDV was there to compare with.
Run it when a kind's format or draw changes on purpose: `python -m tests.golden.make_golden`.
"""

from functools import partial
from pathlib import Path

import numpy as np

from agent.models import bundle as bundles
from agent.models.bundle import Bundle
from tests.golden.drawn import SEED, drawn
from trainer.declare.declare import declare
from trainer.fit import Options, learn
from trainer.inside.gan import SYNTHESIZERS
from trainer.models.registry import FITS
from trainer.recording import Recording

HERE = Path(__file__).parent


def recording() -> Recording:
    """Two days of a machine that is warm by day: a level, a count, a state, a mode that follows the state."""
    rng = np.random.default_rng(5)
    messages = []
    for minute in range(0, 2 * 1440, 5):
        warm = np.sin(minute / 1440 * 2 * np.pi) > 0
        state = int(rng.choice(3, p=[0.2, 0.3, 0.5] if warm else [0.7, 0.2, 0.1]))
        messages.append(
            {
                "t": 1_767_225_600 + minute * 60,
                "level": float(np.round(rng.normal(30 if warm else 10, 2), 2)),
                "count": int(rng.poisson(4 + 6 * state)),
                "state": ["idle", "slow", "fast"][state],
            }
        )
    return Recording("machine.jsonl", messages, [f"line {n}" for n in range(1, len(messages) + 1)], "0" * 64, False)


SMALL = {
    "ctgan": {"generator_dim": (32, 32), "embedding_dim": 32},
    "copula-gan": {"generator_dim": (32, 32), "embedding_dim": 32},
    "tvae": {"decompress_dims": (32, 32), "embedding_dim": 32},
}


def main() -> None:
    """Fit and write every kind, with small layers."""
    SYNTHESIZERS.update({kind: partial(SYNTHESIZERS[kind], **sizes) for kind, sizes in SMALL.items()})
    for kind in FITS:
        draft, task, _ = learn(recording(), "machine", Options(epochs=20, seed=SEED))
        task.seed_libraries()
        keep(kind, draft.bundle(kind, FITS[kind](task)))
    keep("declared", declare(HERE.parents[1] / "examples" / "filling-machine.toml"))


def keep(kind: str, bundle: Bundle) -> None:
    """Write a bundle, and the rows that it gives once it is read back."""
    bundles.write(bundle, HERE / f"{kind}.npz")
    np.save(HERE / f"{kind}.rows.npy", drawn(bundles.read(HERE / f"{kind}.npz")))


if __name__ == "__main__":
    main()
