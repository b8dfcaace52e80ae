"""A month of a fitted sensor, as a user makes it: its days are like the recorded ones, across summer time, too."""

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from agent import cli
from agent.models.bundle import write

BRUSSELS = ZoneInfo("Europe/Brussels")
COLUMNS = ("Temperature", "Humidity", "CO2")


@pytest.fixture(scope="module")
def bundle(fitted, tmp_path_factory):
    _, made = fitted("room-climate.csv")
    path = tmp_path_factory.mktemp("month") / "room.npz"
    write(made, path)
    return path


@pytest.fixture(scope="module")
def recorded(fitted):
    recording, _ = fitted("room-climate.csv")
    return [(datetime.fromisoformat(m["date"]), m) for m in recording.messages]


def by_backfill(bundle: Path, folder: Path, month: int, capsys) -> list[dict]:
    config, out = folder / "a.toml", folder / "out.jsonl"
    sensor = f'[[sensor]]\nname = "room"\nbundle = "{bundle}"\ntimezone = "Europe/Brussels"'
    config.write_text(f'seed = 3\nmode = "aggregator"\n[mqtt]\nurl = "mqtt://localhost"\n{sensor}')
    words = ["--from", f"2026-{month:02d}-01", "--to", f"2026-{month + 1:02d}-01", "--out", str(out)]
    assert cli.main(["backfill", "--config", str(config), *words]) == 0
    return [json.loads(line) for line in out.read_text().splitlines()]


def by_preview(bundle: Path, _folder: Path, month: int, capsys) -> list[dict]:
    words = ["--start", f"2026-{month:02d}-01", "--timezone", "Europe/Brussels", "--seed", "3"]
    days = 31 if month in (3, 10) else 30
    minutes = days * 1440 + {3: -60, 10: 60}.get(month, 0)
    capsys.readouterr()
    assert cli.main(["preview", str(bundle), "-n", str(minutes), *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("made_by", [by_backfill, by_preview])
@pytest.mark.parametrize(("month", "hours"), [(3, 743), (6, 720), (10, 745)])
def test_a_month_has_the_recordings_days(bundle, recorded, tmp_path, capsys, made_by, month, hours):
    messages = made_by(bundle, tmp_path, month, capsys)
    assert abs(len(messages) - hours * 60) <= 1  # the one about midnight may be late
    times = instants([datetime.fromisoformat(message["date"]) for message in messages])
    assert all(0 < (b - a).total_seconds() < 180 for a, b in pairwise(times))
    for column in COLUMNS:
        means = hourly(column, [(time, message) for time, message in zip(times, messages, strict=True)])
        days = hourly_by_day(column, recorded)
        for hour in range(24):
            low, high = min(days[hour]), max(days[hour])
            assert low <= means[hour] <= high, f"{column} at {hour:02d}:00: {means[hour]} is not in {low} to {high}"


def instants(local: list[datetime]) -> list[datetime]:
    """Local times in order, told apart where an hour comes twice."""
    found: list[datetime] = []
    for time in local:
        first = time.replace(tzinfo=BRUSSELS).astimezone(ZoneInfo("UTC"))
        again = found and first <= found[-1]
        found.append(time.replace(tzinfo=BRUSSELS, fold=1).astimezone(ZoneInfo("UTC")) if again else first)
    return found


def hourly(column: str, pairs: list[tuple[datetime, dict]]) -> dict[int, float]:
    values: dict[int, list[float]] = {}
    for time, message in pairs:
        values.setdefault(time.astimezone(BRUSSELS).hour, []).append(float(message[column]))
    return {hour: float(np.mean(found)) for hour, found in values.items()}


def hourly_by_day(column: str, pairs: list[tuple[datetime, dict]]) -> dict[int, list[float]]:
    """The mean of each hour, day by day; whole hours only."""
    values: dict[tuple[int, object], list[float]] = {}
    for time, message in pairs:
        near = time + timedelta(seconds=1)
        values.setdefault((near.hour, near.date()), []).append(float(message[column]))
    days: dict[int, list[float]] = {}
    for (hour, _), found in values.items():
        if len(found) >= 59:
            days.setdefault(hour, []).append(float(np.mean(found)))
    return days
