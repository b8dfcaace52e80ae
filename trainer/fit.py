"""From a recording to a bundle that has been proved: learn, fit, export, hold against SDV, write."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from pydantic import JsonValue

from agent.clock import NS_PER_S
from agent.errors import RecordingError
from agent.models.bundle import Bundle
from agent.models.manifest import Manifest
from trainer.auto import AUTO, Score, choose
from trainer.corrections import ORDER
from trainer.draft import Draft, combinations, drawn
from trainer.evaluate import follow, quality, quality_score
from trainer.learn.constraints import rules_of
from trainer.learn.infer import FEWEST, study
from trainer.learn.template import learn_template, replace_identifiers
from trainer.models.fitted import Report, Task
from trainer.models.registry import FITS, WANTS
from trainer.parity import ROWS, Parity, classes_distance, prove
from trainer.recording import Recording
from trainer.schema import Schema
from trainer.table import table_of, typed, without_gaps

MOST_COLUMNS = 1000
MOST_NAMED = 3  # columns, in a warning

Step = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How to fit.

    Attributes:
        kind: A key of `FITS`, or `auto`.
        corrections: Fields that the schema would guess wrong.
        seed: The same seed and recording give the same bytes.
        epochs: Passes of a neural network over the recording; None: SDV's default.
        without: Names of corrections to leave out; see `trainer.corrections`.
        step: Told what is being done, before it is done.
        report: Told of epochs.
        scored: Told how the candidates of `auto` did.
    """

    kind: str = "gaussian-copula"
    corrections: Schema | None = None
    seed: int = 0
    epochs: int | None = None
    without: frozenset[str] = frozenset()
    step: Step = field(default=lambda _: None)
    report: Report = field(default=lambda *_: None)
    scored: Callable[[Score], None] = field(default=lambda _: None)


@dataclass(frozen=True)
class Outcome:
    """A proved bundle, and what to tell the user."""

    bundle: Bundle
    parity: Parity
    warnings: list[str]
    losses: pd.DataFrame | None


def fit(recording: Recording, sensor: str, options: Options | None = None) -> Outcome:
    """Learn `recording` and return its bundle, proved to draw as SDV does.

    Args:
        recording: What the sensor sent.
        sensor: The sensor's name.
        options: See there.

    Raises:
        RecordingError: The recording cannot be learnt from.
        ParityError: The export does not draw as SDV does.
    """
    options = options or Options()
    if len(recording.messages) < FEWEST:
        raise RecordingError(
            f"{recording.name}: {len(recording.messages)} messages are too few to learn from; record at least {FEWEST}"
        )
    options.step("learning the messages")
    draft, task, warnings = learn(recording, sensor, options)
    kind, scores = options.kind, []
    if kind == AUTO:
        options.step("choosing a model")
        scores = choose(task, lambda kind, fitted: drawn(draft.bundle(kind, fitted), task, ROWS), options.scored)
        kind = scores[0].kind
    elif len(task.table) < WANTS.get(kind, 0):
        warnings.append(f"{len(task.table)} messages are few for {kind}: under {WANTS[kind]}, prefer gaussian-copula")
    options.step(f"fitting {kind} to {len(task.table)} rows of {len(task.columns)} columns")
    fitted = FITS[kind](task)
    options.step("exporting")
    as_sdv = draft.bundle(kind, fitted, corrected=False)
    recorded = typed(without_gaps(task.table, task.rng), task.columns)
    options.step("proving the export against SDV")
    parity = prove(
        lambda: drawn(as_sdv, task, ROWS, fitted.sampled_by_hour),
        lambda: fitted.sample(ROWS),
        task.columns,
        lambda rows: quality_score(recorded, rows, task.columns),
    )
    parity.require(sensor)
    options.step("measuring quality")
    bundle = draft.bundle(kind, fitted)
    plain, rows = drawn(as_sdv, task, ROWS, fitted.sampled_by_hour), drawn(bundle, task, ROWS)
    before, after = (classes_distance(drawn_, recorded, task.columns) for drawn_ in (plain, rows))
    corrected: dict[str, JsonValue] = {"before": before, "after": after}
    figures = {
        "quality": quality(recorded, rows, task.columns),
        "parity": parity.figures() | ({"corrections": corrected} if fitted.corrections else {}),
        "corrections": list(fitted.corrections),
        "choice": [score.figures() for score in scores],
    }
    bundle = Bundle(bundle.manifest.model_copy(update=figures), bundle.arrays)
    warnings += [*_sequence_warnings(kind, task, recorded), *_period_warnings(bundle.manifest)]
    return Outcome(bundle, parity, warnings, fitted.losses)


def learn(recording: Recording, sensor: str, options: Options) -> tuple[Draft, Task, list[str]]:
    """What is written in messages, what is to be fitted, and warnings; messages in the order of their events."""
    rng = np.random.default_rng(options.seed)
    findings = study(recording, options.corrections)
    messages = replace_identifiers(recording.messages, findings, rng)
    template = learn_template(messages, findings.schema)
    if not template.columns:
        raise RecordingError(f"{recording.name}: nothing varies but times, counters and identifiers: nothing to learn")
    if len(template.columns) > MOST_COLUMNS:
        raise RecordingError(
            f"{recording.name}: {len(template.columns)} columns to learn, at most {MOST_COLUMNS} can be; "
            "leave fields out of the recording, or give lists the kind category (inspect --write-schema)"
        )
    event_ns = template.parse(messages).event_ns
    order = np.argsort(event_ns, kind="stable")
    messages = [messages[place] for place in order.tolist()]
    table = table_of(template, messages)
    together = [
        members for paths in rules_of(findings.schema, messages).together if len(members := _varying(paths, table)) > 1
    ]
    draft = Draft(recording, template, sorted(event_ns), sensor, options.seed, combinations(table, together))
    task = Task(
        table,
        template.columns,
        rng,
        hours=draft.hours,
        together=draft.combinations,
        times=(np.sort(event_ns) - min(event_ns)) / NS_PER_S if template.has_event_time else None,
        epochs=options.epochs,
        seed=options.seed,
        without=options.without,
        report=options.report,
    )
    if ORDER in options.without:
        task = task.rearranged(np.argsort(order))
    return draft, task, list(findings.warnings)


def _varying(paths: list[str], table: pd.DataFrame) -> tuple[str, ...]:
    """The columns of fields that vary, with those that say whether they are there."""
    return tuple(name for path in paths for name in (f"{path}?", path) if name in table)


def _period_warnings(manifest: Manifest) -> list[str]:
    if manifest.arrival.interval_s is None:
        return ["the recording does not say when its messages came: set interval_s in the agent's configuration"]
    if manifest.period.covered:
        return []
    return [
        f"the recording spans {manifest.period.span_s:.0f} s and covers no day: "
        'aggregator mode needs a recording of a day, a week or a month, or period = "none"'
    ]


def _sequence_warnings(kind: str, task: Task, recorded: pd.DataFrame) -> list[str]:
    """Where readings follow each other, and a model draws each by itself."""
    found = follow(recorded, task.columns) if task.ordered and kind != "par" else {}
    if not found:
        return []
    names = ", ".join(f"{name} {correlation:.2f}" for name, correlation in list(found.items())[:MOST_NAMED])
    return [
        f"readings follow from the one before ({names}), and {kind} draws each by itself: --model par may hold more"
    ]
