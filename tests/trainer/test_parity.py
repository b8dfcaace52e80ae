"""What is refused as another distribution, and what passes as SDV's own noise."""

import numpy as np
import pandas as pd
import pytest

from agent.reading import Column
from trainer.parity import DRAWS, FLOOR, QUALITY, ParityError, classes_distance, ks, prove, total_variation

COLUMNS = [Column(name="level"), Column(name="mode", size=3)]


def drawn(seed: int, rows: int = 5000, mean: float = 0.0, rare: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"level": rng.normal(mean, 1, rows), "mode": rng.choice(list("012"), rows, p=[0.5, 0.5 - rare, rare])}
    )


DRAWN = [drawn(seed) for seed in range(DRAWS)]


def test_rows_of_the_same_distribution_pass():
    parity = prove([drawn(99)], DRAWN, COLUMNS)
    parity.require("s")
    assert parity.limit == max(FLOOR, 1.5 * parity.reference)
    assert 0 < parity.worst <= parity.limit


@pytest.mark.parametrize(("changed", "column"), [({"mean": 0.2}, "level"), ({"rare": 0.2}, "mode")])
def test_another_distribution_is_refused_with_its_column_and_distance(changed, column):
    with pytest.raises(
        ParityError, match=rf"s: the export differs from SDV by more than .* \({column} 0\.\d+\); nothing"
    ):
        prove([drawn(99, **changed)], DRAWN, COLUMNS).require("s")


def test_where_sdv_differs_much_from_itself_an_export_may_too():
    few = [drawn(seed, rows=60) for seed in range(DRAWS)]
    parity = prove([drawn(99, rows=60)], few, COLUMNS)
    assert parity.limit > FLOOR
    parity.require("s")


def test_a_quality_like_sdvs_is_settled_by_one_draw_of_each():
    asked: list[int] = []

    def score(rows: pd.DataFrame) -> float:
        asked.append(id(rows))
        return 0.9

    exports = [drawn(90), drawn(91), drawn(92)]
    parity = prove(exports, DRAWN, COLUMNS, score)
    assert asked == [id(exports[0]), id(DRAWN[0])]
    assert (parity.quality, parity.quality_limit) == (0.0, QUALITY)


def test_else_means_are_compared_and_a_wrong_quality_is_refused():
    exports = [drawn(90), drawn(91), drawn(92)]
    near = dict(zip(map(id, [*exports, *DRAWN[:3]]), [0.905, 0.900, 0.901, 0.900, 0.901, 0.902], strict=True))
    parity = prove(exports, DRAWN, COLUMNS, lambda rows: near[id(rows)])
    assert parity.quality == pytest.approx(0.001)
    parity.require("s")
    ours = {id(rows) for rows in exports}
    with pytest.raises(ParityError, match=r"quality score differs from SDV's by 0\.0500, more than 0\.0100; nothing"):
        prove(exports, DRAWN, COLUMNS, lambda rows: 0.85 if id(rows) in ours else 0.9).require("s")


def test_distances_are_those_of_the_definitions():
    a, b = pd.Series([0.0, 1, 2, 3]), pd.Series([2.0, 3, 4, 5])
    assert ks(a, b) == pytest.approx(0.5)
    assert total_variation(pd.Series(["x", "x", "y", "z"]), pd.Series(["x", "y", "y", "y"])) == pytest.approx(0.5)
    assert classes_distance(DRAWN[0], DRAWN[0], COLUMNS) == 0
    assert classes_distance(DRAWN[0], DRAWN[0], COLUMNS[:1]) == 0
