"""What the trainer understood of a recording, as figures and as text."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from agent.clock import NS_PER_S
from agent.message.boxes import Box
from agent.message.leaves import Category, Constant, EventTime, LagTime, Number, Table, to_json
from agent.message.template import Template
from agent.message.tree import Items, Node, Slot
from trainer.arrival.findings import findings_of
from trainer.arrival.timing import timing
from trainer.learn.infer import FEWEST, Findings
from trainer.learn.template import learn_template, replace_identifiers
from trainer.paths import EVERY, Path, join
from trainer.recording import Recording
from trainer.schema import Field


def inspect(recording: Recording, findings: Findings) -> dict[str, Any]:
    """Everything that was understood, ready for JSON."""
    messages = replace_identifiers(recording.messages, findings, np.random.default_rng(0))
    template = learn_template(messages, findings.schema)
    table = template.parse(messages)
    few = [f"too few messages to fit: record at least {FEWEST}"] if len(messages) < FEWEST else []
    fields = [_field(field, template, table) for field in findings.schema.field]
    return {
        "recording": recording.name,
        "messages": len(messages),
        "notes": recording.notes,
        "fields": fields,
        "time": _time(template, table) if template.has_event_time else None,
        "personal": [field.path for field in findings.schema.of_kind("identifier")],
        "warnings": findings.warnings + few,
    }


def as_text(found: dict[str, Any]) -> str:
    """The same for people."""
    lines = [f"{found['recording']}: {found['messages']} messages ({'; '.join(found['notes'])})", ""]
    width = max((len(field["path"]) for field in found["fields"]), default=0)
    lines += [f"  {field['path']:<{width}}  {field['kind']:<11}  {field['what']}" for field in found["fields"]]
    if found["time"]:
        time = found["time"]
        lines += ["", f"  from {time['first']} to {time['last']} (UTC), {time['span_s']:g} s"]
        lines += [f"  {sentence}" for sentence in time["findings"]]
    lines += ["", *(f"  warning: {warning}" for warning in found["warnings"])] if found["warnings"] else []
    return "\n".join(lines)


def _time(template: Template, table: Table) -> dict[str, Any]:
    event = next(node for _, node in template.walk() if isinstance(node, EventTime))
    learnt = timing(table.event_ns, event.format.offset_s)
    return {
        "first": _iso(min(table.event_ns)),
        "last": _iso(max(table.event_ns)),
        "span_s": learnt.period.span_s,
        "interval_s": learnt.arrival.interval_s,
        "arrival": learnt.arrival.model_dump(),
        "covered": {name: coverage.model_dump() for name, coverage in learnt.period.covered.items()},
        "findings": findings_of(learnt),
    }


def _field(field: Field, template: Template, table: Table) -> dict[str, Any]:
    nodes = [node for path, node in template.walk() if _plain(path) == field.path]
    leaves = [node for node in nodes if node.node not in ("maybe", "object")]
    states = sorted({state for n in nodes if n.node == "maybe" for state in n.states if state != "value"})
    return {
        "path": field.path,
        "kind": field.kind,
        "type": _json_type(field, leaves),
        "what": _what(field, leaves, table) + (f"; sometimes {' or '.join(states)}" if states else ""),
        "range": _range(leaves, table),
    }


def _what(field: Field, leaves: list[Node], table: Table) -> str:
    if field.kind in ("constant", "category"):
        labels = sorted({to_json(label) for node in leaves for label in _labels(node)})
        more = ", …" if len(labels) > 8 else ""
        return f"{len(labels)} values: {', '.join(labels[:8])}{more}" if len(labels) > 1 else labels[0]
    if field.time is not None:
        zone = f"local, UTC{field.time.offset_s / 3600:+g} h" if field.time.local else "UTC"
        lags = [_median(node, table) for node in leaves if isinstance(node, LagTime)]
        return f"{field.time.pattern} ({zone}{f', {lags[0]:+.3g} s from the event' if lags else ''})"
    items = next((node for node in leaves if isinstance(node, Items)), None)
    if items is not None:
        most = max(len(composition) for composition in items.compositions)
        kinds = f" of kinds told by {items.kind_key!r}" if items.kind_key else ""
        return f"up to {most} items{kinds}, {len(items.compositions)} composition{'s' * (len(items.compositions) > 1)}"
    low_high = _range(leaves, table)
    text = f"{low_high[0]:g} to {low_high[1]:g}" if low_high else field.personal or "made afresh"
    return text + (f", order {field.order} (assumed unless set)" if field.order else "") + _precision(field)


def _labels(node: Node) -> list[Any]:
    if isinstance(node, Category):
        return node.labels
    return [node.value] if isinstance(node, Constant) else []


def _precision(field: Field) -> str:
    number = field.number
    if number is None:
        return ""
    grid = f", multiples of 1/{number.denominator}" if number.denominator not in (None, 1) else ""
    whole = ", integers" if number.denominator == 1 else ""
    return grid + whole + (", 32-bit floats" if number.single else "") + (", in a string" if number.quoted else "")


def _range(leaves: list[Node], table: Table) -> tuple[float, float] | None:
    """Smallest and largest number, over all slots of a list."""
    ends: list[float] = []
    for node in leaves:
        if isinstance(node, Number):
            values = table.columns[node.column] / (node.format.denominator or 1)
            ends += [float(np.nanmin(values)), float(np.nanmax(values))]
        elif isinstance(node, Box):
            near = [float(np.nanmin(table.columns[column.name])) for column in node.columns()[:2]]
            ends += [number / (node.format.denominator or 1) for number in (*near, *node.limits)]
    return (min(ends), max(ends)) if ends else None


def _median(node: LagTime, table: Table) -> float:
    return sum(float(np.nanmedian(table.columns[lag])) for lag in node.lags)


def _json_type(field: Field, leaves: list[Node]) -> str:
    names = {
        "str": "string",
        "int": "number",
        "float": "number",
        "bool": "boolean",
        "NoneType": "null",
        "dict": "object",
    }
    labels = [label for node in leaves for label in _labels(node)]
    if labels and field.kind in ("constant", "category"):
        return " or ".join(sorted({names.get(type(label).__name__, "list") for label in labels}))
    quoted = (field.number and field.number.quoted) or (field.time and field.time.quoted)
    if quoted or field.kind == "identifier":
        return "string"
    return "list" if field.kind in ("list", "box") else "number"


def _plain(path: Path) -> str:
    """A template's path as a schema writes it: every slot is `[]`."""
    return join(tuple(EVERY if isinstance(part, Slot) else part for part in path))


def _iso(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / NS_PER_S, UTC).isoformat(timespec="milliseconds")
