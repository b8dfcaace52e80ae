import numpy as np
import pytest

from agent.message.splitmix import splitmix


@pytest.mark.parametrize(
    ("seed", "published"),
    [
        (0, [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]),
        (1234567, [6457827717110365317, 3203168211198807973, 9817491932198370423]),
    ],
)
def test_the_numbers_are_the_published_ones(seed: int, published: list[int]):
    assert splitmix(seed, np.arange(3, dtype=np.uint64)).tolist() == published


def test_a_number_does_not_need_those_before_it():
    places = np.array([[5, 2], [9, 2**64 - 1]], np.uint64)
    every = splitmix(2**64 - 1, np.arange(10, dtype=np.uint64))
    assert splitmix(2**64 - 1, places).ravel()[:3].tolist() == every[[5, 2, 9]].tolist()
    assert places[0].tolist() == [5, 2]
