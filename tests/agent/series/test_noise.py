import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.series import noise
from agent.series.noise import branch, normals, span, uniforms
from tests.agent.series.asked import KEY, are_independent, is_normal
from tests.chance import chi_square, ks

KEYS = st.integers(0, 2**64 - 1)


def test_uniforms_are_evenly_spread():
    sample = uniforms(KEY, span(0, 200_000))
    assert ks(sample, (np.arange(200_000) + 0.5) / 200_000) < 1
    assert chi_square(np.bincount((sample * 1000).astype(int)), np.full(1000, 1e-3)) < 1


@pytest.mark.parametrize("word", [0, 2**64 - 1])
def test_uniforms_are_never_0_or_1(monkeypatch, word: int):
    monkeypatch.setattr(noise, "splitmix", lambda key, places: np.full(len(places), word, np.uint64))
    assert 0.0 < uniforms(0, span(0, 1))[0] < 1.0
    assert abs(normals(0, span(0, 1))[0]) < 9


@pytest.mark.parametrize("first", [0, -200_000, 2**53, 2**62 - 200_000, -(2**62)])
def test_normals_are_normal_wherever_they_are(first: int):
    assert is_normal(normals(KEY, span(first, 200_000)))


def test_normals_are_normal_far_out():
    sample = np.abs(normals(KEY, span(0, 2_000_000)))
    for limit in (3.0, 4.0, 4.5):
        expected = 2_000_000 * math.erfc(limit / math.sqrt(2))
        assert abs(int((sample > limit).sum()) - expected) < 4 * math.sqrt(expected)


@pytest.mark.parametrize("lag", [1, 2, 7, 512])
def test_normals_at_neighbouring_places_are_independent(lag: int):
    sample = normals(KEY, span(0, 200_000))
    assert are_independent(sample[:-lag], sample[lag:])


def test_neighbouring_normals_fill_the_plane():
    sample = normals(KEY, span(0, 200_000))
    cells = np.array([-0.6745, 0.0, 0.6745])  # quarters
    pairs = np.searchsorted(cells, sample[:-1]) * 4 + np.searchsorted(cells, sample[1:])
    assert chi_square(np.bincount(pairs), np.full(16, 1 / 16)) < 1


@pytest.mark.parametrize("other", [KEY + 1, KEY + 2**32, branch(KEY, 0), branch(KEY, 1), branch(branch(KEY, 0), 0)])
def test_normals_of_two_keys_are_independent(other: int):
    assert are_independent(normals(KEY, span(0, 200_000)), normals(other, span(0, 200_000)))


def test_branches_of_a_key_differ_from_each_other_and_from_it():
    keys = {branch(KEY, place) for place in range(10_000)} | {KEY}
    assert len(keys) == 10_001
    assert all(0 <= key < 2**64 for key in keys)


@given(KEYS, st.integers(-(2**61), 2**61), st.integers(1, 50), st.data())
def test_uniforms_and_branches_are_functions_of_their_place(key: int, first: int, count: int, data: st.DataObject):
    place = data.draw(st.integers(0, count - 1))
    assert uniforms(key, span(first, count))[place] == uniforms(key, span(first + place, 1))[0]
    assert branch(key, abs(first)) == branch(key, abs(first))
