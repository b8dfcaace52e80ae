from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from agent.parts import Part, parts_of
from agent.settings.sensor import Sensor
from tests.bundles import LOCAL, write_bundle

SCHEDULE = [{"from": "09:00", "to": "10:00", "per_hour": 60.0}]


def part(tmp_path: Path, mode: str | None = None, *, bundle: dict[str, Any] | None = None, **sensor: Any) -> Part:
    (found,), problems = parts_of([sensor_of(tmp_path, bundle or {}, **sensor)], mode)
    assert problems == []
    return found


def sensor_of(tmp_path: Path, bundle: dict[str, Any], **sensor: Any) -> Sensor:
    path = write_bundle(tmp_path / "a.npz", **bundle)
    return Sensor.model_validate({"name": "a", "bundle": path} | sensor)


def problem(tmp_path: Path, mode: str, bundle: dict[str, Any], **sensor: Any) -> str:
    parts, problems = parts_of([sensor_of(tmp_path, bundle, **sensor)], mode)
    assert parts == []
    return problems[0]


DAY = {"periods": {"day": 60.0}}


@pytest.mark.parametrize("mode", ["sensor", "aggregator"])
@pytest.mark.parametrize(
    ("bundle", "sensor", "pace"),
    [
        (DAY, {}, "as recorded, by the day"),
        (DAY, {"period": "auto"}, "as recorded, by the day"),
        (DAY, {"period": "day"}, "as recorded, by the day"),
        ({"periods": {"day": 60.0, "week": 60.0}}, {}, "as recorded, by the week"),
        (DAY, {"period": "none"}, "as recorded, every 1 s on average"),
        (DAY, {"interval_s": 5}, "every 5 s"),
        ({}, {"interval_s": 5, "spacing": "poisson"}, "every 5 s, poisson"),
        ({}, {"schedule": SCHEDULE}, "by a schedule of 1 windows"),
    ],
)
def test_each_way_to_speak_can_be_played_in_both_modes(tmp_path, mode, bundle, sensor, pace):
    found = part(tmp_path, mode, bundle=bundle, **sensor)
    assert found.pace == pace
    agenda = found.plan().agenda(lambda *key: np.random.default_rng(key), 0)
    assert agenda.next_ns()


def test_only_sensor_mode_plays_a_rhythm_without_being_asked_to(tmp_path):
    assert part(tmp_path, "sensor").pace == "as recorded, every 1 s on average"
    told = problem(tmp_path, "aggregator", {})
    assert 'covers no period; set period = "none"' in told


def test_a_period_that_is_not_covered_is_refused_in_both_modes(tmp_path):
    for mode in ("sensor", "aggregator"):
        assert "covers day, not a week; set period to day" in problem(tmp_path, mode, DAY, period="week")


def test_a_bundle_without_times_needs_an_interval(tmp_path):
    assert "set interval_s" in problem(tmp_path, "sensor", {"interval_s": None})
    assert part(tmp_path, "sensor", bundle={"interval_s": None}, interval_s=2).fixed_s == 2


@pytest.mark.parametrize("extra", [{"spacing": "poisson"}, {"count": 5}, {"until": "2030-01-01"}])
def test_an_interval_that_ends_or_is_random_is_played_by_an_agenda(tmp_path, extra):
    assert part(tmp_path, interval_s=2, **extra).fixed_s is None


SPAN = ("2026-03-04T23:30:00.000+00:00", "2026-04-04T23:30:00.000+00:00")


@pytest.mark.parametrize(
    ("sensor", "first"),
    [
        ({"period": "week"}, "2026-03-02T00:00:00Z"),
        ({"period": "week", "begins": "recording"}, "2026-03-04T00:00:00Z"),
        ({"period": "week", "begins": "recording", "timezone": "Europe/Brussels"}, "2026-03-05T00:00:00+01:00"),
        ({"period": "month"}, "2026-03-01T00:00:00Z"),
        ({"period": "month", "begins": "recording"}, "2026-03-04T00:00:00Z"),
    ],
)
def test_a_period_may_begin_on_the_recordings_own_first_day(tmp_path, sensor, first):
    found = part(tmp_path, bundle={"periods": {"week": 1.0, "month": 1.0}, "span": SPAN}, **sensor)
    start_ns, _ = found.plan().rates.bounds(round(datetime.fromisoformat("2026-03-08T00:00:00Z").timestamp()) * 10**9)
    assert start_ns == round(datetime.fromisoformat(first).timestamp()) * 10**9


def test_midnight_is_that_of_the_timezone_else_of_the_recordings_offset(tmp_path):
    two_hours = {"time_format": LOCAL | {"offset_s": 7200}}
    assert part(tmp_path).zone.utcoffset(None) == timedelta(0)
    assert part(tmp_path, bundle=two_hours).zone == timezone(timedelta(hours=2))
    assert part(tmp_path, bundle=two_hours, timezone="Europe/Brussels").zone == ZoneInfo("Europe/Brussels")
