"""Whether an export draws as SDV does, held against how much SDV differs from itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from agent.errors import UnderstudyError
from agent.reading import Column

ROWS = 20_000
FLOOR, QUALITY_FLOOR = 0.02, 0.002  # of a distance, of SDMetrics' score
PAIRS = 5
SLACK = 1.5

Draw = Callable[[], pd.DataFrame]
Score = Callable[[pd.DataFrame], float]


class ParityError(UnderstudyError):
    """An export does not draw as the model it was made from."""


@dataclass(frozen=True)
class Parity:
    """The distances of an export to SDV: KS for numbers, total variation for categories.

    Attributes:
        distances: By column.
        quality: How far the export's quality score is from SDV's.
        limit: Most that a distance may be.
        quality_limit: Most that the difference in quality may be.
        reference: The largest distance between two draws of SDV's own; None where one draw settled it.
    """

    distances: dict[str, float]
    quality: float
    limit: float = FLOOR
    quality_limit: float = QUALITY_FLOOR
    reference: float | None = None

    @property
    def worst(self) -> float:
        return max(self.distances.values(), default=0.0)

    @property
    def holds(self) -> bool:
        return self.worst <= self.limit and self.quality <= self.quality_limit

    def figures(self) -> dict[str, object]:
        """For the manifest."""
        return {
            "rows": ROWS,
            "draws": 1 if self.reference is None else 1 + PAIRS,
            "distances": {name: round(value, 5) for name, value in self.distances.items()},
            "worst": round(self.worst, 5),
            "limit": round(self.limit, 5),
            "worst_sdv_pair": None if self.reference is None else round(self.reference, 5),
            "quality_difference": round(self.quality, 5),
            "quality_limit": round(self.quality_limit, 5),
        }

    def require(self, sensor: str) -> None:
        """Raise ParityError unless every distance, and the difference in quality, is within its limit."""
        bad = {name: value for name, value in self.distances.items() if value > self.limit}
        if bad:
            worst = ", ".join(f"{name} {value:.4f}" for name, value in sorted(bad.items(), key=lambda x: -x[1])[:5])
            raise ParityError(
                f"{sensor}: the export differs from SDV by more than {self.limit:.4f} ({worst}); "
                "nothing was written; fit again with another --seed or with more messages"
            )
        if not self.holds:
            raise ParityError(
                f"{sensor}: the export's quality score differs from SDV's by {self.quality:.4f}, more than "
                f"{self.quality_limit:.4f}; nothing was written; fit again with another --seed or with more messages"
            )


def prove(export: Draw, sdv: Draw, columns: list[Column], score: Score = lambda _: 0.0) -> Parity:
    """Hold rows of an export against rows of SDV: they may differ by as much as SDV's own draws do, with slack.

    One draw of each mostly settles it, for no limit is lower than its floor. Where it does not, more are drawn.

    Args:
        export: Draws rows of the export.
        sdv: Draws as many rows of SDV's.
        columns: What the columns are.
        score: The quality of rows.
    """
    ours, theirs = export(), sdv()
    parity = Parity(distances(ours, theirs, columns), abs(score(ours) - score(theirs)))
    if parity.holds:
        return parity
    draws = [theirs, *(sdv() for _ in range(PAIRS))]
    apart = [max(distances(a, b, columns).values(), default=0.0) for a, b in pairwise(draws)]
    our_scores = [score(ours), *(score(export()) for _ in range(PAIRS))]
    their_scores = [score(rows) for rows in draws]
    return replace(
        parity,
        quality=abs(float(np.mean(our_scores)) - float(np.mean(their_scores))),
        limit=_limit(FLOOR, apart),
        quality_limit=_limit(QUALITY_FLOOR, (abs(a - b) for a, b in pairwise(their_scores))),
        reference=max(apart),
    )


def _limit(floor: float, apart: Iterable[float]) -> float:
    """The most that may lie between an export and SDV, of whose own draws each is so far apart from the next."""
    return max(floor, SLACK * max(apart))


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
