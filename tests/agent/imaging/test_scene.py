import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.imaging.scene import Placed, Rect, Ruler, scene_of, source_of
from agent.message.detections import Detection
from tests.made_pictures import thing

FRAME = Rect(0, 0, 320, 180)
RULER = Ruler(320, 180, normalised=False)
NEAR = st.integers(-30, 30)
RECTS = st.builds(lambda x, y, w, h: Rect(x, y, x + w, y + h), NEAR, NEAR, st.integers(0, 30), st.integers(0, 30))


def pixels(rect: Rect) -> set[tuple[int, int]]:
    return set(itertools.product(range(rect.left, rect.right), range(rect.top, rect.bottom)))


@given(RECTS, RECTS)
def test_what_two_rectangles_have_in_common_are_the_pixels_of_both(one, other):
    common = one.within(other)
    assert pixels(common) == pixels(one) & pixels(other)
    assert common.area == len(pixels(common))
    assert min(common.size) >= 0


def test_a_rectangle_has_a_size_and_an_area():
    rect = Rect(2, 3, 12, 8)
    assert (rect.width, rect.height, rect.size, rect.area) == (10, 5, (10, 5), 50)
    assert Rect(5, 5, 2, 2).area == 0


def test_the_source_of_a_part_is_the_same_part_of_the_picture():
    whole = Rect(-10, 20, 90, 70)
    assert source_of((200, 200), whole, whole) == (0, 0, 200, 200)
    assert source_of((200, 200), whole, Rect(0, 30, 40, 60)) == (20, 40, 100, 160)


def test_a_ruler_reads_fractions_of_the_frame_and_pixels_of_it():
    assert Ruler(320, 180, normalised=True).rect((0.5, 0.25, 1, 0.75)) == Rect(80, 90, 240, 180)
    assert RULER.rect((90, 80, 180, 240)) == Rect(80, 90, 240, 180)


def test_pixels_of_another_frame_are_scaled_in_width_and_height_by_themselves():
    assert Ruler(320, 180, normalised=False, frame=(640, 720)).rect((360, 160, 720, 480)) == Rect(80, 90, 240, 180)
    assert Ruler(320, 180, normalised=True, frame=(640, 720)).rect((0.5, 0.25, 1, 0.75)) == Rect(80, 90, 240, 180)


@given(st.tuples(*[st.floats(-500, 500)] * 4))
def test_each_edge_is_at_the_nearest_border_between_pixels(box):
    left, top, right, bottom = RULER.rect(box)
    assert max(abs(a - b) for a, b in zip((top, left, bottom, right), box, strict=True)) <= 0.5


@given(st.tuples(*[st.floats(allow_nan=False)] * 4), st.booleans())
def test_whatever_the_numbers_an_edge_is_no_farther_than_a_million_pixels(box, normalised):
    rect = Ruler(320, 180, normalised).rect(box)
    assert all(isinstance(edge, int) and abs(edge) <= 1_000_000 for edge in rect)


def test_the_part_in_the_frame_is_seen_and_the_rest_is_truncation():
    (placed,) = scene_of([thing("cat", -50, -20, 50, 20)], RULER).placed
    assert (placed.whole, placed.seen) == (Rect(-50, -20, 50, 20), Rect(0, 0, 50, 20))
    assert placed.truncation == 0.75
    assert placed.visibility == 1
    assert Placed("cat", 1, FRAME, FRAME).truncation == 0
    assert placed.extent == placed.seen
    placed.rest = Rect(0, 0, 9, 9)
    assert placed.extent == Rect(0, 0, 9, 9)


@pytest.mark.parametrize(
    ("box", "drawn"),
    [
        ((10, 10, 12, 12), True),
        ((10, 10, 11.4, 60), False),
        ((10, 10, 60, 11.4), False),
        ((60, 10, 10, 60), False),
        ((10, 60, 60, 10), False),
        ((10, 10, 10, 10), False),
        ((-50, 10, 2, 60), True),
        ((-50, 10, 1, 60), False),
        ((318, 10, 400, 60), True),
        ((319, 10, 400, 60), False),
        ((10, -50, 60, 1), False),
        ((10, 178, 60, 400), True),
        ((10, 179, 60, 400), False),
        ((-500, -500, -300, -300), False),
        ((900, 900, 950, 950), False),
        ((-1e308, -1e308, 1e308, 1e308), True),
        ((1e308, 1e308, -1e308, -1e308), False),
        ((-math.inf, -math.inf, math.inf, math.inf), True),
        ((math.inf, 0, math.inf, 50), False),
    ],
)
def test_an_object_of_which_fewer_than_two_pixels_are_seen_is_skipped_and_counted(box, drawn):
    scene = scene_of([thing("cat", *box), thing("dog", 5, 5, 50, 50)], RULER)
    assert [placed.label for placed in scene.placed].count("cat") == drawn
    assert scene.skipped == (not drawn)
    assert "dog" in [placed.label for placed in scene.placed]


def test_each_object_knows_its_place_in_the_message():
    found = [thing("small", 0, 0, 9, 9), thing("gone", 0, 0, 1, 1), thing("large", 0, 0, 90, 90)]
    assert [(placed.label, placed.place) for placed in scene_of(found, RULER).placed] == [("large", 2), ("small", 0)]


def test_by_size_the_largest_stand_behind_and_equals_as_they_were_told():
    found = [thing(name, 0, 0, side, 10) for name, side in (("b", 20), ("d", 10), ("a", 30), ("c", 20))]
    assert [placed.label for placed in scene_of(found, RULER).placed] == ["a", "b", "c", "d"]


def test_by_size_what_the_frame_cuts_off_counts():
    found = [thing("seen", 0, 0, 100, 100), thing("cut", -400, 0, 50, 100)]
    assert [placed.label for placed in scene_of(found, RULER).placed] == ["cut", "seen"]


def test_by_score_the_least_sure_stand_behind():
    found = [Detection(str(score), score, (0, 0, 9, 9)) for score in (0.5, 0.9, 0.1)]
    assert [placed.score for placed in scene_of(found, RULER, "score").placed] == [0.1, 0.5, 0.9]
