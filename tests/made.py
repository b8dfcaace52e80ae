"""Bundles made by hand, without a trainer: small, but with every node of a template."""

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from agent.clock import NS_PER_S
from agent.message.leaves import Pen
from agent.message.template import Template
from agent.models.bundle import Bundle
from agent.models.manifest import Manifest
from agent.models.registry import sampler_of
from agent.reading import Column, Readings, Rows

START_NS = 1_790_000_000 * NS_PER_S

MESSAGE: dict[str, Any] = {
    "node": "object",
    "members": {
        "id": {"node": "identifier", "runs": [{"alphabet": "0123456789abcdef", "count": 12}]},
        "device": {"node": "constant", "value": "kitchen"},
        "n": {"node": "counter", "start": 10, "step": 1},
        "at": {
            "node": "event-time",
            "format": {"pattern": "YYYY-MM-DDThh:mm:ss.fffffffZ", "resolution_ns": 100},
        },
        "stored": {"node": "lag-time", "lags": ["stored"], "format": {"pattern": "epoch-ms", "quoted": False}},
        "exported": {"node": "export-time", "delay_s": 60, "format": {"pattern": "MM/DD/YYYY hh:mm:ss"}},
        "temperature": {"node": "number", "column": "temperature", "format": {"denominator": 100, "decimals": 2}},
        "humidity": {
            "node": "maybe",
            "column": "humidity?",
            "states": ["value", "null", "missing"],
            "of": {"node": "number", "column": "humidity", "format": {"significant": 6, "quoted": True}},
        },
        "light": {"node": "category", "column": "light", "labels": ["on", "off", True, 3]},
        "seen": {
            "node": "items",
            "column": "seen#",
            "compositions": [[], ["cat 1"], ["cat 1", "person 1"]],
            "kind_key": "label",
            "sorted_by": "score",
            "slots": {
                kind: {
                    "node": "object",
                    "members": {
                        "label": {"node": "constant", "value": kind.split()[0]},
                        "score": {"node": "number", "column": f"{kind}.score", "format": {"denominator": 256}},
                        "box": {
                            "node": "box",
                            "column": f"{kind}.box",
                            "order": "yxyx",
                            "format": {},
                            "limits": [1.0, 1.0],
                            "quoted": True,
                        },
                    },
                }
                for kind in ("person 1", "cat 1")
            },
        },
    },
}


def manifest_of(message: dict[str, Any] = MESSAGE, **changes: Any) -> dict[str, Any]:
    """A manifest as JSON values, for a copula."""
    columns = [column.model_dump() for column in Template.model_validate({"message": message}).columns]
    return {
        "format": "understudy-bundle/1",
        "sensor": "kitchen",
        "kind": "gaussian-copula",
        "template": {"message": message},
        "columns": columns,
        "arrival": {"interval_s": 10.0},
        "period": {},
        "provenance": {
            "recording": "kitchen.jsonl",
            "sha256": "0" * 64,
            "rows": 100,
            "span": None,
            "seed": 1,
            "versions": {},
        },
        "quality": {},
        "parity": {},
    } | changes


def copula_arrays(columns: Sequence[Column]) -> dict[str, np.ndarray]:
    """A copula of independent columns: even categories, 0 to 200 for whole numbers, else 0.1 to 0.7."""
    tables = []
    for column in columns:
        if column.size:
            tables.append((True, np.linspace(-1, 1, column.size), np.arange(column.size)))
        else:
            tables.append(
                (False, np.array([-2.0, 0, 2]), np.array([0, 50, 200] if column.integer else [0.1, 0.4, 0.7]))
            )
    return {
        "factor": np.eye(len(columns), dtype="<f8"),
        "offsets": np.cumsum([0, *(len(z) for _, z, _ in tables)]).astype("<i8"),
        "steps": np.array([step for step, _, _ in tables], "|b1"),
        "plan": np.arange(len(tables), dtype="<i4")[None],
        "z": np.concatenate([z for _, z, _ in tables] or [[]]).astype("<f8"),
        "value": np.concatenate([value for _, _, value in tables] or [[]]).astype("<f8"),
    }


def copula_bundle(message: dict[str, Any] = MESSAGE) -> Bundle:
    manifest = Manifest.model_validate(manifest_of(message))
    return Bundle(manifest, copula_arrays(manifest.columns))


def pack(members: Iterable[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of just these members, with a checksum that fits: what a forger would send."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def npy(array: np.ndarray, version: tuple[int, int] = (1, 0)) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    return buffer.getvalue()


def play(bundle: Bundle, count: int, seed: int = 0) -> list[Any]:
    """`count` messages of a bundle, a second apart; each must be JSON."""
    rng = np.random.default_rng(seed)
    names = [column.name for column in bundle.manifest.columns]
    rows = rows_of(names, sampler_of(bundle).draw(count, rng))
    texts = bundle.manifest.template.render(readings_of(rows), pen(seed, START_NS + count * NS_PER_S))
    return [json.loads(text, parse_constant=_refuse) for text in texts]


def rows_of(names: Sequence[str], matrix: np.ndarray) -> Rows:
    return Rows({name: position for position, name in enumerate(names)}, matrix)


def readings_of(rows: Rows) -> Readings:
    """Readings a second apart."""
    return Readings(rows, [START_NS + i * NS_PER_S for i in range(len(rows))], range(len(rows)))


def readings(count: int = 1, **columns: Sequence[float]) -> Readings:
    """Readings of these columns; `count` is for those without any."""
    matrix = np.array(list(columns.values()), np.float64).T if columns else np.empty((count, 0))
    return readings_of(rows_of(list(columns), matrix))


def pen(key: int = 0, last_ns: int = START_NS) -> Pen:
    return Pen(key, None, last_ns)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
