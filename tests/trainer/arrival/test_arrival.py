"""Learnt timing, from times made here whose truth is known, and from real recordings."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from agent.arrival import plan as plans
from agent.clock import NS_PER_S
from agent.errors import RecordingError
from agent.message.leaves import EventTime
from agent.models.manifest import PeriodName
from tests.bundles import make_bundle
from trainer.arrival.findings import findings_of
from trainer.arrival.ticks import ticks_of
from trainer.arrival.timing import Timing, timing
from trainer.learn.infer import study
from trainer.learn.template import learn_template
from trainer.recording import load

MONDAY = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
DAY = 86_400


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def learnt(seconds: np.ndarray, offset_s: int = 0) -> Timing:
    return timing((np.asarray(seconds) * NS_PER_S).astype(np.int64).tolist(), offset_s)


def said(learned: Timing) -> str:
    return "; ".join(findings_of(learned))


def gaps(rng: np.random.Generator, count: int, mean: float, jitter: float) -> np.ndarray:
    return np.asarray(mean + jitter * rng.standard_normal(count))


def poisson(rng: np.random.Generator, per_hour: np.ndarray) -> np.ndarray:
    """Times from Monday on, with a rate for each hour."""
    counts = rng.poisson(per_hour)
    hours = np.repeat(np.arange(len(per_hour)), counts)
    return np.sort(MONDAY + 3600 * (hours + rng.random(len(hours))))


def test_a_timer_drifts_and_is_told_apart_from_a_clock(rng):
    timer = learnt(MONDAY + np.cumsum(gaps(rng, 2000, 10.28, 0.02)))
    assert timer.arrival.rhythm == "timer"
    assert timer.arrival.mean_s == pytest.approx(10.28, abs=0.002)
    assert "a timer ticks every 10.28 s" in said(timer)
    clock = learnt(MONDAY + 60 * np.arange(2000) + 7 + rng.uniform(0, 2, 2000))
    assert (clock.arrival.rhythm, clock.arrival.interval_s) == ("clock", 60.0)
    assert clock.arrival.phase == pytest.approx(7 / 60, abs=0.001)
    assert "a clock ticks every 60 s" in said(clock)


def test_a_clock_that_divides_no_day_may_tick_anywhere(rng):
    clock = learnt(MONDAY + 7.1 * np.arange(2000) + rng.uniform(0, 0.5, 2000))
    assert (clock.arrival.rhythm, clock.arrival.phase) == ("clock", None)
    assert clock.arrival.interval_s == pytest.approx(7.1, abs=1e-4)


@pytest.mark.parametrize("jitter", [0.0, 0.3])
def test_the_share_of_missed_ticks_is_learnt(rng, jitter):
    kept = rng.random(5000) > 0.08
    clock = learnt((MONDAY + 10 * np.arange(5000) + jitter * rng.random(5000))[kept])
    assert clock.arrival.rhythm == "clock"
    assert clock.arrival.missed == pytest.approx(0.08, abs=0.012)
    assert " % of the ticks did not come" in said(clock)


def test_bursts_are_ticks_of_several_messages(rng):
    sizes = rng.choice([1, 3, 4], p=[0.2, 0.5, 0.3], size=400)
    firsts = MONDAY + np.cumsum(gaps(rng, 400, 10.3, 0.05))
    times = np.concatenate([first + 0.08 * np.arange(size) for first, size in zip(firsts, sizes, strict=True)])
    bursts = learnt(times)
    assert bursts.ticks.sizes.tolist() == sizes.tolist()
    assert bursts.arrays["arrival/sizes"] == pytest.approx([0.2, 0.2, 0.7, 1.0], abs=0.06)
    assert "1 to 4 messages come with a tick" in said(bursts)


def test_messages_of_one_time_are_one_tick():
    assert learnt(np.repeat(MONDAY + 10 * np.arange(40), 2)).ticks.sizes.tolist() == [2] * 40


@pytest.mark.parametrize("seed", range(20))
def test_events_at_random_are_no_bursts_and_no_timer(seed):
    found = learnt(poisson(np.random.default_rng(seed), np.full(200, 10.0)))
    assert found.arrival.rhythm == "random"
    assert found.ticks.sizes.max() == 1
    assert "ticks are irregular" in said(found)


def test_outages_are_no_part_of_a_timers_rhythm_but_are_told(rng):
    steps = gaps(rng, 3000, 10.0, 0.1)
    steps[[500, 1500]] = 7200
    found = learnt(MONDAY + np.cumsum(steps))
    assert found.arrival.mean_s == pytest.approx(10.0, abs=0.02)
    assert "2 gaps are longer than 4 intervals, the longest 2:00:00" in said(found)


def test_rates_of_the_day_and_the_week_are_learnt(rng):
    hour = np.arange(4 * 168)
    office = (hour % 24 >= 9) & (hour % 24 < 17) & (hour // 24 % 7 < 5)
    found = learnt(poisson(rng, np.where(office, 200.0, 5.0)))
    assert found.arrival.rhythm == "random"
    week = found.arrays["period/week"].reshape(7, 24)
    assert week[:5, 9:17].mean() == pytest.approx(200, rel=0.05)
    assert week[5:].mean() == pytest.approx(5, rel=0.15)
    assert "the rate changes over the day" in said(found)
    assert "and over the week" in said(found)
    assert found.arrival.excess == 0.0


def test_hours_that_differ_by_chance_alone_are_not_learnt_as_different(rng):
    found = learnt(poisson(rng, np.full(170, 4.0)))
    assert np.std(found.arrays["period/week"]) < 1.0


def test_an_hour_of_which_the_recording_saw_a_part_counts_as_a_part(rng):
    times = MONDAY + 1800 + 10 * np.arange(8640 + 360 * 6)
    found = learnt(times)
    assert found.arrays["period/day"] == pytest.approx(np.full(24, 360.0), rel=0.001)


def test_days_of_the_month_that_were_not_recorded_are_as_the_others(rng):
    found = learnt(MONDAY + 600 * np.arange(28 * 144))
    month = found.arrays["period/month"].reshape(31, 24)
    assert month == pytest.approx(np.full((31, 24), 6.0), rel=0.01)
    assert "month 1 times" in said(found)


def test_days_of_very_different_totals_are_learnt_as_such(rng):
    per_hour = np.repeat(np.tile([100.0, 300.0], 10), 24)
    found = learnt(poisson(rng, per_hour))
    low, high = found.arrays["totals/day"][1][[0, -1]]
    assert (low, high) == (pytest.approx(0.5, abs=0.05), pytest.approx(1.5, abs=0.1))
    assert learnt(poisson(rng, np.full(480, 200.0))).arrays["totals/day"][1].tolist() == [1, 1]


def test_hours_are_local(rng):
    noon = (
        MONDAY
        + np.repeat(np.arange(14) * DAY, 50)
        + 43_200
        + np.sort(rng.uniform(0, 3600, 700).reshape(14, 50)).ravel()
    )
    found = learnt(np.append(noon, MONDAY + 14 * DAY), offset_s=7200)
    assert int(found.arrays["period/day"].argmax()) == 14


@pytest.mark.parametrize("times", [[5.0], [5.0, 5.0], [5.0, 6.0], [5.0, 5.0, 6.0]])
def test_few_messages_are_no_error(times):
    assert said(learnt(np.array(times)))


def test_one_time_of_the_year_1_is_named_and_not_counted_from() -> None:
    with pytest.raises(RecordingError, match=r"reach from 0001-01-01 to 2026-.*drop the odd ones"):
        timing([-62_135_596_800 * 10**9, 1_772_000_000 * 10**9], 0)


def recorded(path: Path) -> tuple[np.ndarray, EventTime]:
    recording = load(str(path))
    template = learn_template(recording.messages, study(recording).schema)
    event = next(node for _, node in template.walk() if isinstance(node, EventTime))
    return np.sort(template.parse(recording.messages).event_ns), event


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("detections-single.json", None),
        ("detections-pairs.json", None),
        ("room-climate.csv", None),
        ("room-climate.csv", "day"),
    ],
)
def test_ten_thousand_arrivals_are_distributed_as_recorded(shared, name: str, period: PeriodName | None):
    times, event = recorded(shared(name))
    found = timing(times.tolist(), event.format.offset_s)
    bundle = make_bundle(rhythm=found.arrival.model_dump(), timing=found.arrays)
    pace_s = found.arrival.pace_s
    assert pace_s is not None
    plan = plans.recorded(bundle, period, UTC) if period else plans.steady(bundle, pace_s, UTC)
    agenda = plan.agenda(lambda *key: np.random.default_rng([1, *key]), int(times[0]))
    drawn: list[int] = []
    while len(drawn) < 10_000:
        drawn += [time for stretch in agenda.due(agenda.next_ns() or 0) for time in stretch.event_ns.tolist()]
    written = np.array(drawn) // event.format.resolution_ns * event.format.resolution_ns
    ours, theirs = ticks_of(written), ticks_of(times)
    assert stats.ks_2samp(ours.gaps_s, theirs.gaps_s).pvalue > 0.01
    assert stats.ks_2samp(np.diff(written), np.diff(times)).pvalue > 0.01
    if len(theirs.within_s):
        assert stats.ks_2samp(ours.within_s, theirs.within_s).pvalue > 0.01
    most = int(max(ours.sizes.max(), theirs.sizes.max()))
    sizes = np.array([np.bincount(ticks.sizes, minlength=most + 1)[1:] for ticks in (ours, theirs)])
    seen = sizes[:, sizes.sum(axis=0) > 0]
    assert seen.shape[1] == 1 or stats.chi2_contingency(seen).pvalue > 0.01


def test_hours_that_differ_beyond_chance_are_learnt_as_such(rng):
    found = learnt(poisson(rng, 30.0 * rng.gamma(5.0, 0.2, 24 * 28)))
    assert found.arrival.excess == pytest.approx(30 / 5, rel=0.3)
    assert "its hours differ more than that explains" in said(found)
