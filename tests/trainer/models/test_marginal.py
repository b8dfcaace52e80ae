"""A column's recorded distribution, of its own in each hour of the day where they differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, uniform

from agent.models.sampler import HOURS
from trainer.models.marginal import FEWEST, SLIGHT, Marginal, shares_by_hour

DAY = np.repeat(np.arange(HOURS), 100)  # a hundred rows in each hour


def numbers(hours: np.ndarray, seed: int = 0) -> np.ndarray:
    """Ten times the hour, and less than one beside it."""
    return 10.0 * hours + np.random.default_rng(seed).random(len(hours))


def test_hours_that_differ_have_a_distribution_each() -> None:
    marginal = Marginal.of(numbers(DAY), False, DAY)
    assert marginal.hourly
    assert len(marginal.by_hour) == HOURS
    for hour, quantiles in enumerate(marginal.by_hour):
        assert 10 * hour <= quantiles.values[0] < quantiles.values[-1] <= 10 * hour + 1


@pytest.mark.parametrize("codes", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_hours_that_differ_by_chance_only_share_one(codes, seed) -> None:
    drawn = np.random.default_rng(seed).integers(0, 4, len(DAY)).astype(float)
    marginal = Marginal.of(drawn, codes, DAY)
    assert not marginal.hourly
    assert len(marginal.by_hour) == 1


def test_one_hour_that_differs_is_enough_for_numbers_and_for_codes() -> None:
    rng = np.random.default_rng(1)
    plain = rng.normal(0, 1, len(DAY))
    assert Marginal.of(np.where(DAY == 7, plain + 2, plain), False, DAY).hourly
    codes = rng.integers(0, 3, len(DAY)).astype(float)
    assert Marginal.of(np.where(DAY == 7, 2.0, codes), True, DAY).hourly


def test_codes_in_an_hour_come_as_often_as_they_did_in_it() -> None:
    rng = np.random.default_rng(2)
    codes = np.where(DAY < 12, rng.choice(3, len(DAY), p=[0.9, 0.1, 0]), rng.choice(3, len(DAY), p=[0, 0.3, 0.7]))
    marginal = Marginal.of(codes.astype(float), True, DAY)
    for hour in (0, 11, 12, 23):
        decoded = marginal.decode(np.linspace(0.0005, 0.9995, 1000), np.full(1000, hour))
        shares = np.bincount(np.rint(decoded).astype(int), minlength=3) / 1000
        recorded = np.bincount(codes[hour == DAY], minlength=3) / 100
        assert shares == pytest.approx(recorded, abs=0.002)


def test_shares_of_codes_are_those_of_each_hour() -> None:
    rng = np.random.default_rng(2)
    codes = np.where(DAY < 6, 0, rng.integers(1, 3, len(DAY))).astype(float)
    found = shares_by_hour(codes, 4, DAY)
    assert found.shape == (HOURS, 4)
    for hour in range(HOURS):
        recorded = np.bincount(codes[hour == DAY].astype(int), minlength=4)
        assert np.array_equal(found[hour], recorded / 100)


@pytest.mark.parametrize("seed", range(5))
def test_shares_that_differ_by_chance_only_are_those_of_all_rows(seed: int) -> None:
    codes = np.random.default_rng(seed).choice(3, len(DAY), p=[0.9, 0.08, 0.02]).astype(float)
    found, whole = shares_by_hour(codes, 3, DAY), np.bincount(codes.astype(int)) / len(codes)
    assert np.array_equal(found, np.tile(whole, (HOURS, 1)))
    assert np.array_equal(shares_by_hour(codes, 3, None), whole[None])


def test_what_happens_seldom_but_at_one_hour_only_stays_at_that_hour() -> None:
    codes = (np.arange(len(DAY)) % 33 == 0) & (DAY == 3)
    found = shares_by_hour(codes.astype(float), 2, DAY)
    assert found[3, 1] == 0.03 or found[3, 1] == 0.04
    assert not np.delete(found[:, 1], 3).any()


def test_an_hour_of_few_codes_borrows_from_those_beside_it_and_one_of_none_is_like_the_nearest() -> None:
    hours = np.concatenate([DAY[(DAY != 3) & (DAY != 12)], np.full(FEWEST - 2, 12)])
    codes = (hours >= 12).astype(float)
    found = shares_by_hour(np.append(codes, np.nan), 2, np.append(hours, 3))
    assert found[3].tolist() == [1, 0]
    assert found[11].tolist() == [1, 0]
    assert found[12] == pytest.approx([100 / 218, 118 / 218])


def test_of_fewer_codes_than_an_hour_needs_each_hour_has_all() -> None:
    hours = np.arange(FEWEST - 1)
    assert np.array_equal(shares_by_hour((hours > 9).astype(float), 2, hours), np.tile([10 / 19, 9 / 19], (HOURS, 1)))


def test_a_difference_that_is_certain_but_slight_is_none() -> None:
    many = np.repeat(np.arange(HOURS), 5000)
    plain = np.random.default_rng(3).random(len(many))
    moved = np.where(many == 5, np.minimum(plain + SLIGHT / 2, 1), plain)
    assert not Marginal.of(moved, False, many).hourly
    assert Marginal.of(np.where(many == 5, np.minimum(plain + SLIGHT * 2, 1), plain), False, many).hourly


def test_an_hour_of_few_rows_is_no_evidence() -> None:
    few = np.concatenate([DAY[DAY != 7], np.full(FEWEST - 1, 7)])
    plain = np.random.default_rng(4).random(len(few))
    assert not Marginal.of(np.where(few == 7, plain + 5, plain), False, few).hourly
    enough = np.append(few, 7)
    assert Marginal.of(np.where(enough == 7, np.append(plain, 0.5) + 5, np.append(plain, 0.5)), False, enough).hourly


def test_without_hours_and_for_one_hour_only_there_is_one_distribution() -> None:
    assert not Marginal.of(numbers(DAY), False, None).hourly
    assert not Marginal.of(numbers(DAY[:100]), False, DAY[:100]).hourly


@pytest.mark.parametrize(("hour", "low", "high"), [(3, 20, 41), (0, 10, 231), (23, 0, 221)])
def test_an_hour_without_rows_borrows_from_those_beside_it_around_midnight_too(hour, low, high) -> None:
    hours = DAY[hour != DAY]
    values = Marginal.of(numbers(hours), False, hours).by_hour[hour].values
    assert values[0] == pytest.approx(low, abs=1)
    assert values[-1] == pytest.approx(high, abs=1)
    beside = {(hour - 1) % HOURS, (hour + 1) % HOURS}
    knots = values[(values[:, None] // 10 == sorted(beside)).any(axis=1)]
    assert len(knots) == len(values)


def test_an_hour_of_too_few_rows_takes_in_its_neighbours_until_there_are_enough() -> None:
    counts = np.full(HOURS, 100)
    counts[10:15] = [5, 5, 5, 5, 5]
    hours = np.repeat(np.arange(HOURS), counts)
    marginal = Marginal.of(numbers(hours), False, hours)
    values = marginal.by_hour[12].values  # 5, 15, 25: hours 10 to 14 are enough
    assert values[0] >= 100
    assert values[-1] <= 141
    assert {int(value // 10) for value in marginal.by_hour[10].values} == {9, 10, 11}
    assert {int(value // 10) for value in marginal.by_hour[9].values} == {9}


def test_where_a_number_is_missing_the_hour_counts_those_that_are_there() -> None:
    there = numbers(DAY)
    there[(DAY == 6) & (np.arange(len(DAY)) % 100 >= FEWEST - 1)] = np.nan
    marginal = Marginal.of(there, False, DAY)
    assert {int(value // 10) for value in marginal.by_hour[6].values} == {5, 6, 7}
    assert not np.isnan(np.concatenate([quantiles.values for quantiles in marginal.by_hour])).any()


VALUES = st.lists(st.integers(-20, 20) | st.integers(0, 3), min_size=2, max_size=60)


@given(VALUES, st.booleans(), st.booleans(), st.integers(0, 100))
def test_what_is_encoded_is_decoded_to_itself(values, codes, hourly, seed) -> None:
    rng = np.random.default_rng(seed)
    recorded, hours = np.array(values, float), None
    if hourly:
        recorded, hours = (recorded[:, None] + 100 * np.arange(3)).T.repeat(FEWEST, axis=1).ravel(), None
        hours = np.repeat([4, 9, 21], len(values) * FEWEST)
    marginal = Marginal.of(recorded, codes, hours)
    assert marginal.hourly == hourly
    places = marginal.encode(recorded, hours, rng)
    assert ((places >= 0) & (places <= 1)).all()
    assert marginal.decode(places, hours) == pytest.approx(recorded, abs=1e-6)


def test_places_are_uniform_in_every_hour_whatever_repeats() -> None:
    rng = np.random.default_rng(5)
    often = np.where(rng.random(len(DAY)) < 0.4, 0.0, rng.random(len(DAY))) + 10 * DAY
    places = Marginal.of(often, False, DAY).encode(often, DAY, rng)
    for hour in (0, 8, 23):
        assert kstest(places[hour == DAY], uniform.cdf).pvalue > 1e-3
    assert kstest(places, uniform.cdf).pvalue > 1e-3


def test_a_gap_stays_a_gap() -> None:
    recorded = numbers(DAY)
    recorded[::7] = np.nan
    for hours in (None, DAY):
        places = Marginal.of(recorded, False, hours).encode(recorded, hours, np.random.default_rng(6))
        assert np.isnan(places).tolist() == np.isnan(recorded).tolist()


def test_a_place_is_a_number_of_its_hour() -> None:
    marginal = Marginal.of(numbers(DAY), False, DAY)
    decoded = marginal.decode(np.random.default_rng(7).random(len(DAY)), DAY)
    assert (decoded // 10 == DAY).all()
