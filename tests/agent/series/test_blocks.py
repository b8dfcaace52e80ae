import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.series.blocks import Blocks

SIZE = 8


def counted(made: list[int]) -> Blocks:
    def make(number: int) -> np.ndarray:
        made.append(number)
        return np.arange(number * SIZE, (number + 1) * SIZE, dtype=float)

    return Blocks(SIZE, make)


@given(st.lists(st.integers(0, 2**53), min_size=1, max_size=30))
def test_any_seqs_in_any_order_are_taken(seqs: list[int]):
    assert counted([]).take(seqs).tolist() == seqs


@given(st.integers(0, 2**53 - 150), st.integers(1, 50), st.integers(1, 3))
def test_ranges_are_taken(first: int, count: int, step: int):
    seqs = range(first, first + count * step, step)
    assert counted([]).take(seqs).tolist() == list(seqs)


def test_a_block_is_made_once_for_readings_that_follow_each_other():
    made: list[int] = []
    blocks = counted(made)
    for seq in range(1, 40):
        blocks.take(range(seq, seq + 1))
    assert made == [0, 1, 2, 3, 4]


def test_a_reading_that_is_made_once_more_finds_its_block():
    made: list[int] = []
    blocks = counted(made)
    for seq in (7, 8, 7, 8, 6):
        blocks.take([seq])
    assert made == [0, 1]


def test_no_more_than_two_blocks_are_kept():
    made: list[int] = []
    blocks = counted(made)
    for seq in (0, 8, 16, 0):
        blocks.take([seq])
    assert made == [0, 1, 2, 0]


def test_only_the_blocks_that_are_asked_for_are_made():
    made: list[int] = []
    counted(made).take([1, 2, 2**50])
    assert made == [0, 2**50 // SIZE]


def test_what_is_taken_may_be_written_to():
    blocks = counted([])
    for seq in ([3], range(3, 4), range(2, 6), [1, 3]):
        blocks.take(seq)[:] = -1
    assert blocks.take([1, 2, 3, 4, 5]).tolist() == [1, 2, 3, 4, 5]
