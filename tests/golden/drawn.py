"""The rows that a golden bundle has to give."""

from datetime import UTC

import numpy as np

from agent.clock import NS_PER_S
from agent.model import model_of
from agent.models.bundle import Bundle
from agent.models.sampler import Given
from agent.reading import Readings
from tests.made import rows_of

HOUR, ROWS, SEED = 8, 200, 0


def drawn(bundle: Bundle) -> np.ndarray:
    """Rows of one hour, a second apart, completed by what follows in time; shape (200, columns)."""
    model, names = model_of(bundle), [column.name for column in bundle.manifest.columns]
    given = Given(HOUR) if bundle.manifest.hours else Given()
    rows = rows_of(names, model.sampler.draw(ROWS, np.random.default_rng(SEED), given))
    times = [(1_790_000_000 + second) * NS_PER_S for second in range(ROWS)]
    return model.series.begin(SEED, UTC).complete(Readings(rows, times, range(ROWS))).rows.matrix
