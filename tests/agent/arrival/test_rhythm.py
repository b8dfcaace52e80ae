import numpy as np
import pytest

from agent.arrival.beats import EXPONENTIAL, Clock, Quantiles, Renewal
from agent.arrival.calendar import HOUR_NS, Slice
from agent.arrival.rhythm import Rhythm, recorded
from agent.clock import NS_PER_S
from agent.errors import BundleError
from tests.bundles import make_bundle

HOUR = Slice(5 * HOUR_NS, 6 * HOUR_NS, 5 * HOUR_NS, 360.0)
EVEN = np.array([[0.0, 1.0], [0.5, 1.5]])
TIMING = {"arrival/sizes": np.array([0.5, 1.0]), "arrival/gaps": EVEN, "arrival/within": EVEN}


def test_messages_that_come_with_a_tick_are_as_many_and_as_far_apart_as_recorded():
    within_s = Quantiles(np.array([0.0, 1.0]), np.array([0.06, 0.1]))
    rhythm = Rhythm(Clock(10.0, 0.0), np.array([0.5, 0.5, 0.8, 1.0]), within_s)
    times, _ = rhythm.instants(HOUR, 0.0, np.random.default_rng(0))
    gaps = np.diff(times) / NS_PER_S
    bursts = np.split(times, np.flatnonzero(gaps > 1) + 1)
    shares = np.bincount([len(burst) for burst in bursts], minlength=5)[1:] / len(bursts)
    assert shares == pytest.approx([0.5, 0.0, 0.3, 0.2], abs=0.08)
    assert 0.06 <= gaps[gaps < 1].min() <= gaps[gaps < 1].max() <= 0.1001


def test_instants_rise_even_where_bursts_run_into_each_other():
    rhythm = Rhythm(Renewal(None, EXPONENTIAL), np.array([0.0, 0.0, 1.0]), Quantiles(np.array([0, 1.0]), np.ones(2)))
    times, _ = rhythm.instants(Slice(0, HOUR_NS, 0, 5000.0), 0.0, np.random.default_rng(0))
    assert len(times) > 14_000
    assert bool(np.all(np.diff(times) > 0))


@pytest.mark.parametrize("rhythm", ["clock", "timer", "random"])
def test_a_recorded_rhythm_is_read_from_its_bundle(rhythm):
    bundle = make_bundle(rhythm={"rhythm": rhythm, "mean_s": 2.0}, timing=TIMING)
    beat = recorded(bundle, 0.5).beat
    assert isinstance(beat, Clock if rhythm == "clock" else Renewal)
    assert beat.interval_s == {"clock": 1.0, "timer": 2.0, "random": None}[rhythm]


def test_a_bundle_that_knows_no_rhythm_is_played_as_a_clock_of_its_rates():
    assert recorded(make_bundle(interval_s=3.0), 0.25).beat == Clock(None, 0.25)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("arrival/sizes", [0.9, 0.5]),
        ("arrival/sizes", [0.5, 0.9]),
        ("arrival/sizes", [-0.5, 1.0]),
        ("arrival/sizes", np.ones(1001)),
        ("arrival/sizes", []),
        ("arrival/gaps", [[0.0], [0.0]]),
        ("arrival/gaps", [[0.0, 0.9], [0.0, 1.0]]),
        ("arrival/gaps", [[0.1, 1.0], [0.0, 1.0]]),
        ("arrival/gaps", [[0.0, 1.0], [1.0, 0.0]]),
        ("arrival/gaps", [[0.0, 1.0], [-1.0, 0.0]]),
        ("arrival/gaps", [[0.0, 1.0], [0.0, 1e9]]),
        ("arrival/within", [[0.0, 1.0], [0.0, 1e9]]),
        ("arrival/within", [[0.0, 1.0]]),
        ("arrival/gaps", [[0.0, 1.0], [0.0, 0.0]]),
        ("arrival/gaps", [[0.0, 1.0], [1e-6, 1e-6]]),
        ("arrival/gaps", [[0.0, 1.0], [5.0, 5.0]]),
        ("arrival/within", [[0.0, 1.0], [0.0, 2e5]]),
        ("arrival/within", [[0.0, np.nan], [0.0, 1.0]]),
    ],
)
def test_a_rhythm_that_is_not_as_it_must_be_is_refused(name, array):
    bundle = make_bundle(rhythm={"rhythm": "timer"}, timing=TIMING | {name: np.array(array, np.float64)})
    with pytest.raises(BundleError, match="arrival"):
        recorded(bundle, 0.0)


@pytest.mark.parametrize("rhythm", ["clock", "timer"])
def test_an_interval_too_short_to_be_played_is_refused(rhythm):
    bundle = make_bundle(interval_s=1e-9, rhythm={"rhythm": rhythm, "mean_s": 1e-9}, timing=TIMING)
    with pytest.raises(BundleError, match="interval below"):
        recorded(bundle, 0.0)
