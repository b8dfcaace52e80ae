"""A sensor whose messages tell of one detected object, or of none."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from agent.message.template import Template
from agent.models.bundle import Bundle, write
from agent.models.manifest import Manifest

LABELS = ["cat", "dog"]
BOX = [0.25, 0.25, 0.75, 0.5]


def scene_template() -> Template:
    """A label, a score, and a box in fractions of the frame, far edges at most 0.99."""
    members: dict[str, Any] = {
        "n": {"node": "counter", "start": 0, "step": 1},
        "time": {"node": "event-time", "format": {"pattern": "epoch-ns", "quoted": False}},
        "label": {"node": "category", "column": "label", "labels": LABELS},
        "score": {"node": "number", "column": "score", "format": {"denominator": 100}},
        "box": {
            "node": "box",
            "column": "box",
            "order": "yxyx",
            "format": {"denominator": None},
            "limits": [0.99, 0.99],
        },
    }
    return Template.model_validate({"message": {"node": "object", "members": members}})


def scene_text(label: str = "dog", box: list[float] | None = None) -> str:
    """A message of this template."""
    return json.dumps({"n": 1, "time": 1, "label": label, "score": 0.5, "box": box or BOX}, separators=(",", ":"))


def write_scenes(path: Path, **arrival: Any) -> Path:
    """A bundle of this template: every column uniform."""
    template = scene_template()
    manifest = Manifest.model_validate(
        {
            "format": "understudy-bundle/1",
            "sensor": "cam",
            "kind": "gaussian-copula",
            "template": template.model_dump(),
            "columns": [column.model_dump() for column in template.columns],
            "arrival": {"interval_s": 1.0} | arrival,
            "period": {"span_s": 120.0, "covered": {}},
            "provenance": {"recording": "r", "sha256": "", "rows": 9, "span": None, "seed": 0, "versions": {}},
            "quality": {},
            "parity": {},
        }
    )
    steps = [column.size is not None for column in template.columns]
    count = len(steps)
    tables = [([-9.0, 0.0], [0.0, 1.0]) if step else ([-4.0, 4.0], [0.1, 0.4]) for step in steps]
    arrays = {
        "factor": np.eye(count),
        "offsets": np.arange(0, 2 * count + 1, 2),
        "steps": np.array(steps),
        "plan": np.arange(count).astype("<i4")[None],
        "z": np.concatenate([z for z, _ in tables]),
        "value": np.concatenate([value for _, value in tables]),
    }
    write(Bundle(manifest, arrays), path)
    return path
