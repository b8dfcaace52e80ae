"""A neural bundle made by hand: two hidden layers with skip connections, every code and number within reach."""

import numpy as np

from agent.models.bundle import Bundle
from agent.models.manifest import Manifest
from agent.reading import Column
from tests.made import MESSAGE, manifest_of

NOISE, WIDTH = 6, 5


def against_first(logits: np.ndarray, sizes: list[int]) -> np.ndarray:
    """Logits, shape (…, all of all columns), less the first of their column, which is left out."""
    columns = np.split(logits, np.cumsum(sizes)[:-1], axis=-1) if sizes else [logits]
    return np.concatenate([column[..., 1:] - column[..., :1] for column in columns], axis=-1)


def neural_bundle(kind: str, *, plain: bool = False, hours: bool = False, seed: int = 0) -> Bundle:
    """A bundle of `kind` for the message of `tests.made`; plain: without skip connections and condition."""
    manifest = Manifest.model_validate(manifest_of(MESSAGE) | {"kind": kind, "hours": 24 if hours else 0})
    return Bundle(manifest, neural_arrays(manifest.columns, kind, plain, hours, seed))


def neural_arrays(
    columns: list[Column], kind: str, plain: bool, hours: bool = False, seed: int = 0
) -> dict[str, np.ndarray]:
    """Random layers whose logits are all near each other, so that every code comes."""
    rng = np.random.default_rng(seed)
    numbers = [column for column in columns if not column.size]
    sizes = [column.size or 2 for column in columns] + ([24] if hours else [])
    outputs = len(numbers) + sum(size - 1 for size in sizes)
    conditions = 0 if plain else 3
    inputs = NOISE + conditions
    heights = [inputs, WIDTH, WIDTH] if plain else [inputs, inputs + WIDTH, inputs + 2 * WIDTH]
    widths = [WIDTH, WIDTH, outputs]
    arrays: dict[str, np.ndarray] = {
        "kinds": np.array(sizes, "<i4"),
        "center": np.tile([50.0, 150.0], len(numbers)),
        "scale": np.tile([50.0, 40.0], len(numbers)),
        "noise": np.full(len(numbers), 0.1 if plain else 0.0),
        "low": np.full(len(numbers), 0.0),
        "high": np.full(len(numbers), 200.0),
        "condition": np.array([]) if plain else np.array([0.5, 0.3, 0.2]),
        "argmax": np.array([False]),
    }
    for layer, (height, width) in enumerate(zip(heights, widths, strict=True)):
        arrays[f"weight/{layer}"] = rng.normal(0, 0.3, (height, width)).astype("<f2")
        arrays[f"bias/{layer}"] = rng.normal(0, 0.1, width).astype("<f4")
    count = len(numbers)
    if kind == "copula-gan" or hours:
        arrays |= {
            "plan": np.tile(np.arange(count, dtype="<i4"), (25 if hours else 1, 1)),
            "offsets": np.arange(0, 2 * count + 1, 2).astype("<i8"),
            "steps": np.zeros(count, "|b1"),
            "z": np.tile([0.0, 200.0], count),
            "value": np.tile([10.0, 190.0], count),
        }
    if hours:
        arrays["hours"] = np.arange(24, dtype="<i4")
        arrays["entry"] = np.full(24, -1, "<i4")
        arrays["lean"] = np.zeros((24, outputs - count), "<f4")
    return arrays
