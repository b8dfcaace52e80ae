"""What a declared sensor is, in a few sentences."""

import numpy as np

from agent.models.bundle import Bundle


def summary(bundle: Bundle) -> list[str]:
    """When its messages come, what they hold, and how rows are made."""
    manifest = bundle.manifest
    shown = len(manifest.template.columns)
    hidden = [column.name for column in manifest.columns[shown:] if not column.name.endswith("~")]
    behind = f", and {', '.join(hidden)} behind them" if hidden else ""
    lines = [_pace(bundle), f"{shown} columns{behind}"]
    if manifest.processes:
        lines.append(f"follow in time or another field: {', '.join(process.column for process in manifest.processes)}")
    if manifest.hours:
        lines.append("rows differ by the hour of the " + ("day" if manifest.hours == 24 else "week"))
    return lines


def _pace(bundle: Bundle) -> str:
    arrival = bundle.manifest.arrival
    per_hour = bundle.arrays["period/week"]
    low, high = float(per_hour.min()), float(per_hour.max())
    even = float(np.ptp(bundle.arrays["arrival/gaps"][1])) == 0 or arrival.rhythm == "clock"
    rhythm = "at even intervals" if even else "at random"
    rate = f"every {arrival.pace_s or 0:g} s on average" if low == high else f"{low:g} to {high:g} an hour"
    return f"messages come {rhythm}, {rate}" + (f", {_share(arrival.missed)} missed" if arrival.missed else "")


def _share(share: float) -> str:
    return f"{np.round(100 * share, 2):g} %"
