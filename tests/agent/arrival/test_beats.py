import numpy as np
import pytest
from scipy import stats

from agent.arrival.beats import EXPONENTIAL, Clock, Quantiles, Renewal
from agent.arrival.calendar import HOUR_NS, Slice
from agent.clock import NS_PER_S

FIVE_PERCENT = Quantiles(np.array([0.0, 1.0]), np.array([0.95, 1.05]))


def hour(number: int = 0, ticks: float = 60.0, local_offset_ns: int = 0) -> Slice:
    return Slice(number * HOUR_NS, (number + 1) * HOUR_NS, number * HOUR_NS + local_offset_ns, ticks)


def chain(beat, hours: int, ticks: float = 60.0, seed: int = 0) -> np.ndarray:
    """Seconds of all ticks of slices that follow each other."""
    rng = np.random.default_rng(seed)
    left, found = beat.begin(rng), []
    for number in range(hours):
        times, left = beat.ticks(hour(number, ticks), left, rng)
        found.append(times + number * HOUR_NS)
    return np.concatenate(found) / NS_PER_S


def test_a_clock_keeps_its_instants_from_slice_to_slice():
    times = chain(Clock(7.0, 0.25), 3, ticks=3600 / 7)
    assert np.diff(times) == pytest.approx(7.0)
    assert times[0] == pytest.approx(0.25 * 7.0)


def test_a_clock_counts_from_local_midnight():
    times, _ = Clock(3600.0, 0.5, local=True).ticks(
        hour(local_offset_ns=900 * NS_PER_S, ticks=1), 0.0, np.random.default_rng(0)
    )
    assert times.tolist() == [900 * NS_PER_S]


def test_a_clock_without_an_interval_goes_by_the_rate():
    assert len(chain(Clock(None, 0.3), 5, ticks=1000)) == pytest.approx(5000, abs=5)
    assert len(chain(Clock(None, 0.3), 5, ticks=0)) == 0


def test_late_ticks_do_not_add_up():
    times = chain(Clock(10.0, 0.0, late=Quantiles(np.array([0, 1.0]), np.array([0, 0.4]))), 20, ticks=360)
    late = times - 10 * np.arange(len(times))
    assert 0 <= late.min() < 0.1
    assert 3.9 < late.max() <= 4.0


def test_the_share_of_missed_ticks_is_kept():
    times = chain(Clock(1.0, 0.0, missed=0.1), 5, ticks=3240)
    assert len(times) == pytest.approx(0.9 * 5 * 3600, rel=0.02)
    assert set(np.round(np.diff(times)).tolist()) >= {1.0, 2.0}


@pytest.mark.parametrize("beat", [Clock(10.0, 0.0), Renewal(10.0, FIVE_PERCENT)])
def test_fewer_ticks_than_the_interval_gives_are_one_silence_in_each_slice(beat):
    times = chain(beat, 10, ticks=180)
    assert len(times) == pytest.approx(1800, rel=0.02)
    gaps = np.diff(times)
    assert np.median(gaps) == pytest.approx(10.0, rel=0.02)
    assert 5 <= int((gaps > 100).sum()) <= 11


def test_deviations_of_a_timer_add_up_and_its_gaps_are_those_given_across_slices():
    times = chain(Renewal(10.28, FIVE_PERCENT), 50, ticks=350.2)
    gaps = np.diff(times)
    assert stats.kstest(gaps / 10.28, stats.uniform(0.95, 0.1).cdf).pvalue > 0.01
    drift = times - times[0] - 10.28 * np.arange(len(times))
    assert np.ptp(drift) > 10 * 0.03 * 10.28


def test_events_at_random_are_a_poisson_process_where_gaps_are_exponential():
    times = chain(Renewal(None, EXPONENTIAL), 2000, ticks=5.0)
    counts = np.bincount((times // 3600).astype(int), minlength=2000)
    assert counts.mean() == pytest.approx(5.0, abs=0.15)
    assert counts.var() == pytest.approx(5.0, abs=0.6)
    assert stats.kstest(np.diff(times), stats.expon(scale=720).cdf).pvalue > 0.01


def test_a_chain_that_begins_anew_each_hour_has_the_same_rate():
    beat = Renewal(None, EXPONENTIAL)
    counts = [len(chain(beat, 1, ticks=0.3, seed=seed)) for seed in range(4000)]
    assert np.mean(counts) == pytest.approx(0.3, abs=0.03)


def test_hours_that_differ_beyond_chance_do():
    counts = np.bincount(
        (chain(Renewal(None, EXPONENTIAL, excess=4.0), 2000, 20.0) // 3600).astype(int), minlength=2000
    )
    assert counts.mean() == pytest.approx(20.0, rel=0.05)
    assert counts.var() / counts.mean() == pytest.approx(5.0, rel=0.15)
