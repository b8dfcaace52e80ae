"""What is refused as another distribution, and what passes as SDV's own noise."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import pytest

from agent.reading import Column
from trainer.parity import (
    FLOOR,
    PAIRS,
    QUALITY_FLOOR,
    ROWS,
    Parity,
    ParityError,
    classes_distance,
    ks,
    prove,
    total_variation,
)

COLUMNS = [Column(name="level"), Column(name="mode", size=3)]
DRAWS = PAIRS + 1


def drawn(seed: int, rows: int = 5000, mean: float = 0.0, rare: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"level": rng.normal(mean, 1, rows), "mode": rng.choice(list("012"), rows, p=[0.5, 0.5 - rare, rare])}
    )


EXPORTS, DRAWN = [drawn(seed) for seed in range(90, 90 + DRAWS)], [drawn(seed) for seed in range(DRAWS)]


def each(tables: Iterable[pd.DataFrame]) -> Callable[[], pd.DataFrame]:
    """Draws one table after another, and no more."""
    return iter(tables).__next__


def scored(ours: list[float], theirs: list[float]) -> Parity:
    """What is proved of the same rows with these scores."""
    scores = [value for pair in zip(ours[:1], theirs[:1], strict=True) for value in pair] + ours + theirs
    return prove(lambda: DRAWN[0], lambda: DRAWN[0], COLUMNS, lambda _: scores.pop(0))


def test_one_draw_of_each_settles_it_for_rows_of_the_same_distribution():
    parity = prove(each([drawn(99, ROWS)]), each([drawn(98, ROWS)]), COLUMNS, lambda _: 0.9)
    parity.require("s")
    assert 0 < parity.worst <= parity.limit == FLOOR
    assert (parity.quality, parity.quality_limit, parity.reference) == (0.0, QUALITY_FLOOR, None)
    assert (parity.figures()["draws"], parity.figures()["worst_sdv_pair"]) == (1, None)


@pytest.mark.parametrize(("changed", "column"), [({"mean": 0.2}, "level"), ({"rare": 0.2}, "mode")])
def test_another_distribution_is_refused_with_its_column_and_distance(changed, column):
    exports = [drawn(seed, **changed) for seed in range(90, 90 + DRAWS)]
    with pytest.raises(
        ParityError, match=rf"s: the export differs from SDV by more than .* \({column} 0\.\d+\); nothing"
    ):
        prove(each(exports), each(DRAWN), COLUMNS).require("s")


def test_where_sdv_differs_much_from_itself_an_export_may_too():
    few, exports = ([drawn(seed, rows=60) for seed in range(first, first + DRAWS)] for first in (0, 90))
    parity = prove(each(exports), each(few), COLUMNS)
    parity.require("s")
    assert parity.limit == 1.5 * (parity.reference or 0) > FLOOR
    assert parity.figures()["draws"] == DRAWS


def test_where_one_draw_does_not_settle_the_quality_the_means_of_several_do():
    parity = scored([0.904, 0.899, 0.901, 0.900, 0.901, 0.901], [0.900, 0.901, 0.900, 0.901, 0.900, 0.901])
    assert parity.quality == pytest.approx(0.0005)
    assert parity.quality_limit == QUALITY_FLOOR
    parity.require("s")


def test_a_quality_may_differ_by_as_much_as_that_of_sdvs_own_draws_with_slack():
    noisy = [0.900, 0.904, 0.901, 0.903, 0.900, 0.902]
    parity = scored([0.906] * 6, noisy)
    assert parity.quality_limit == pytest.approx(1.5 * 0.004)
    parity.require("s")


def test_a_quality_that_differs_by_more_is_refused():
    with pytest.raises(ParityError, match=r"quality score differs from SDV's by 0\.0030, more than 0\.0020; nothing"):
        scored([0.903] * 6, [0.900] * 6).require("s")


def test_distances_are_those_of_the_definitions():
    a, b = pd.Series([0.0, 1, 2, 3]), pd.Series([2.0, 3, 4, 5])
    assert ks(a, b) == pytest.approx(0.5)
    assert total_variation(pd.Series(["x", "x", "y", "z"]), pd.Series(["x", "y", "y", "y"])) == pytest.approx(0.5)
    assert classes_distance(DRAWN[0], DRAWN[0], COLUMNS) == 0
    assert classes_distance(DRAWN[0], DRAWN[0], COLUMNS[:1]) == 0
