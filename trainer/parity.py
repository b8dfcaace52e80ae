"""Whether an export draws as SDV does, held against how much SDV differs from itself."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from agent.errors import UnderstudyError
from agent.reading import Column

ROWS = 20_000
FLOOR = 0.02
PAIRS = 5
DRAWS = PAIRS + 1
SLACK = 1.5


class ParityError(UnderstudyError):
    """An export does not draw as the model it was made from."""


@dataclass(frozen=True)
class Parity:
    """The distances of an export to SDV: KS for numbers, total variation for categories."""

    distances: dict[str, float]
    limit: float
    reference: float

    @property
    def worst(self) -> float:
        return max(self.distances.values(), default=0.0)

    def figures(self) -> dict[str, object]:
        """For the manifest."""
        return {
            "rows": ROWS,
            "distances": {name: round(value, 5) for name, value in self.distances.items()},
            "worst": round(self.worst, 5),
            "limit": round(self.limit, 5),
            "worst_sdv_pair": round(self.reference, 5),
        }

    def require(self, sensor: str) -> None:
        """Raise ParityError unless every distance is within the limit."""
        bad = {name: value for name, value in self.distances.items() if value > self.limit}
        if bad:
            worst = ", ".join(f"{name} {value:.4f}" for name, value in sorted(bad.items(), key=lambda x: -x[1])[:5])
            raise ParityError(
                f"{sensor}: the export differs from SDV by more than {self.limit:.4f} ({worst}); "
                "nothing was written; fit again with another --seed or with more messages"
            )


def prove(export: pd.DataFrame, sdv_draws: list[pd.DataFrame], columns: list[Column]) -> Parity:
    """Hold rows of an export against rows of SDV: the limit is what SDV's own draws differ by, with slack.

    Args:
        export: Rows of the export.
        sdv_draws: DRAWS tables of as many rows, drawn by SDV; the first is compared with the export.
        columns: What the columns are.
    """
    own = [max(distances(a, b, columns).values(), default=0.0) for a, b in pairwise(sdv_draws)]
    return Parity(distances(export, sdv_draws[0], columns), max(FLOOR, SLACK * max(own)), max(own))


def distances(a: pd.DataFrame, b: pd.DataFrame, columns: list[Column]) -> dict[str, float]:
    """KS distance of each number, total variation of each category."""
    return {c.name: total_variation(a[c.name], b[c.name]) if c.size else ks(a[c.name], b[c.name]) for c in columns}


def classes_distance(a: pd.DataFrame, b: pd.DataFrame, columns: list[Column]) -> float:
    """The largest total variation of a category; 0 where there is none."""
    return round(max((total_variation(a[c.name], b[c.name]) for c in columns if c.size), default=0.0), 5)


def ks(a: pd.Series, b: pd.Series) -> float:
    """Two-sample Kolmogorov-Smirnov distance."""
    return float(ks_2samp(a.to_numpy(np.float64), b.to_numpy(np.float64), method="asymp").statistic)


def total_variation(a: pd.Series, b: pd.Series) -> float:
    """Half the sum of the differences in frequency."""
    shares = [series.value_counts(normalize=True) for series in (a, b)]
    return float(shares[0].sub(shares[1], fill_value=0.0).abs().sum() / 2)
