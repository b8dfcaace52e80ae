"""Bundles of specifications."""

from pathlib import Path
from tempfile import TemporaryDirectory

from agent.models.bundle import Bundle
from trainer.declare.declare import declare

SPEC = """
sensor = "declared"
[arrival]
interval_s = 10
[fields.time]
type = "timestamp"
[fields.level]
type = "float"
distribution = { name = "normal", mean = 20, std = 3 }
[fields.count]
type = "integer"
distribution = { name = "poisson", mean = 3 }
null = 0.2
[fields.state]
type = "category"
weights = { low = 1, high = 2, off = 1 }
[fields.seen]
type = "list"
kind_key = "label"
items.score = { type = "float", distribution = { name = "beta", alpha = 2, beta = 2 } }
groups.cat.count = { name = "binomial", n = 2, p = 0.5 }
groups.dog.count = { name = "bernoulli", p = 0.5 }
"""


def declared_bundle(spec: str = SPEC) -> Bundle:
    """The bundle of a specification's text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spec.toml"
        path.write_text(spec, "utf-8")
        return declare(path)
