import numpy as np
import pytest
from scipy.stats import kstest

from agent.models.noise import MOST_NOISE, normals


@pytest.mark.parametrize("seed", range(3))
def test_they_are_standard_normals(seed):
    drawn = normals((500, 400), np.random.default_rng(seed))
    assert drawn.dtype == np.float32
    assert kstest(drawn.ravel(), "norm").pvalue > 0.01
    assert drawn.mean() == pytest.approx(0, abs=0.01)
    assert drawn.std() == pytest.approx(1, abs=0.005)
    assert (drawn**4).mean() == pytest.approx(3, abs=0.06)
    assert (np.abs(drawn) > 4).any()
    assert np.abs(drawn).max() < MOST_NOISE


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 400])
def test_neighbours_are_independent(lag):
    drawn = normals((500, 400), np.random.default_rng(3)).ravel()
    for of in (drawn, np.abs(drawn)):
        assert np.corrcoef(of[:-lag], of[lag:])[0, 1] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("shape", [(0,), (0, 5), (1,), (3,), (5, 1), (2, 7), (4, 4)])
def test_there_are_as_many_as_are_asked_for_and_each_seed_has_its_own(shape):
    drawn, again, other = (normals(shape, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert drawn.shape == shape
    assert np.array_equal(drawn, again)
    assert not drawn.size or not np.array_equal(drawn, other)
