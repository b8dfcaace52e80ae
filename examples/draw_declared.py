"""Draws what the declared examples play into docs/declared.svg: `python examples/draw_declared.py`."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from agent.arrival import plan as plans
from agent.model import model_of
from agent.models.bundle import read
from agent.player import Player

HERE = Path(__file__).parent
OUT = HERE.parent / "docs" / "declared.svg"
START_S = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())  # a Monday
WIDTH, HEIGHT, GAP = 860, 150, 52
INKS = {"line": "#2563eb", "0": "#94a3b8", "1": "#16a34a", "9": "#dc2626", "text": "#334155", "rule": "#cbd5e1"}


def played(name: str, seconds: int, step_s: int, seed: int) -> list[Any]:
    """Messages of an example, `step_s` apart."""
    player = Player(name, model_of(read(HERE / f"{name}.npz")), [seed])
    return [json.loads(t) for t in player.play([(START_S + s) * 10**9 for s in range(0, seconds, step_s)]).texts]


def path(values: Sequence[float], low: float, high: float, first: float = 0.0, last: float = 1.0) -> str:
    """Points of a polyline over the share of the width from `first` to `last`."""
    x = np.linspace(first, last, len(values)) * WIDTH
    y = HEIGHT - (np.asarray(values) - low) / (high - low) * HEIGHT
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def panel(number: int, title: str, ticks: Sequence[str], unit: tuple[str, str], body: str) -> str:
    """A panel with its title, the names below it and the values at its edges."""
    rules = "".join(
        f'<line x1="{WIDTH * i / len(ticks):.0f}" x2="{WIDTH * i / len(ticks):.0f}" y1="0" y2="{HEIGHT}" '
        f'stroke="{INKS["rule"]}"/><text x="{WIDTH * i / len(ticks) + 4:.0f}" y="{HEIGHT + 15}">{tick}</text>'
        for i, tick in enumerate(ticks)
    )
    edges = "".join(f'<text x="{WIDTH + 8}" y="{y}">{text}</text>' for y, text in ((11, unit[1]), (HEIGHT, unit[0])))
    frame = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="{INKS["rule"]}"/>'
    heading = f'<text y="-8" font-weight="600">{title}</text>'
    top = 34 + number * (HEIGHT + GAP)
    return f'<g transform="translate(16 {top})">{heading}{rules}{frame}{edges}{body}</g>'


def weather() -> str:
    """Four days of temperature and rain."""
    messages = played("weather-station", 4 * 86_400, 300, 3)
    air = [message["air"]["temperature"] for message in messages]
    low, high = np.floor(min(air)), np.ceil(max(air))
    line = f'<polyline points="{path(air, low, high)}" fill="none" stroke="{INKS["line"]}"/>'
    title = "weather-station: temperature, a wave by day and by year, and what an autoregression adds"
    return panel(0, title, ["Mon", "Tue", "Wed", "Thu"], (f"{low:g} °C", f"{high:g} °C"), line)


def machine() -> str:
    """Three hours of motor current, in the ink of the machine's state."""
    messages = played("filling-machine", 3 * 3600, 5, 6)
    current = [message["motor_current"] for message in messages]
    parts, first = "", 0
    for state, run in groupby(message["state"] for message in messages):
        last = first + len(list(run))
        ends = first / len(current), min(last + 1, len(current)) / len(current)
        points = path(current[first : last + 1], 0, 20, *ends)
        parts += f'<polyline points="{points}" fill="none" stroke="{INKS[str(state)]}" stroke-width="1.3"/>'
        first = last
    title = "filling-machine: motor current, idle (grey), running (green), jammed (red)"
    return panel(1, title, ["00:00", "01:00", "02:00"], ("0 A", "20 A"), parts)


def camera() -> str:
    """A week of the number of messages in each hour."""
    bundle = read(HERE / "street-camera.npz")
    agenda = plans.recorded(bundle, "week", UTC).agenda(
        lambda *key: np.random.default_rng([3, *key]), START_S * 10**9 - 1
    )
    times = np.concatenate([s.event_ns for s in agenda.due((START_S + 7 * 86_400) * 10**9)]) / 1e9 - START_S
    counts = np.bincount((times // 3600).astype(int), minlength=168)[:168]
    bars = "".join(
        f'<rect x="{WIDTH * hour / 168:.1f}" y="{HEIGHT * (1 - count / 1100):.1f}" width="{WIDTH / 168 - 0.6:.1f}" '
        f'height="{HEIGHT * count / 1100:.1f}" fill="{INKS["line"]}"/>'
        for hour, count in enumerate(counts.tolist())
    )
    title = "street-camera: messages an hour"
    return panel(2, title, ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], ("0", "1,100"), bars)


def main() -> None:
    """Write the picture."""
    size = f'width="{WIDTH + 90}" height="{3 * (HEIGHT + GAP) + 16}"'
    style = f'font-family="system-ui, sans-serif" font-size="13" fill="{INKS["text"]}"'
    back = '<rect width="100%" height="100%" fill="#ffffff"/>'
    OUT.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>{back}{weather()}{machine()}{camera()}</svg>\n'
    )


if __name__ == "__main__":
    main()
