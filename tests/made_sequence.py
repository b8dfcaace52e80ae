"""A bundle of the kind `par`, made by hand: random weights, segments of twelve rows."""

from typing import Any

import numpy as np

from agent.models.bundle import Bundle
from agent.models.manifest import Manifest
from tests.made import MESSAGE, manifest_of

LENGTH, STATE = 12, 8


def sequence_bundle(
    message: dict[str, Any] = MESSAGE, *, hours: bool = False, unwritten: bool = False, scale: float = 0.6
) -> Bundle:
    """Whole numbers about 4, others about 0.4.

    Args:
        message: How a row becomes a message.
        hours: Rows differ by the hour of the day.
        unwritten: Also a flag for each number, a token of three and two numbers, none of which is written.
        scale: Of the weights.
    """
    manifest = Manifest.model_validate(manifest_of(message, kind="par", hours=24 if hours else 0))
    columns, rng = manifest.columns, np.random.default_rng(5)
    numbers = [column for column in columns if not column.size]
    sizes = [column.size for column in columns if column.size]
    absent = [-1] * len(numbers)
    if unwritten:
        absent = [*range(len(sizes), len(sizes) + len(numbers)), -1, -1]
        sizes += [2] * len(numbers) + [3]
    entries, parts = len(absent) + sum(sizes), 24 if hours else 1
    shapes = {
        "start": (parts, 3 * STATE),
        "body": (parts, 3 * STATE),
        "input": (entries, 3 * STATE),
        "recurrent": (STATE, 3 * STATE),
        "reset": (STATE,),
        "output": (STATE + 1, entries + len(absent)),
    }
    values = [[0.0, 4.0, 8.0] if column.integer else [0.1, 0.4, 0.7] for column in numbers]
    return Bundle(
        manifest,
        {
            **{name: (scale * rng.standard_normal(shape)).astype("<f4") for name, shape in shapes.items()},
            "lean": np.zeros((parts, sum(sizes)), "<f4"),
            "choices": np.array(sizes, "<i4"),
            "absent": np.array(absent, "<i4"),
            "length": np.array([LENGTH], "<i4"),
            "plan": np.tile(np.arange(len(numbers), dtype="<i4"), (parts, 1)),
            "offsets": 3 * np.arange(len(numbers) + 1, dtype="<i8"),
            "steps": np.zeros(len(numbers), "|b1"),
            "z": np.tile([-50.0, 0.0, 50.0], len(numbers)),
            "value": np.concatenate(values or [np.empty(0)]),
        },
    )
