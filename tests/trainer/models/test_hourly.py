"""Networks hour by hour: what they play at three at night is what was recorded at three at night."""

from dataclasses import replace

import numpy as np
import pytest

from agent.models.registry import sampler_of
from agent.models.sampler import Given
from tests.made_task import HOURS, NAMES, bundle_of, frame, made_task
from trainer.models import neural
from trainer.models.fitted import Task
from trainer.models.hourly import Hourly
from trainer.models.neural import HOUR, Neural
from trainer.parity import ks

KINDS = ["ctgan", "copula-gan", "tvae"]


@pytest.fixture(scope="module")
def by_hour() -> Neural:
    """A fit that has learnt long enough to know what the hours are like."""
    return neural.fit("tvae", made_task(hours=True, epochs=1000))


@pytest.mark.parametrize("corrected", [False, True])
def test_rows_for_an_hour_are_like_those_of_that_hour(by_hour: Neural, corrected: bool) -> None:
    assert by_hour.hours
    sampler, recorded, clock = (
        sampler_of(bundle_of("tvae", by_hour, corrected)),
        by_hour.table["level"],
        by_hour.task.hours,
    )
    sdv = by_hour.synthesizer.sample(20_000)["table"]
    for code, hour in enumerate(HOURS):
        drawn = sampler.draw(3000, np.random.default_rng(7), Given(hour))[:, NAMES.index("level")]
        like, sdvs = recorded[clock == hour].mean(), sdv["level"][sdv[HOUR] == str(code)]
        assert drawn.mean() == pytest.approx(like, abs=0.15 if corrected else 4)  # the hours are 12 apart
        if not corrected:
            assert drawn.mean() == pytest.approx(sdvs.mean(), abs=0.8)


def hour_task(rows: int, few: int = 0) -> Task:
    """By night a mode of its own, and levels; with `few` rows in all of the night's hours."""
    task = made_task(rows, epochs=1)
    rng = np.random.default_rng(3)
    hours = rng.integers(6, 24, rows) if few else rng.integers(0, 24, rows)
    hours[:few] = np.arange(few) % 6
    night = hours < 6
    level = np.where(night, rng.normal(5, 1, rows), task.table["level"])
    table = task.table.assign(level=level, mode=np.where(night, 2.0, rng.random(rows) < np.where(hours < 14, 0.9, 0.1)))
    return replace(task, table=table, hours=hours)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("few", [0, 60])
def test_an_hour_is_as_recorded_however_little_was_learnt_of_hours(kind: str, few: int, quick) -> None:
    task = hour_task(1500, few)
    fitted = neural.fit(kind, task)
    sampler = sampler_of(bundle_of(kind, fitted))
    for hour in (3, 10, 15):
        rows = frame(sampler.draw(3000, np.random.default_rng(8), Given(hour)))
        recorded = task.table[task.hours < 6] if hour == 3 else task.table[task.hours == hour]
        assert ks(rows["level"], recorded["level"]) < (0.25 if few else 0.12)
        assert (rows["mode"] == "2").mean() == (hour == 3)  # never what the hour never had
        assert (rows["mode"] == "1").mean() == pytest.approx((recorded["mode"] == 1).mean(), abs=0.04)
    plain = sampler_of(bundle_of(kind, fitted, corrected=False))
    night = frame(plain.draw(3000, np.random.default_rng(8), Given(3)))
    assert ks(night["level"], task.table["level"][task.hours < 6]) > 0.3  # of one epoch


def test_an_hour_that_was_not_recorded_is_like_the_nearest_one(by_hour: Neural) -> None:
    codes = by_hour.export(corrected=False)["hours"].tolist()
    nearest = {2: [0, 1, 2, 3, 4], 8: [6, 7, 8, 9, 10], 14: [12, 13, 14, 15, 16], 20: [18, 19, 20, 21, 22]}
    assert {hour: [h for h in range(24) if HOURS[codes[h]] == hour and h % 6 != 5] for hour in HOURS} == nearest


def test_an_hour_that_is_next_to_never_drawn_is_like_the_nearest_one_that_is(by_hour: Neural) -> None:
    seldom = np.repeat([0, 1, 2, 3], [5000, 10, 5000, 5000])
    codes = by_hour._hours(seldom).tolist()
    assert 1 not in codes
    assert {codes[7], codes[9]} == {0, 2}
    assert set(by_hour._hours(np.array([1] * 100)).tolist()) == {1}


def test_hours_come_as_often_as_recorded_too(by_hour: Neural) -> None:
    drawn = by_hour._drawn(by_hour.export(corrected=True))[:, -1].astype(int)
    recorded = np.bincount(np.searchsorted(HOURS, by_hour.task.hours), minlength=4) / len(by_hour.table)
    assert np.bincount(drawn, minlength=4) / len(drawn) == pytest.approx(recorded, abs=0.02)


@pytest.mark.parametrize("kind", ["ctgan", "copula-gan"])
def test_an_hours_entry_is_the_one_that_sdv_learns_with_and_none_is_kept_that_the_network_does_not_heed(kind, quick):
    fitted = neural.fit(kind, hour_task(600))
    codes = np.arange(24)
    sampler, transformer = fitted.synthesizer._model._data_sampler, fitted.synthesizer._model._transformer
    asked = [transformer.convert_column_name_value_to_id(HOUR, str(code)) for code in codes]
    first = sampler._discrete_column_cond_st  # as it sets them while it learns; where it is asked, it forgets these
    expected = [int(first[info["discrete_column_id"]] + info["value_id"]) for info in asked]
    assert fitted._outputs.entries(HOUR, codes).tolist() == expected
    arrays = dict(fitted.export(corrected=True))
    last = max(name for name in arrays if name.startswith("bias/"))
    arrays[last] = arrays[last].copy()
    arrays[last][-23:] = -1e4  # of whatever is asked for, the first hour comes
    arrays |= {"hours": codes.astype("<i4"), "entry": np.array(expected, "<i4")}
    assert Hourly(arrays, fitted.columns, fitted.table, fitted.task).entries == [expected[0], *[-1] * 23]
