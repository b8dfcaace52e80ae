"""Bundles made by hand: a room's climate, with times, numbers and a category, and its seq in `n`."""

from pathlib import Path
from typing import Any

import numpy as np

from agent.message.template import Template
from agent.models.bundle import Bundle, write
from agent.models.manifest import BINS, Manifest

LOCAL = {"pattern": "YYYY-MM-DD hh:mm:ss.ffffff", "local": True}
EPOCH = {"pattern": "epoch-ns", "quoted": False}


def make_bundle(
    *,
    sensor: str = "climate",
    interval_s: float | None = 1.0,
    periods: dict[str, Any] | None = None,
    time_format: dict[str, Any] | None = None,
    export: bool = False,
    kind: str = "gaussian-copula",
    rhythm: dict[str, Any] | None = None,
    timing: dict[str, Any] | None = None,
    span: tuple[str, str] | None = None,
) -> Bundle:
    """A bundle of three columns; `periods` gives the mean ticks in each hour of the periods that are covered."""
    members: dict[str, Any] = {
        "n": {"node": "counter", "start": 0, "step": 1},
        "device": {"node": "constant", "value": "real-thing"},
        "time": {"node": "event-time", "format": time_format or EPOCH},
        "temperature": {"node": "number", "column": "temperature", "format": {"denominator": 100}},
        "state": {"node": "category", "column": "state", "labels": ["idle", "busy"]},
        "id": {"node": "identifier", "runs": [{"alphabet": "0123456789abcdef", "count": 16}]},
    }
    if export:
        members["exported"] = {"node": "export-time", "delay_s": 1.0, "format": EPOCH}
    template = Template.model_validate({"message": {"node": "object", "members": members}})
    periods = periods or {}
    manifest = Manifest.model_validate(
        {
            "format": "understudy-bundle/1",
            "sensor": sensor,
            "kind": kind,
            "template": template.model_dump(),
            "columns": [column.model_dump() for column in template.columns],
            "arrival": {"interval_s": interval_s} | (rhythm or {}),
            "period": {"span_s": 120.0, "covered": {name: {"repetitions": 3, "filled": 1} for name in periods}},
            "provenance": {"recording": "r", "sha256": "", "rows": 9, "span": span, "seed": 0, "versions": {}},
            "quality": {},
            "parity": {},
        }
    )
    arrays: dict[str, Any] = {
        "factor": np.eye(2),
        "offsets": np.array([0, 2, 4]),
        "steps": np.array([False, True]),
        "plan": np.array([[0, 1]], "<i4"),
        "z": np.array([-4.0, 4.0, -9.0, 0.0]),
        "value": np.array([1500.0, 2500.0, 0.0, 1.0]),
    }
    for name, mean in periods.items():
        arrays[f"period/{name}"] = np.broadcast_to(np.asarray(mean, np.float64), (BINS[name],)).copy()  # type: ignore[index]
        arrays[f"totals/{name}"] = np.array([[0.0, 1.0], [1.0, 1.0]])
    return Bundle(manifest, arrays | (timing or {}))


def write_bundle(path: Path, **options: Any) -> Path:
    """`make_bundle`, in a file."""
    write(make_bundle(**options), path)
    return path
