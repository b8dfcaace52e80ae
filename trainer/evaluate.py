"""How well drawn rows resemble the recording, by SDMetrics."""

import warnings

import numpy as np
import pandas as pd
from pydantic import JsonValue

from agent.reading import Column

CLOSE = 0.8  # a correlation with the row before, to be told of


def quality(recorded: pd.DataFrame, drawn: pd.DataFrame, columns: list[Column]) -> dict[str, JsonValue]:
    """SDMetrics' quality score and its two parts, each 0 to 1."""
    kinds = {c.name: {"sdtype": "categorical" if c.size else "numerical"} for c in columns}
    with warnings.catch_warnings():
        # Constant columns have no correlation, which SDMetrics warns about; that it will move this report, too.
        warnings.simplefilter("ignore")
        from sdmetrics.reports.single_table import QualityReport

        report = QualityReport()
        report.generate(recorded, drawn, {"columns": kinds}, verbose=False)
        parts = report.get_properties().set_index("Property")["Score"]
    scores = {"score": report.get_score(), "column_shapes": parts["Column Shapes"]}
    scores["column_pair_trends"] = parts.get("Column Pair Trends")
    return {name: None if pd.isna(score) else round(float(score), 4) for name, score in scores.items()}


def quality_score(recorded: pd.DataFrame, drawn: pd.DataFrame, columns: list[Column]) -> float:
    """The score alone; 0 where SDMetrics finds none."""
    score = quality(recorded, drawn, columns)["score"]
    return float(score) if isinstance(score, int | float) else 0.0


def indistinguishable(
    recorded: pd.DataFrame, drawn: pd.DataFrame, columns: list[Column], rng: np.random.Generator
) -> float:
    """How hard it is for a logistic regression to tell drawn rows from recorded ones: 1 cannot, 0 always can."""
    from sdmetrics.single_table import LogisticDetection

    count = min(len(drawn), len(recorded))
    sample = drawn.iloc[rng.choice(len(drawn), count, replace=False)].reset_index(drop=True)
    both = pd.get_dummies(pd.concat([recorded, sample]), columns=[c.name for c in columns if c.size], dtype=float)
    both.columns = [f"column {place}" for place in range(both.shape[1])]
    kinds = {name: {"sdtype": "numerical"} for name in both}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        real, made = (
            both.iloc[: len(recorded)].reset_index(drop=True),
            both.iloc[len(recorded) :].reset_index(drop=True),
        )
        score = LogisticDetection.compute(real, made, {"columns": kinds})
    return float(score) if not pd.isna(score) else 0.0


def autocorrelation_likeness(recorded: pd.DataFrame, drawn: pd.DataFrame, columns: list[Column]) -> float:
    """1 minus the mean difference between numbers' correlations with the row before, over all columns."""
    names = [column.name for column in columns if not column.size]
    differences = [abs(_lag_1(recorded[name]) - _lag_1(drawn[name])) / 2 for name in names]
    return 1.0 - float(np.mean(differences or [0.0]))


def follow(recorded: pd.DataFrame, columns: list[Column]) -> dict[str, float]:
    """The numbers that follow closely from the row before, and how they correlate with it; the closest first."""
    correlations = {column.name: _lag_1(recorded[column.name]) for column in columns if not column.size}
    close = {name: value for name, value in correlations.items() if value >= CLOSE}
    return dict(sorted(close.items(), key=lambda item: -item[1]))


def _lag_1(series: "pd.Series[float]") -> float:
    values = series.to_numpy(np.float64)
    spread = float(values.std())
    return 0.0 if spread == 0 else float(np.corrcoef(values[:-1], values[1:])[0, 1])
