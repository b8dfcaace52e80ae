"""Make the example recordings: a camera at a front door and the climate of a kitchen, two weeks of each.

    python examples/make_recordings.py [--seed 1] [--out examples/recordings]

Nothing in them was measured: both are drawn from rules of thumb, and the same seed gives the same bytes.
"""

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
DAYS = 14
MESSAGE_GAP_S = 120.0

# What stands before the door together; its share on a weekday, and at the weekend; around which hours (mean, spread).
SCENES: list[tuple[tuple[str, ...], float, float, list[tuple[float, float]]]] = [
    (("person",), 0.45, 0.35, [(8.0, 1.0), (18.0, 1.8)]),
    (("person", "person"), 0.10, 0.25, [(9.0, 1.5), (19.0, 2.0)]),
    (("person", "person", "dog"), 0.06, 0.15, [(11.0, 2.0), (17.0, 2.0)]),
    (("person", "person", "person", "person"), 0.05, 0.15, [(19.5, 1.2)]),
    (("person", "dog"), 0.30, 0.30, [(7.0, 0.8), (21.0, 1.0)]),
    (("person", "bicycle"), 0.25, 0.10, [(8.2, 0.7), (17.5, 1.0)]),
    (("person", "car"), 0.15, 0.15, [(8.5, 1.0), (17.8, 1.2)]),
    (("person", "truck"), 0.08, 0.02, [(11.0, 1.5)]),
    (("car",), 0.40, 0.30, [(13.0, 3.5)]),
    (("car", "car"), 0.12, 0.08, [(13.0, 3.5)]),
    (("car", "car", "truck"), 0.05, 0.01, [(12.0, 2.5)]),
    (("cat",), 0.30, 0.30, [(1.5, 2.5)]),
    (("cat", "cat"), 0.04, 0.04, [(2.5, 1.5)]),
]
EMPTY = 0.35  # how much of nothing at all, whatever the hour

# Of each class: its height in the picture, width as a share of that, where its foot stands, and its mean score.
SHAPES = {
    "person": (0.52, 0.36, 0.86, 0.82),
    "dog": (0.20, 1.15, 0.88, 0.70),
    "bicycle": (0.30, 1.45, 0.87, 0.68),
    "car": (0.24, 1.90, 0.52, 0.78),
    "truck": (0.33, 1.80, 0.54, 0.66),
    "cat": (0.12, 1.30, 0.90, 0.64),
}


def _near(hour: float, mean: float, spread: float) -> float:
    """1 at `mean` o'clock, falling off on both sides; midnight is no border."""
    distance = abs((hour - mean + 12) % 24 - 12)
    return float(np.exp(-0.5 * (distance / spread) ** 2))


def _hour(moment: datetime) -> float:
    return moment.hour + moment.minute / 60


def _scene(moment: datetime, rng: np.random.Generator) -> tuple[str, ...]:
    hour, weekend = _hour(moment), moment.weekday() >= 5
    weights = [(free if weekend else busy) * sum(_near(hour, *at) for at in hours) for _, busy, free, hours in SCENES]
    shares = np.array([EMPTY, *weights]) / (EMPTY + sum(weights))
    drawn = int(rng.choice(len(shares), p=shares))
    return () if drawn == 0 else SCENES[drawn - 1][0]


def _box(label: str, middle: float, rng: np.random.Generator) -> list[float]:
    """A detector's `[ymin, xmin, ymax, xmax]` in float32; like a real one it may overshoot the edge a little."""
    usual, ratio, foot, _ = SHAPES[label]
    height = usual * float(np.exp(rng.normal(0, 0.2)))
    width = 0.75 * height * ratio * float(np.exp(rng.normal(0, 0.12)))
    top_edge, bottom_edge, side = rng.normal((0.0, 0.995, 0.0), (0.01, 0.007, 0.01))
    bottom = min(foot + 0.25 * (height - usual) + rng.normal(0, 0.03), bottom_edge)
    left = min(max(middle - width / 2, side), 1 - side - width)
    corners = (max(bottom - height, top_edge), left, bottom, left + width)
    return [float(np.float32(corner)) for corner in corners]


def _score(label: str, rng: np.random.Generator) -> int:
    """In steps of 1/256, as a quantised network gives them; the detector reports nothing below one half."""
    return int(np.clip(round(256 * (SHAPES[label][3] + rng.normal(0, 0.09))), 128, 251))


def _objects(labels: Sequence[str], rng: np.random.Generator) -> list[dict[str, str]]:
    """Those that come together stand together, one beside the other; the surest is listed first."""
    middles = rng.normal(0.5, 0.16) + 0.22 * (np.arange(len(labels)) - (len(labels) - 1) / 2)
    found = [
        (_score(label, rng), label, _box(label, middle, rng)) for label, middle in zip(labels, middles, strict=True)
    ]
    found.sort(key=lambda item: item[0], reverse=True)
    return [{"label": label, "score": str(score / 256), "box": str(box)} for score, label, box in found]


def _zone(labels: Sequence[str], rng: np.random.Generator) -> str | None:
    if not labels or rng.random() < 0.04:
        return None
    return "porch" if rng.random() < (0.8 if labels[0] == "person" else 0.15) else "path"


