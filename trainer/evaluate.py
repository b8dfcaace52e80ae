"""How well drawn rows resemble the recording, by SDMetrics."""

import warnings

import pandas as pd
from pydantic import JsonValue

from agent.reading import Column


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
