from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from agent.arrival import plan as plans
from agent.errors import BundleError
from tests.bundles import make_bundle

BURSTS = {
    "arrival/gaps": np.array([[0.0, 1.0], [0.9, 1.1]]),
    "arrival/sizes": np.append(np.zeros(999), 1.0),
    "arrival/within": np.array([[0.0, 1.0], [0.001, 0.001]]),
}


@pytest.mark.parametrize("ticks", [-1.0, 0.0, 1e-300, 1e9])
def test_ticks_that_cannot_be_played_are_refused(ticks):
    with pytest.raises(BundleError, match="period/day"):
        plans.recorded(make_bundle(periods={"day": ticks}), "day", UTC)


def test_too_many_messages_with_too_many_ticks_are_refused():
    bundle = make_bundle(periods={"day": 1e5}, rhythm={"rhythm": "timer", "mean_s": 0.036}, timing=BURSTS)
    with pytest.raises(BundleError, match="period/day"):
        plans.recorded(bundle, "day", UTC)


@pytest.mark.parametrize("totals", [[0.0, 0.0], [1e6, 1e6], [0.0, 1e15], [3.0, 3.0]])
def test_totals_whose_mean_is_not_one_are_refused(totals):
    timing = {"totals/day": np.array([[0.0, 1.0], totals])}
    bundle = make_bundle(periods={"day": 10.0})
    with pytest.raises(BundleError, match="totals/day"):
        plans.recorded(type(bundle)(bundle.manifest, bundle.arrays | timing), "day", UTC)


def test_an_interval_set_by_hand_knows_no_summer_time():
    plan = plans.spaced(7200.0, "regular", ZoneInfo("Europe/Brussels"))
    start = 1_792_800_000 * 10**9  # two days before the change of October 2026
    times = np.concatenate(
        [
            s.event_ns
            for s in plan.agenda(lambda *key: np.random.default_rng(key), start).due(start + 5 * 86_400 * 10**9)
        ]
    )
    assert set(np.diff(times)) == {7200 * 10**9}


@pytest.mark.parametrize("seed", range(4))
def test_a_schedule_of_a_message_every_other_day_speaks_every_other_day_whatever_the_seed(seed):
    rates = [0.5 if minute % 1440 // 60 == 9 else 0.0 for minute in range(7 * 1440)]
    agenda = plans.scheduled(rates, "regular", UTC).agenda(lambda *key: np.random.default_rng([seed, *key]), 0)
    times = np.concatenate([stretch.event_ns for stretch in agenda.due(200 * 86_400 * 10**9)])
    assert len(times) == pytest.approx(100, abs=3)
