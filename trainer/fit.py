"""From a recording to a bundle that has been proved: learn, fit, export, hold against SDV, write."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.clock import NS_PER_S
from agent.errors import RecordingError
from agent.message.leaves import EventTime
from agent.message.template import Template
from agent.models import bundle as bundles
from agent.models.bundle import Bundle
from agent.models.manifest import FORMAT, Manifest, Period, Provenance
from agent.models.registry import sampler_of
from agent.models.sampler import Given
from trainer.arrival import arrival, period
from trainer.evaluate import quality
from trainer.learn.infer import FEWEST, study
from trainer.learn.template import learn_template, replace_identifiers
from trainer.models.fitted import Fitted, Task, hours_of
from trainer.models.registry import FITS
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
    event_ns = template.parse(messages).event_ns
    messages = [messages[place] for place in np.argsort(event_ns, kind="stable").tolist()]
    event_ns = sorted(event_ns)
    if not template.columns or len(template.columns) > MOST_COLUMNS:
        raise RecordingError(
            f"{recording.name}: {len(template.columns)} columns to learn, must be 1 to {MOST_COLUMNS}; "
            "correct the schema (inspect --write-schema)"
        )
    table = table_of(template, messages)
    step(f"fitting {kind} to {len(table)} rows of {len(template.columns)} columns")
    _seed_libraries(seed)
    task = Task(table, template.columns, rng, hours=_hours(template, event_ns), seed=seed)
    fitted = FITS[kind](task)
    step("exporting")
    draft = _draft(recording, template, event_ns, fitted, sensor=sensor, kind=kind, seed=seed)
    proved = bundles.from_bytes(draft.to_bytes())
    rows = _drawn(proved, task)
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


def _hours(template: Template, event_ns: list[int]) -> NDArray[np.int64] | None:
    """The local hour of each event, where the recording covers a day."""
    if not template.has_event_time:
        return None
    offset_s = _offset_s(template)
    return hours_of(event_ns, offset_s) if "day" in period(event_ns, offset_s)[0].covered else None


def _drawn(bundle: Bundle, task: Task) -> pd.DataFrame:
    """Rows of a bundle, at hours as they occur in the recording."""
    sampler = sampler_of(bundle)
    if bundle.manifest.hours:
        hours = np.unique(np.asarray(task.some_hours(ROWS)), return_counts=True)
        parts = [sampler.draw(int(n), task.rng, Given(int(hour))) for hour, n in zip(*hours, strict=True)]
    else:
        parts = [sampler.draw(ROWS, task.rng)]
    names = [column.name for column in task.columns]
    return typed(pd.DataFrame(np.concatenate(parts), columns=names), task.columns)


def _draft(recording: Recording, template: Template, event_ns: list[int], fitted: Fitted, **said: Any) -> Bundle:
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
        hours=fitted.hours,
        arrival=arrival(event_ns if timed else []),
        period=times,
        provenance=provenance,
        quality={},
        parity={},
        **said,
    )
    return Bundle(manifest, {**fitted.export(corrected=True), **arrays})


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
