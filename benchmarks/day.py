"""A day of many sensors in aggregator mode: drawn, dated, written, packed and settled, in a process of its own."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from agent.clock import NS_PER_S, SystemClock
from agent.outputs.output import Message
from agent.parts import prepare
from agent.progress import Progress
from agent.settings.settings import Settings
from agent.wiring.batches import past_of
from agent.wiring.stage import Stage, player_of

DAY = (100, 1.0, 24.0)  # sensors, seconds between readings, hours
GROWTH = [(10, 1.0, 4.0), (100, 1.0, 4.0), (1000, 1.0, 0.5), (100, 10.0, 24.0), (1000, 60.0, 24.0)]
MOST_S, MOST_MB = 90.0, 128.0


def measure(bundle: Path) -> list[dict[str, Any]]:
    """Rows of the table of results: the whole day, and how cost grows with sensors and rate."""
    sensors, interval_s, hours = DAY
    day = _in_child(bundle, *DAY)
    what = f"{sensors} sensors, every {interval_s:g} s, {hours:g} h"
    rows = [
        _row(f"{what}: {day['readings']:,} readings", "s CPU", MOST_S, day["cpu_s"]),
        _row(f"{what}: memory", "MB", MOST_MB, day["peak_mb"]),
    ]
    for sensors, interval_s, hours in GROWTH:
        part = _in_child(bundle, sensors, interval_s, hours)
        what = f"{sensors:,} sensors, every {interval_s:g} s, {hours:g} h"
        rows.append(_row(f"{what}: a reading", "µs", math.inf, part["cpu_s"] / part["readings"] * 1e6))
        rows.append(_row(f"{what}: memory", "MB", math.inf, part["peak_mb"]))
    return rows


def play(bundle: Path, sensors: int, interval_s: float, hours: float) -> dict[str, float]:
    """Play in this process: CPU seconds, peak memory and readings."""
    settings = Settings.model_validate(
        {
            "mode": "aggregator",
            "seed": 1,
            "mqtt": {"url": "mqtt://localhost"},
            "sensor": [
                {"name": f"s{n}", "bundle": bundle, "interval_s": interval_s, "spacing": "poisson"}
                for n in range(sensors)
            ],
        }
    )
    parts, start_ns = prepare(settings, "benchmark"), 1_790_000_000 * NS_PER_S
    stage = Stage(settings, 1, SystemClock(), _Sink(), Progress(None, "r"), lambda: True)  # type: ignore[arg-type]
    playing = []
    for part in parts:
        stage.progress.begin(part.sensor.name, start_ns)
        player = player_of(part, [1], 0, sensors)
        playing.append((part.sensor, player, part.plan().agenda(player.rng, start_ns)))
    mode = past_of(stage, playing, start_ns, lambda: True, to_file=False, at_once=5000)
    before = time.process_time()
    mode.advance(start_ns + round(hours * 3600) * NS_PER_S)
    return {
        "cpu_s": time.process_time() - before,
        "peak_mb": _peak_mb(),
        "readings": mode.tally.readings,
    }


def _peak_mb() -> float:
    """Of this program alone: what `resource` tells begins with the memory of who started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024


class _Sink:
    """Takes every batch at once: the network is no part of this."""

    def publish(self, message: Message) -> None:
        if message.settle is not None:
            message.settle()

    def has_room(self) -> bool:
        return True


def _in_child(bundle: Path, sensors: int, interval_s: float, hours: float) -> dict[str, Any]:
    words = [sys.executable, "-m", "benchmarks.day", str(bundle), str(sensors), str(interval_s), str(hours)]
    done: dict[str, Any] = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return done


def _row(what: str, unit: str, most: float, ours: float) -> dict[str, Any]:
    aim = f"at most {most:g}" if most < math.inf else "none: to see how it grows"
    return {"what": what, "ours": ours, "unit": unit, "aim": aim, "reached": ours <= most, "spread": [ours, ours]}


if __name__ == "__main__":
    print(json.dumps(play(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))))
