"""Whether an export draws as SDV does, held against how much SDV differs from itself."""

from collections.abc import Callable
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
QUALITY, WRONG = 0.002, 0.01  # of SDMetrics' score: what is looked at more closely, and what is refused
SCORED = 3  # draws

Score = Callable[[pd.DataFrame], float]


class ParityError(UnderstudyError):
    """An export does not draw as the model it was made from."""


@dataclass(frozen=True)
class Parity:
    """The distances of an export to SDV: KS for numbers, total variation for categories.

    Attributes:
        distances: By column.
        limit: Most that they may be.
        reference: The largest between two draws of SDV's own.
        quality: How far the export's quality score is from SDV's.
        quality_limit: Most that it may be.
    """

    distances: dict[str, float]
    limit: float
    reference: float
    quality: float = 0.0
    quality_limit: float = QUALITY

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
            "quality_difference": round(self.quality, 5),
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
        if self.quality > self.quality_limit:
            raise ParityError(
                f"{sensor}: the export's quality score differs from SDV's by {self.quality:.4f}, more than "
                f"{self.quality_limit:.4f}; nothing was written; fit again with another --seed or with more messages"
            )


def prove(
    exports: list[pd.DataFrame],
    sdv_draws: list[pd.DataFrame],
    columns: list[Column],
    score: Score | None = None,
) -> Parity:
    """Hold rows of an export against rows of SDV: the limit is what SDV's own draws differ by, with slack.

    Args:
        exports: Rows of the export, drawn several times; the first are compared with SDV's.
        sdv_draws: DRAWS tables of as many rows, drawn by SDV; the first is compared with the export.
        columns: What the columns are.
        score: The quality of rows; None: it is not compared.
    """
    quality, quality_limit = (0.0, QUALITY) if score is None else _compared(exports, sdv_draws[: len(exports)], score)
    own = [max(distances(a, b, columns).values(), default=0.0) for a, b in pairwise(sdv_draws)]
    limit = max(FLOOR, SLACK * max(own))
    return Parity(distances(exports[0], sdv_draws[0], columns), limit, max(own), quality, quality_limit)


def _compared(exports: list[pd.DataFrame], draws: list[pd.DataFrame], score: Score) -> tuple[float, float]:
    """How far the export's quality is from SDV's, and how far it may be.

    One draw of each mostly settles it. Where it does not, the means of several do, and what SDV's own differ by.
    """
    difference = abs(score(exports[0]) - score(draws[0]))
    if difference <= QUALITY:
        return difference, QUALITY
    ours, theirs = [score(rows) for rows in exports], [score(rows) for rows in draws]
    return abs(float(np.mean(ours)) - float(np.mean(theirs))), max(WRONG, SLACK * (max(theirs) - min(theirs)))


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
