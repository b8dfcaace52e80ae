import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.imaging.placeholder import LONGEST_PX, placeholder, shape_of

HOSTILE = {
    "empty": "",
    "blank": "   ",
    "long": "x" * 10_000,
    "wide": "W" * 10_000,
    "control characters": "\0\x01\x1b[31m\n\r\t\x7f\u202e",
    "emoji": "🐱🏳️‍🌈👩‍👩‍👧‍👦",
    "marks upon marks": "e" + "\u0301" * 500,
    "right to left": "قطة",
    "upwards": "../../etc/passwd",
    "a path": "a/b",
    "a percent sign": "%s%n{0}",
    "no character": "\uffff\ufdd0\U0010ffff",
}
SHAPES = [(320, 320), (320, 80), (80, 320)]


@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("shape", SHAPES)
def test_a_label_may_be_anything(label, shape):
    plate = placeholder(label, shape)
    assert (plate.mode, plate.size) == ("RGBA", shape)
    assert plate.getchannel("A").getextrema() == (255, 255)


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_makes_an_opaque_plate(label):
    assert placeholder(label, (80, 320)).getchannel("A").getextrema() == (255, 255)


def letters(label: str, shape=(320, 320)) -> np.ndarray:
    """Where the plate is darker than its rim: there are the letters."""
    grey = np.asarray(placeholder(label, shape).convert("L"), float)
    return grey < 0.8 * grey[0, 0]


def differ(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether the letters are others, and not only another colour's edges."""
    return bool((one != other).mean() > 0.002)


@pytest.mark.parametrize("label", ["cat", "traffic light", "x"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_name_stands_in_the_middle_and_within_the_plate(label, shape):
    rows, columns = np.nonzero(letters(label, shape))
    assert len(rows) > 20
    assert rows.min() > 8
    assert rows.max() < shape[1] - 9
    assert columns.min() > 8
    assert columns.max() < shape[0] - 9
    assert (columns.min() + columns.max()) / 2 == pytest.approx(shape[0] / 2, abs=8)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(shape[1] / 2, abs=0.13 * shape[1])


def test_a_short_name_is_written_large():
    rows, columns = np.nonzero(letters("cat"))
    assert np.ptp(columns) > 180
    assert np.ptp(rows) > 70


def test_what_cannot_be_printed_is_left_blank_and_no_name_at_all_is_a_question_mark():
    assert not differ(letters("a\nb"), letters("a b"))
    assert differ(letters("a\nb"), letters("ab"))
    assert not differ(letters(""), letters("?"))
    assert letters("").any()


def test_of_a_long_name_the_first_letters_are_written():
    whole = letters("abcdefghijklmnopqrstuvwx")
    assert not differ(whole, letters("abcdefghijklmnopqrstuvwxyz"))
    assert differ(whole, letters("abcdefghijklmnopqrstuvw"))


def test_each_class_has_a_colour_of_its_own_and_always_the_same():
    names = ["cat", "dog", "person", "bicycle", "car", "bird"]
    colors = [placeholder(name, (80, 80)).getpixel((20, 12)) for name in names]
    assert len(set(colors)) == len(names)
    assert placeholder("cat", (80, 320)).tobytes() == placeholder("cat", (80, 320)).tobytes()
    assert placeholder("cat", (80, 320)).getpixel((20, 12)) == colors[0] == (191, 105, 117, 255)


def test_the_rim_is_darker_than_the_plate_and_lies_all_around():
    grey = np.asarray(placeholder("", (320, 160)).convert("L")).astype(int)
    rim, plate = grey[0, 0], grey[12, 12]
    assert rim < plate - 40
    for edge in (grey[:8], grey[-8:], grey[:, :8], grey[:, -8:]):
        assert (edge == rim).all()
    assert (grey[8, 8], grey[-9, -9]) == (plate, plate)


@given(st.integers(2, 2_000_000), st.integers(2, 2_000_000))
def test_a_plate_has_about_the_objects_proportions_but_no_extreme_ones(width, height):
    across, down = shape_of(width, height)
    assert max(across, down) == LONGEST_PX
    wanted = min(max(width / height, 0.25), 4)
    assert 2**-0.27 < (across / down) / wanted < 2**0.27


def test_a_few_plates_are_enough_for_all_proportions():
    shapes = {shape_of(width, height) for width in range(2, 400, 3) for height in range(2, 400, 3)}
    assert len(shapes) == 9
    assert {(320, 320), (320, 80), (80, 320)} <= shapes
