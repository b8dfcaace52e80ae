import numpy as np
import pandas as pd

from agent.reading import Column
from trainer.evaluate import follow


def test_numbers_that_follow_from_the_row_before_are_named_the_closest_first():
    rng = np.random.default_rng(0)
    steps = rng.standard_normal((3, 2000))
    rows = pd.DataFrame({"walk": np.cumsum(steps[0]), "slow": np.cumsum(steps[1]) + 20 * steps[2], "noise": steps[2]})
    rows["still"], rows["code"] = 1.0, np.arange(2000) // 1000
    columns = [Column(name=name, size=2 if name == "code" else None) for name in rows]
    assert list(follow(rows, columns)) == ["walk"]
