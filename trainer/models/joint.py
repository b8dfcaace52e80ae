"""Categories that occur together: several columns as one, whose categories are the recorded combinations.

A copula orders categories along a line and knows only how far two lines run together. That cannot say
`a zone is named only when somebody is seen`; a combination can.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from agent.reading import Column

CERTAIN = 1e-3  # chance of taking independent columns for dependent ones
SLIGHT = 0.01  # of total variation: a smaller dependence is left to the copula
MOST = 1000  # combinations


@dataclass(frozen=True)
class Joint:
    """Columns of categories that are modelled as one.

    Attributes:
        column: The one column.
        members: Names of the columns that it stands for.
        codes: Code of each member in each combination, shape (combinations, members).
    """

    column: Column
    members: list[str]
    codes: NDArray[np.float64]

    @classmethod
    def of(cls, table: pd.DataFrame, members: list[str], name: str) -> tuple["Joint", NDArray[np.float64]]:
        """The joint column of `members`, and its code in each row."""
        codes, rows = np.unique(table[members].to_numpy(np.float64), axis=0, return_inverse=True)
        return cls(Column(name=name, size=len(codes)), members, codes), rows.reshape(-1).astype(np.float64)

    def split(self, codes: NDArray[np.integer[Any]]) -> dict[str, NDArray[np.float64]]:
        """The members' codes for codes of the joint column."""
        return {member: self.codes[codes, place] for place, member in enumerate(self.members)}


def dependent_groups(
    table: pd.DataFrame, columns: list[Column], together: Iterable[Iterable[str]] = ()
) -> list[list[str]]:
    """Columns of categories that depend on each other, the most dependent joined first; `together`: even before."""
    names = [column.name for column in columns if (column.size or 0) > 1 and not table[column.name].isna().any()]
    strengths = {pair: _dependence(table[pair[0]], table[pair[1]]) for pair in combinations(names, 2)}
    group_of = {name: [name] for name in names}
    for members in together:
        joined = set(members).union(*(group_of[name] for name in members if name in group_of))
        group = [name for name in names if name in joined]
        group_of.update(dict.fromkeys(group, group))
    for one, other in sorted(strengths, key=lambda pair: -strengths[pair]):
        a, b = group_of[one], group_of[other]
        if strengths[one, other] > SLIGHT and a is not b and len(table[a + b].drop_duplicates()) <= MOST:
            merged = [name for name in names if name in a or name in b]
            group_of.update(dict.fromkeys(merged, merged))
    distinct = {id(group): group for group in group_of.values() if len(group) > 1}
    return list(distinct.values())


def _dependence(a: "pd.Series[float]", b: "pd.Series[float]") -> float:
    """Total variation between the joint shares and those of independent columns; 0 where that may be chance."""
    counts = pd.crosstab(a, b).to_numpy(np.float64)
    if min(counts.shape) < 2:
        return 0.0
    test = chi2_contingency(counts)
    chance = test.pvalue > CERTAIN
    return 0.0 if chance else float(np.abs(counts - test.expected_freq).sum() / counts.sum() / 2)
