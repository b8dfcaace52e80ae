"""What a declared sensor is, in a few lines."""

import numpy as np
from pydantic import JsonValue

from agent.message.boxes import Box
from agent.message.leaves import Category, Constant, Counter, EventTime, ExportTime, LagTime, Number, to_json
from agent.message.tree import Items, Maybe, Node, Object, Slot
from agent.models.bundle import Bundle
from agent.models.manifest import Manifest
from trainer.paths import EVERY, join

MOST_LABELS = 6


def summary(bundle: Bundle) -> list[str]:
    """When its messages come, and what stands at each place in them."""
    manifest = bundle.manifest
    differ = {0: "", 24: "; rows differ by the hour of the day", 168: "; rows differ by the hour of the week"}
    fields = _fields(manifest)
    width = max(map(len, fields), default=0)
    return [_pace(bundle) + differ[manifest.hours], *(f"{name:<{width}}  {what}" for name, what in fields.items())]


def _fields(manifest: Manifest) -> dict[str, str]:
    """What stands at each path; items of a list are told once."""
    follow = {process.column for process in manifest.processes}
    found: dict[str, str] = {}
    absent: dict[str, list[str]] = {}
    constants: dict[str, list[JsonValue]] = {}
    for path, node in manifest.template.walk():
        name = join(tuple(EVERY if isinstance(part, Slot) else part for part in path))
        if isinstance(node, Maybe):
            absent[name] = [state for state in node.states if state != "value"]
        elif isinstance(node, Constant):
            constants.setdefault(name, []).append(node.value)
            found[name] = _one_of(constants[name])
        elif not isinstance(node, Object) and name not in found:
            sometimes = f", sometimes {' or '.join(absent[name])}" if name in absent else ""
            found[name] = _what(node, follow) + sometimes
    return found


def _what(node: Node, follow: set[str]) -> str:
    match node:
        case Number():
            said = "number" if node.format.denominator != 1 else "whole number"
        case Category():
            said = _one_of(node.labels)
        case Items():
            said = f"list of up to {max(map(len, node.compositions))} items"
        case Box():
            said = f"box, order {node.order}"
        case EventTime() | LagTime() | ExportTime():
            said = f"{node.node.replace('-', ' ')}, {node.format.pattern}"
        case Counter():
            said = f"counter from {node.start + node.step}"
        case _:
            said = "text made anew"
    return said + (", follows" if getattr(node, "column", None) in follow else "")


def _one_of(values: list[JsonValue]) -> str:
    texts = list(dict.fromkeys(to_json(value)[:60] for value in values))
    few = ", ".join(texts[:MOST_LABELS]) + (", …" if len(texts) > MOST_LABELS else "")
    return f"one of {few}" if len(texts) > 1 else f"always {few}"


def _pace(bundle: Bundle) -> str:
    arrival, per_hour = bundle.manifest.arrival, bundle.arrays["period/week"]
    low, high = float(per_hour.min()), float(per_hour.max())
    even = float(np.ptp(bundle.arrays["arrival/gaps"][1])) == 0 or arrival.rhythm == "clock"
    rate = f"every {arrival.interval_s:g} s" if low == high and even else f"{low:g} to {high:g} an hour"
    rate = f"{high:g} an hour" if low == high and not even else rate
    missed = f", {100 * arrival.missed:g} % missed" if arrival.missed else ""
    return f"messages come {'at even intervals' if even else 'at random'}, {rate}{missed}"
