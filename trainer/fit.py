"""From a recording to a bundle that has been proved: learn, fit, export, hold against SDV, write."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from agent.clock import NS_PER_S
from agent.errors import RecordingError
from agent.message.leaves import EventTime
from agent.message.template import Template
from agent.models import bundle as bundles
from agent.models.bundle import Bundle
from agent.models.manifest import FORMAT, Manifest, Period, Provenance
from agent.models.registry import sampler_of
from trainer.arrival import arrival, period
from trainer.evaluate import quality
from trainer.learn.infer import FEWEST, study
from trainer.learn.template import learn_template, replace_identifiers
from trainer.models.registry import FITS, Fitted
from trainer.parity import DRAWS, ROWS, Parity, prove
from trainer.recording import Recording
from trainer.schema import Schema
from trainer.table import table_of, typed, without_gaps

MOST_COLUMNS = 1000
STEPS = 4 + DRAWS

Step = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """A proved bundle, and what to tell the user."""

    bundle: Bundle
    parity: Parity
    warnings: list[str]


def fit(
    recording: Recording,
    sensor: str,
    *,
    kind: str = "gaussian-copula",
    corrections: Schema | None = None,
    seed: int = 0,
    step: Step = lambda _: None,
) -> Outcome:
    """Learn `recording` and return its bundle, proved to draw as SDV does.

    Args:
        recording: What the sensor sent.
        sensor: The sensor's name.
        kind: A key of `FITS`.
        corrections: Fields that the schema would guess wrong.
        seed: The same seed and recording give the same bytes.
        step: Told what is being done, before it is done.

    Raises:
        RecordingError: The recording cannot be learnt from.
        ParityError: The export does not draw as SDV does.
    """
    if len(recording.messages) < FEWEST:
        raise RecordingError(
            f"{recording.name}: {len(recording.messages)} messages are too few to learn from; record at least {FEWEST}"
        )
    step("learning the messages")
    rng = np.random.default_rng(seed)
    findings = study(recording, corrections)
    messages = replace_identifiers(recording.messages, findings, rng)
    template = learn_template(messages, findings.schema)
    if not template.columns or len(template.columns) > MOST_COLUMNS:
        raise RecordingError(
            f"{recording.name}: {len(template.columns)} columns to learn, must be 1 to {MOST_COLUMNS}; "
            "correct the schema (inspect --write-schema)"
        )
    table = table_of(template, messages)
    step(f"fitting {kind} to {len(table)} rows of {len(template.columns)} columns")
    _seed_libraries(seed)
    fitted = FITS[kind](table, template.columns, rng)
    step("exporting")
    event_ns = template.parse(messages).event_ns
    draft = _draft(recording, template, event_ns, fitted.export(), sensor=sensor, kind=kind, seed=seed)
    proved = bundles.from_bytes(draft.to_bytes())
    drawn = pd.DataFrame(sampler_of(proved).draw(ROWS, rng), columns=[column.name for column in template.columns])
    rows = typed(drawn, template.columns)
    parity = prove(rows, _draws(fitted, step), template.columns)
    parity.require(sensor)
    step("measuring quality")
    recorded = typed(without_gaps(table, rng), template.columns)
    figures = {"quality": quality(recorded, rows, template.columns), "parity": parity.figures()}
    manifest = draft.manifest.model_copy(update=figures)
    return Outcome(Bundle(manifest, draft.arrays), parity, findings.warnings + _period_warnings(manifest))


def _draws(fitted: Fitted, step: Step) -> list[pd.DataFrame]:
    """SDV's own rows, to hold the export against."""
    draws = []
    for number in range(1, DRAWS + 1):
        step(f"proving the export against SDV ({number} of {DRAWS})")
        draws.append(fitted.sample(ROWS))
    return draws


def _draft(recording: Recording, template: Template, event_ns: list[int], model: dict[str, Any], **said: Any) -> Bundle:
    """The bundle before its figures are known."""
    timed = template.has_event_time
    times, arrays = period(event_ns, _offset_s(template)) if timed else (Period(), {})
    provenance = Provenance(
        recording=recording.name,
        sha256=recording.sha256,
        rows=len(recording.messages),
        span=(_iso(min(event_ns)), _iso(max(event_ns))) if timed else None,
        seed=said.pop("seed"),
        versions={package: version(package) for package in ("understudy", "sdv", "numpy", "pandas")},
    )
    manifest = Manifest(
        format=FORMAT,
        template=template,
        columns=template.columns,
        arrival=arrival(event_ns if timed else []),
        period=times,
        provenance=provenance,
        quality={},
        parity={},
        **said,
    )
    return Bundle(manifest, model | arrays)


def _period_warnings(manifest: Manifest) -> list[str]:
    if manifest.arrival.interval_s is None:
        return ["the recording does not say when its messages came: set interval_s in the agent's configuration"]
    if manifest.period.covered:
        return []
    return [
        f"the recording spans {manifest.period.span_s:.0f} s and covers no day: "
        "play it in sensor mode; aggregator mode needs a recording of a day, a week or a month"
    ]


def _offset_s(template: Template) -> int:
    return next((node.format.offset_s for _, node in template.walk() if isinstance(node, EventTime)), 0)


def _iso(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / NS_PER_S, UTC).isoformat(timespec="milliseconds")


def _seed_libraries(seed: int) -> None:
    """SDV draws from the global generators while it fits."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