def _lux(moment: datetime, cloud: float, rng: np.random.Generator) -> float:
    """The sun from seven to seven, through that day's clouds; a lamp by night."""
    height = float(np.sin(np.pi * (_hour(moment) - 7) / 12)) if 7 <= _hour(moment) <= 19 else 0.0
    daylight = 9000 * cloud * max(height, 0.0) ** 1.5
    return round(float((6 + daylight) * np.exp(rng.normal(0, 0.12))), 1)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moments(rng: np.random.Generator) -> Iterator[datetime]:
    moment, end = START, START + timedelta(days=DAYS)
    while (moment := moment + timedelta(seconds=max(rng.normal(MESSAGE_GAP_S, 9.0), 60.0))) < end:
        yield moment


def front_door(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """The messages of the camera, oldest first."""
    clouds = rng.uniform(0.15, 1.0, DAYS)
    for moment in _moments(rng):
        labels = _scene(moment, rng)
        lag = timedelta(milliseconds=40 + min(float(rng.gamma(2.0, 35.0)), 260.0))
        yield {
            "device": {"id": "cam-front-door", "model": "doorcam-2", "firmware": "3.4.1"},
            "captured": _iso(moment),
            "scene": {
                "lux": _lux(moment, clouds[(moment - START).days], rng),
                "zone": _zone(labels, rng),
                "frame_ms": round(62 + 5 * len(labels) + rng.gamma(2.0, 6.0)),
                "objects": _objects(labels, rng),
            },
            "hub": {"partition": 0, "received": _iso(moment + lag)},
        }


def _drift(count: int, keep: float, spread: float, rng: np.random.Generator) -> NDArray[np.floating[Any]]:
    """Noise that wanders: each minute keeps a share of the last (a first-order autoregression)."""
    noise, value = np.empty(count), 0.0
    for index, step in enumerate(rng.normal(0, spread * np.sqrt(1 - keep**2), count)):
        noise[index] = value = keep * value + step
    return noise


def _at_home(moment: datetime) -> float:
    """How likely somebody is in the kitchen."""
    hour, weekend = _hour(moment), moment.weekday() >= 5
    breakfast = 0.8 * _near(hour, 9.2 if weekend else 7.3, 0.8)
    lunch = (0.6 if weekend else 0.1) * _near(hour, 12.8, 0.8)
    return min(0.01 + breakfast + lunch + 0.85 * _near(hour, 18.8, 1.3), 1.0)


def _occupancy(moments: Sequence[datetime], rng: np.random.Generator) -> NDArray[np.int64]:
    """People come and stay: only once in 20 minutes or so is it decided anew."""
    present, states = 0, np.empty(len(moments), dtype=np.int64)
    for index, moment in enumerate(moments):
        if rng.random() < 1 / 20:
            present = int(rng.random() < _at_home(moment))
        states[index] = present
    return states


def _follow(drive: NDArray[np.floating[Any]], minutes: float, first: float) -> NDArray[np.floating[Any]]:
    """A level that follows `drive` with a lag of some minutes, as the air of a room does."""
    levels, level = np.empty(len(drive)), first
    for index, target in enumerate(drive):
        level += (target - level) / minutes
        levels[index] = level
    return levels


def kitchen_climate(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """The rows of the room, one a minute, oldest first."""
    moments = [START + timedelta(minutes=minute) for minute in range(DAYS * 24 * 60)]
    count, hours = len(moments), np.array([_hour(moment) for moment in moments])
    occupied = _occupancy(moments, rng)
    heated = np.where((hours >= 6.5) & (hours < 22), 21.0, 18.2)
    temperature = _follow(heated + 1.4 * occupied, 75, 18.4) + _drift(count, 0.995, 0.25, rng)
    humidity = 43 - 1.3 * (temperature - 20) + _follow(9.0 * occupied, 30, 0.0) + _drift(count, 0.998, 2.2, rng)
    co2 = _follow(430 + 720.0 * occupied, 45, 450) + _drift(count, 0.9, 9, rng)
    motion = occupied & (rng.random(count) < 0.7)
    for index, moment in enumerate(moments):
        yield {
            "time": f"{moment:%Y-%m-%d %H:%M:%S}",
            "temperature": f"{temperature[index]:.2f}",
            "humidity": f"{humidity[index]:.1f}",
            "co2": round(co2[index]),
            "occupancy": occupied[index],
            "motion": motion[index],
        }


def _write_json_lines(path: Path, messages: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(message) + "\n" for message in messages)
    print(path)


def _write_csv(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(first), lineterminator="\n")
        table.writeheader()
        table.writerow(first)
        table.writerows(rows)
    print(path)


def main() -> None:
    """Write both recordings."""
    parser = argparse.ArgumentParser(description="Make the example recordings.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "recordings")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    door, kitchen = np.random.default_rng(args.seed).spawn(2)
    _write_json_lines(args.out / "front-door.jsonl", front_door(door))
    _write_csv(args.out / "kitchen-climate.csv", kitchen_climate(kitchen))


if __name__ == "__main__":
    main()
