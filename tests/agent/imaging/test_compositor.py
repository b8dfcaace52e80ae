import itertools
import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from agent.imaging.compositor import Compositor
from agent.imaging.levels import CACHE_BYTES, Levels
from agent.imaging.scene import Placed, Rect
from agent.imaging.sprites import Stock
from agent.message.boxes import corners
from agent.message.detections import Detection
from agent.settings.pictures import PicturesTable
from tests.made_pictures import (
    BLUE,
    BRIGHT,
    FRAME,
    GREEN,
    RED,
    YELLOW,
    backdrop,
    bounds,
    bright,
    compose,
    noise,
    plain,
    put,
    quarters,
    thing,
)

SIZES = {
    "sliver": (3, 7),
    "tall": (37, 411),
    "large": (1200, 900),
    "wide": (411, 37),
    "dot": (1, 1),
    "square": (64, 64),
}
ORDERS = ["yxyx", "xyxy", "xywh", "cxcywh"]
WRITTEN = {
    "yxyx": lambda x, y, fx, fy: [y, x, fy, fx],
    "xyxy": lambda x, y, fx, fy: [x, y, fx, fy],
    "xywh": lambda x, y, fx, fy: [x, y, fx - x, fy - y],
    "cxcywh": lambda x, y, fx, fy: [(x + fx) / 2, (y + fy) / 2, fx - x, fy - y],
}
LOOKS = {"blend": "feather", "brightness": True, "shadow": True, "rotation_deg": 12, "noise": 7}


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """Opaque sprites of odd sizes, one for each of six classes."""
    return put(tmp_path_factory.mktemp("sprites"), **{name: noise(size) for name, size in SIZES.items()})


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


def iou(mask: np.ndarray, box: tuple[float, float, float, float]) -> float:
    """Of the pixels of a mask with a box whose edges lie anywhere: left, top, right, bottom."""
    down, across = (
        np.clip(np.minimum(np.arange(size) + 1, far) - np.maximum(np.arange(size), near), 0, None)
        for size, near, far in ((mask.shape[0], box[1], box[3]), (mask.shape[1], box[0], box[2]))
    )
    common = float(down @ mask @ across)
    return common / (float(mask.sum()) + (box[2] - box[0]) * (box[3] - box[1]) - common)


def cut_off(box, size) -> tuple[float, float, float, float]:
    """A box, as far as it is in the frame."""
    left, top, right, bottom = box
    return max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1])


def random_boxes(rng: np.random.Generator, size: tuple[int, int], count: int):
    """Boxes in pixels, not whole ones; one of two leaves the frame on some side."""
    while count:
        sides = np.array(size) * 2 ** rng.uniform(-5, 0.5, 2)
        near = rng.uniform(-0.6, 1, 2) * size if count % 2 else rng.uniform(0, 1, 2) * np.maximum(size - sides, 0)
        box = (*near.tolist(), *(near + sides).tolist())
        left, top, right, bottom = cut_off(box, size)
        if min(right - left, bottom - top) >= 3:
            count -= 1
            yield box


@pytest.mark.parametrize("label", SIZES)
@pytest.mark.parametrize(("size", "count"), [((320, 180), 900), ((1280, 720), 100)])
def test_an_object_fills_exactly_its_box_as_far_as_it_is_in_the_frame(stock, label, size, count):
    """A thousand boxes a class; the region that changed is told pixel by pixel."""
    rng, background = np.random.default_rng([*label.encode(), *size]), backdrop(size)
    before, exact, scores, leaving = np.asarray(background), 0, [], np.zeros(4, int)
    compositors = [Compositor(Stock(stock), PicturesTable(), normalised=flag) for flag in (False, True)]
    for place, box in enumerate(random_boxes(rng, size, count)):
        order, normalised = ORDERS[place % 4], bool(place // 4 % 2)
        scaled = np.array(box) / (*size, *size) if normalised else box
        detection = Detection(label, 1.0, corners(WRITTEN[order](*scaled), order))
        composed = compositors[normalised].compose(background, [detection], rng)
        changed = (np.asarray(composed.image) != before).any(axis=2)
        wanted = [int(edge) for edge in cut_off(tuple(np.floor(np.array(box) + 0.5)), size)]
        assert (np.asarray(composed.image)[changed] >= BRIGHT).all()
        assert list(composed.placed[0].seen) == wanted
        exact += iou(changed, tuple(wanted)) == 1.0
        leaving += np.array(box[:2] + box[2:]) != cut_off(box, size)
        left, top, right, bottom = cut_off(box, size)
        if min(right - left, bottom - top) >= 60:
            scores.append(iou(changed, (left, top, right, bottom)))
            shorter = (right - left - 1) / (right - left) * (bottom - top - 1) / (bottom - top)
            assert scores[-1] >= shorter - 1e-9  # each edge is off by no more than half a pixel
    assert exact == count
    assert leaving.min() > count / 50
    assert len(scores) > count / 8
    assert np.mean(scores) > 0.98
    assert min(scores) > (59 / 60) ** 2 - 1e-9


@pytest.mark.parametrize("label", SIZES)
def test_boxes_of_whole_pixels_are_met_exactly(stock, label):
    rng, background = np.random.default_rng(0), backdrop()
    compositor = Compositor(Stock(stock), PicturesTable(), normalised=False)
    for place in range(100):
        left, top = int(rng.integers(-60, 310)), int(rng.integers(-60, 170))
        box = (left, top, left + int(rng.integers(70, 300)), top + int(rng.integers(70, 300)))
        order = ORDERS[place % 4]
        detection = Detection(label, 1.0, corners(WRITTEN[order](*box), order))
        composed = compositor.compose(background, [detection], rng)
        assert iou(bright(composed.image), cut_off(box, FRAME)) == 1.0


def test_an_object_pasted_at_the_middle_of_its_box_would_be_noticed():
    rng, scores = np.random.default_rng(0), []
    for _ in range(300):
        left, top, width, height = (int(part) for part in rng.integers([0, 0, 20, 20], [200, 90, 60, 40]))
        naive = backdrop()
        naive.paste(noise((width, height)), (left + width // 2, top + height // 2))
        scores.append(iou(bright(naive), (left, top, left + width, top + height)))
    assert np.mean(scores) == pytest.approx(1 / 7, abs=0.02)
    assert max(scores) < 0.2


def test_units_and_the_frame_of_pixels_may_be_said():
    fractions, wanted = [thing("cat", 0.25, 0.5, 0.75, 1)], Rect(80, 90, 240, 180)
    for keys, found in [
        ({"normalised": True}, fractions),
        ({"normalised": False, "units": "normalised"}, fractions),
        ({"normalised": False}, [thing("cat", *wanted)]),
        ({"normalised": True, "units": "pixels"}, [thing("cat", *wanted)]),
        ({"units": "pixels", "frame": "640x720"}, [thing("cat", 160, 360, 480, 720)]),
    ]:
        assert bounds(bright(compose(found, **keys).image)) == wanted


def test_boxes_that_cannot_be_drawn_are_counted_and_the_others_drawn(stock):
    hostile = [
        thing("square", 50, 50, 51, 90),
        thing("square", 90, 50, 50, 90),
        thing("square", 50, 90, 90, 50),
        thing("square", 1e308, 1e308, -1e308, -1e308),
        thing("square", 1e308, 0, 1e308, 50),
        thing("square", float("inf"), 0, float("inf"), 50),
        thing("square", -500, 0, -100, 50),
    ]
    composed = compose([*hostile, thing("square", 50, 50, 52, 52)], stock)
    assert composed.skipped == 7
    assert [placed.whole for placed in composed.placed] == [(50, 50, 52, 52)]
    assert bounds(bright(composed.image)) == (50, 50, 52, 52)


@pytest.mark.parametrize("looks", [{}, LOOKS, {"blend": "gaussian"}], ids=["hard", "all looks", "gaussian"])
def test_gigantic_boxes_take_neither_memory_nor_time(stock, looks):
    levels = Levels()
    compositor = Compositor(Stock(stock, levels=levels), PicturesTable(**looks), normalised=False)
    far = 1e308
    edges = [(-far, -far, far, far), (-1e6, 5, 20, 1e6), (0, 0, 1e6, 30), (310, -1e6, 1e6, 1e6), (-1e6, 100, 1e6, 102)]
    begin = time.perf_counter()
    for label in SIZES:
        for box in edges:
            composed = compositor.compose(backdrop(), [thing(label, *box)], np.random.default_rng(0))
            assert len(composed.placed) + composed.skipped == 1
            assert levels.held_bytes <= CACHE_BYTES
    assert time.perf_counter() - begin < 5
    assert composed.image.size == FRAME


def disc_in(folder):
    image = Image.new("RGBA", (100, 100))
    ImageDraw.Draw(image).ellipse((0, 0, 99, 99), fill=(*RED, 255))
    return put(folder, cat=image)


@pytest.mark.parametrize(
    "box", [(-80, 40, 20, 140), (300, 40, 400, 140), (40, -80, 140, 20), (40, 160, 140, 260), (-70, -70, 30, 30)]
)
def test_of_an_object_that_is_cut_off_the_extent_is_told_of_what_is_left(tmp_path, box):
    composed = compose([thing("cat", *box)], disc_in(tmp_path))
    assert composed.placed[0].extent == pytest.approx(bounds(bright(composed.image)), abs=1)
    assert composed.placed[0].extent.area < composed.placed[0].seen.area
    (whole,) = compose([thing("cat", 40, 40, 140, 140)], tmp_path).placed
    assert whole.extent == whole.seen == (40, 40, 140, 140)


def test_an_object_of_which_only_something_transparent_is_in_the_frame_is_skipped(tmp_path):
    composed = compose([thing("cat", -90, -90, 10, 10), thing("dog", -90, -90, 10, 10)], disc_in(tmp_path))
    assert [placed.label for placed in composed.placed] == ["dog"]
    assert (composed.skipped, composed.placeholders) == (1, 1)


def test_a_class_whose_sprite_is_gone_has_plates_from_then_on(tmp_path, caplog):
    compositor = Compositor(Stock(put(tmp_path, cat=noise((9, 9)))), PicturesTable(), normalised=False)
    (tmp_path / "cat.png").unlink()
    for _ in range(2):
        composed = compositor.compose(backdrop(), [thing("cat", 20, 30, 120, 90)], np.random.default_rng(0))
        assert composed.placeholders == 1
        assert bounds(bright(composed.image)) == (20, 30, 120, 90)
    assert caplog.text.count("cat.png") == 1


@pytest.mark.parametrize(
    ("size", "box"),
    [((100, 10), (100, 100, 200, 1000)), ((10, 100), (-500, 20, 40, 120)), ((10, 100), (280, 20, 800, 120))],
)
def test_an_object_that_keeps_its_proportions_outside_of_the_frame_is_skipped(tmp_path, size, box):
    composed = compose([thing("cat", *box)], put(tmp_path, cat=noise(size)), fit="keep")
    assert (composed.placed, composed.skipped, composed.placeholders) == ([], 1, 0)
    assert composed.image.tobytes() == backdrop().tobytes()


def test_looks_do_not_change_which_sprites_are_chosen(tmp_path):
    (tmp_path / "cat").mkdir()
    put(tmp_path / "cat", a=plain((9, 9), RED), b=plain((9, 9), GREEN), c=plain((9, 9), BLUE))
    found = [thing("cat", 40 * place, 40, 40 * place + 30, 70) for place in range(8)]
    images = [compose(found, tmp_path, **looks).image for looks in ({}, {"noise": 3, "rotation_deg": 1})]
    one, other = ([np.argmax(image.getpixel((40 * place + 15, 55))) for place in range(8)] for image in images)
    assert one == other


def test_the_background_stays_as_it_is(stock):
    background = backdrop()
    compose([thing("square", 10, 10, 90, 90)], stock, background, **LOOKS)
    assert background.tobytes() == backdrop().tobytes()
    assert compose([], stock, background).image.tobytes() == backdrop().tobytes()


def test_nothing_of_a_picture_is_left_in_the_next_one(stock):
    compositor, rng = Compositor(Stock(stock), PicturesTable(**LOOKS), normalised=False), np.random.default_rng(0)
    for size in (FRAME, FRAME, (400, 100), FRAME):
        assert bright(compositor.compose(backdrop(size), [thing("square", 10, 10, 90, 90)], rng).image).any()
        assert compositor.compose(backdrop(size), [], rng).image.tobytes() == backdrop(size).tobytes()


@pytest.mark.parametrize(
    ("box", "shown"),
    [
        ((-100, 40, 100, 140), {(10, 60): GREEN, (10, 120): YELLOW, (95, 60): GREEN}),
        ((220, 40, 420, 140), {(230, 60): RED, (310, 60): RED, (310, 120): BLUE}),
        ((60, -50, 260, 50), {(100, 10): BLUE, (220, 10): YELLOW, (100, 45): BLUE}),
        ((60, 130, 260, 230), {(100, 140): RED, (220, 140): GREEN, (220, 175): GREEN}),
        ((-100, -50, 100, 50), {(10, 10): YELLOW, (95, 45): YELLOW}),
        ((-160, -90, 480, 270), {(10, 10): RED, (310, 10): GREEN, (10, 170): BLUE, (310, 170): YELLOW}),
        ((-1e6, -1e6, 200, 100), {(10, 10): YELLOW, (195, 95): YELLOW}),
    ],
)
@pytest.mark.parametrize("size", [(100, 100), (1200, 900), (2, 2)])
def test_of_an_object_at_the_frames_edge_the_right_part_is_seen(tmp_path, box, shown, size):
    put(tmp_path, cat=quarters(size))
    image = compose([thing("cat", *box)], tmp_path).image
    if size != (2, 2):
        assert {place: image.getpixel(place) for place in shown} == shown
    elif box == (-1e6, -1e6, 200, 100):
        assert image.getpixel((195, 95)) == YELLOW


def test_a_cut_off_object_shows_the_same_pixels_as_the_whole_one(stock):
    larger = compose([thing("large", 50, 60, 260, 200)], stock, backdrop((400, 300))).image
    cut = compose([thing("large", -30, -20, 180, 120)], stock).image
    assert np.abs(pixels(cut)[:120, :180] - pixels(larger)[80:200, 80:260]).mean() < 1


def test_an_object_touches_all_edges_of_its_box_whatever_margins_its_picture_has(tmp_path):
    image = Image.new("RGBA", (300, 200), (255, 255, 255, 0))
    ImageDraw.Draw(image).ellipse((100, 20, 180, 190), fill=(*RED, 255))
    put(tmp_path, cat=image)
    for box in ((40, 30, 120, 150), (10, 10, 310, 170), (200, 100, 220, 130)):
        shape = bright(compose([thing("cat", *box)], tmp_path).image)
        assert bounds(shape) == box
        assert shape.sum() == pytest.approx(np.pi / 4 * Rect(*box).area, rel=0.04)


def test_through_holes_the_background_is_seen(tmp_path):
    image = plain((90, 90), (*RED, 255))
    image.paste((255, 255, 255, 0), (30, 30, 60, 60))
    composed = compose([thing("cat", 50, 40, 140, 130)], put(tmp_path, cat=image))
    assert (pixels(composed.image)[71:99, 81:109] == pixels(backdrop())[71:99, 81:109]).all()
    assert (pixels(composed.image)[40:69, 50:140] == RED).all()


@pytest.mark.parametrize("opacity", [32, 128, 200, 254])
@pytest.mark.parametrize("side", [20, 90, 150])
def test_half_transparency_mixes_colours(tmp_path, opacity, side):
    ground = (20, 140, 250)
    put(tmp_path, cat=plain((90, 90), (200, 100, 50, opacity)))
    image = compose([thing("cat", 10, 10, 10 + side, 10 + side)], tmp_path, plain(FRAME, ground)).image
    share = opacity / 255
    mixed = [share * own + (1 - share) * behind for own, behind in zip((200, 100, 50), ground, strict=True)]
    assert np.abs(pixels(image)[10 : 10 + side, 10 : 10 + side] - mixed).max() <= 2
    assert image.getpixel((5, 5)) == ground


@pytest.mark.parametrize("margin", [(255, 255, 255, 0), (0, 0, 0, 0), (255, 0, 0, 0)])
@pytest.mark.parametrize("looks", [{}, {"blend": "feather"}, {"rotation_deg": 20}, {"brightness": True}])
def test_no_fringe_of_another_colour_surrounds_an_object(tmp_path, margin, looks):
    """An object of the ground's own colour cannot be seen at all, at whatever size."""
    image = Image.new("RGBA", (200, 200), margin)
    ImageDraw.Draw(image).ellipse((20, 20, 180, 160), fill=(120, 120, 120, 255))
    put(tmp_path, cat=image)
    for side in (9, 30, 77, 150, 400):
        made = compose([thing("cat", 5, 5, 5 + side, 5 + side)], tmp_path, plain(FRAME, (120, 120, 120)), **looks)
        assert np.abs(pixels(made.image) - 120).max() <= 3


def test_white_is_keyed_out_on_request(tmp_path):
    image = plain((100, 100), (255, 255, 255))
    image.paste(RED, (20, 20, 80, 80))
    image.paste((255, 255, 255), (45, 45, 55, 55))
    put(tmp_path, cat=image)
    with_white = compose([thing("cat", 50, 50, 150, 150)], tmp_path).image
    without = compose([thing("cat", 50, 50, 150, 150)], tmp_path, white=True).image
    assert (with_white.getpixel((52, 52)), with_white.getpixel((100, 100))) == ((255, 255, 255), (255, 255, 255))
    assert without.getpixel((60, 60)) == RED
    assert without.getpixel((100, 100)) == (255, 255, 255)
    assert bounds(bright(without)) == (50, 50, 150, 150)


def test_of_several_sprites_the_generator_chooses_one_and_all_of_them_in_time(tmp_path):
    (tmp_path / "cat").mkdir()
    put(tmp_path / "cat", a=plain((9, 9), RED), b=plain((9, 9), GREEN), c=plain((9, 9), BLUE))
    rng, compositor = np.random.default_rng(0), Compositor(Stock(tmp_path), PicturesTable(), normalised=False)
    found = [thing("cat", 10, 10, 50, 50)]
    taken = [compositor.compose(backdrop(), found, rng).image.getpixel((30, 30)) for _ in range(300)]
    assert {color: taken.count(color) for color in (RED, GREEN, BLUE)} == pytest.approx(
        {RED: 100, GREEN: 100, BLUE: 100}, abs=30
    )
    assert len(set(itertools.pairwise(taken))) == 9


@pytest.mark.parametrize("looks", [LOOKS, {"noise": 5}, {"rotation_deg": 20}, {"blend": "gaussian"}, {}])
def test_the_same_generator_makes_the_same_picture_and_another_one_another(tmp_path, looks):
    (tmp_path / "cat").mkdir()
    put(tmp_path / "cat", **{str(seed): noise((60, 40), seed) for seed in range(20)})
    found = [thing("cat", 10, 10, 150, 120), thing("cat", 100, 50, 300, 170), thing("dog", 40, 90, 90, 160)]
    one, same, other = (compose(found, tmp_path, seed=seed, **looks).image.tobytes() for seed in (1, 1, 2))
    assert one == same != other


def test_a_class_without_a_sprite_has_an_opaque_plate_that_fills_its_box_and_is_counted(stock):
    found = [thing("bird", 20, 30, 120, 90), thing("fish", 200, -50, 290, 50), thing("square", 150, 100, 250, 170)]
    composed = compose(found, stock, plain(FRAME, (0, 0, 0)))
    assert composed.placeholders == 2
    assert compose(found).placeholders == 3
    seen = pixels(composed.image).any(axis=2)
    assert seen[30:90, 20:120].all()
    assert seen[:50, 200:290].all()
    assert seen.sum() == 60 * 100 + 50 * 90 + 70 * 100


def test_a_plate_has_the_proportions_of_the_whole_object():
    """Its rim is as wide on all sides, however much the frame cuts off."""
    for box, seen in (((-200, 50, 200, 150), (100, 100)), ((50, -100, 150, 150), (70, 100))):
        image = pixels(compose([thing("", *box)], background=plain(FRAME, (0, 0, 0))).image)
        rim = image[box[3] - 1, box[2] - 1]
        down = (np.abs(image[: box[3], seen[0]] - rim).max(axis=1) < 9)[::-1]
        across = (np.abs(image[seen[1], : box[2]] - rim).max(axis=1) < 9)[::-1]
        assert down.argmin() == pytest.approx(across.argmin(), abs=2)
        assert across.argmin() > 4


def test_what_is_not_drawn_needs_no_placeholder(stock):
    composed = compose([thing("bird", -50, -50, -20, -20)], stock)
    assert (composed.placeholders, composed.skipped) == (0, 1)


@pytest.mark.parametrize("label", ["", " ", "x" * 10_000, "\0\n\x1b[31m", "🐱", "../../etc/passwd", "a/b", "C:\\x"])
def test_a_label_may_be_anything(stock, label):
    composed = compose([thing(label, 20, 30, 120, 90)], stock)
    assert composed.placeholders == 1
    assert bounds(bright(composed.image)) == (20, 30, 120, 90)


@pytest.mark.parametrize(
    ("size", "box", "wanted"),
    [
        ((100, 50), (10, 20, 110, 120), (10, 70, 110, 120)),
        ((50, 100), (10, 20, 110, 120), (35, 20, 85, 120)),
        ((100, 100), (10, 20, 211, 120), (60, 20, 160, 120)),
        ((200, 100), (10, 20, 60, 45), (10, 20, 60, 45)),
        ((3, 400), (100, 20, 200, 120), (149, 20, 151, 120)),
        ((400, 3), (100, 20, 200, 120), (100, 118, 200, 120)),
        ((100, 50), (-50, -10, 50, 90), (0, 40, 50, 90)),
        ((50, 100), (270, 100, 370, 300), (270, 100, 320, 180)),
    ],
)
def test_an_object_may_keep_its_proportions_and_then_stands_on_its_boxs_ground(tmp_path, size, box, wanted):
    composed = compose([thing("cat", *box)], put(tmp_path, cat=noise(size)), fit="keep")
    assert bounds(bright(composed.image)) == wanted
    assert bright(composed.image).sum() == Rect(*wanted).area
    assert composed.placed[0].seen == wanted


def test_truncation_is_that_of_the_object_that_keeps_its_proportions(tmp_path):
    (placed,) = compose([thing("cat", -50, -50, 50, 50)], put(tmp_path, cat=noise((100, 50))), fit="keep").placed
    assert (placed.whole, placed.seen, placed.truncation) == ((-50, 0, 50, 50), (0, 0, 50, 50), 0.5)


def colors(folder, **of):
    return put(folder, **{name: plain((40, 40), color) for name, color in of.items()})


def test_the_largest_stands_behind_or_the_least_sure(tmp_path):
    colors(tmp_path, large=RED, small=GREEN, middle=BLUE)
    found = [
        thing("small", 60, 60, 100, 100, score=0.1),
        thing("large", 10, 10, 150, 150, score=0.5),
        thing("middle", 40, 40, 110, 110, score=0.9),
    ]
    by_size, by_score = compose(found, tmp_path), compose(found, tmp_path, depth="score")
    assert [by_size.image.getpixel((place, place)) for place in (20, 50, 80)] == [RED, BLUE, GREEN]
    assert [by_score.image.getpixel((place, place)) for place in (20, 50, 80)] == [RED, BLUE, BLUE]
    assert [placed.label for placed in by_size.placed] == ["large", "middle", "small"]
    assert [placed.label for placed in by_score.placed] == ["small", "large", "middle"]


def test_visibility_is_told_only_where_labels_are_asked_for(tmp_path):
    colors(tmp_path, a=RED)
    found = [thing("a", 0, 0, 100, 100), thing("a", 0, 0, 100, 100)]
    assert [placed.visibility for placed in compose(found, tmp_path).placed] == [1, 1]
    for labels in ("coco", "yolo", "voc"):
        assert [placed.visibility for placed in compose(found, tmp_path, labels=labels).placed] == [0, 1]


def test_what_is_placed_is_told_with_its_class_and_score(stock):
    whole, cut = thing("square", 20, 10, 60, 50, score=0.25), thing("square", -20, 10, 20, 50, score=0.25)
    seen, rest = compose([whole, cut], stock).placed
    assert seen == Placed("square", 0.25, Rect(20, 10, 60, 50), Rect(20, 10, 60, 50))
    assert (rest.label, rest.score, rest.whole, rest.seen) == ("square", 0.25, (-20, 10, 20, 50), (0, 10, 20, 50))
    assert (rest.place, rest.extent, rest.truncation) == (1, (0, 10, 20, 50), 0.5)


BOX = (60, 30, 180, 130)


def differs(one: Image.Image, other: Image.Image) -> np.ndarray:
    return (pixels(one) != pixels(other)).any(axis=2)


@pytest.mark.parametrize("blend", ["feather", "gaussian"])
def test_a_soft_object_stays_within_its_box_and_its_middle_is_the_same(stock, blend):
    hard, soft = (compose([thing("square", *BOX)], stock, blend=kind).image for kind in ("hard", blend))
    assert set(bounds(differs(hard, soft))) == set(BOX)
    assert not differs(hard, soft)[45:115, 75:165].any()
    assert bright(soft).sum() <= Rect(*BOX).area


@pytest.mark.parametrize("blend", ["feather", "gaussian"])
@pytest.mark.parametrize(
    ("box", "cut"),
    [
        ((-60, 40, 60, 140), "left"),
        ((60, -60, 160, 60), "top"),
        ((260, 40, 380, 140), "right"),
        ((60, 120, 160, 240), "bottom"),
    ],
)
def test_at_the_frames_edge_an_object_is_not_soft(tmp_path, blend, box, cut):
    image = pixels(compose([thing("cat", *box)], put(tmp_path, cat=plain((50, 50))), blend=blend).image)
    left, top, right, bottom = (int(edge) for edge in cut_off(box, FRAME))
    x, y = (left + right) // 2, (top + bottom) // 2
    edges = {"left": image[y, left], "top": image[top, x], "right": image[y, right - 1], "bottom": image[bottom - 1, x]}
    for side, pixel in edges.items():
        assert (tuple(pixel) == RED) == (side == cut)


def test_an_object_comes_nearer_to_the_brightness_around_it(tmp_path):
    put(tmp_path, light=plain((50, 50), (220, 220, 220)), dark=plain((50, 50), (40, 40, 40)))
    for label, own in (("light", 220), ("dark", 40)):
        for ground in (20, 120, 250):
            image = compose([thing(label, *BOX)], tmp_path, plain(FRAME, (ground,) * 3), brightness=True).image
            made = image.getpixel((100, 80))[0]
            assert abs(made - ground) < abs(own - ground)
            assert min(own, ground) < made < max(own, ground)
            assert image.getpixel((10, 10)) == (ground,) * 3


def test_only_what_is_behind_an_object_makes_it_bright_or_dark(tmp_path):
    put(tmp_path, cat=plain((50, 50), (120, 120, 120)))
    ground = plain(FRAME, (250, 250, 250))
    ground.paste((120, 120, 120), (0, 0, 160, 180))
    image = compose([thing("cat", 0, 0, 160, 100)], tmp_path, ground, brightness=True).image
    assert image.getpixel((80, 50)) == (120, 120, 120)


def test_a_shadow_falls_below_the_object_and_not_on_it(stock):
    ground = plain(FRAME, (200, 200, 200))
    without, with_ = (compose([thing("square", *BOX)], stock, ground, shadow=flag).image for flag in (False, True))
    shade = differs(without, with_)
    assert (pixels(with_) <= pixels(without)).all()
    assert not shade[BOX[1] : BOX[3], BOX[0] : BOX[2]].any()
    left, top, right, bottom = bounds(shade)
    assert 52 <= left < right <= 188
    assert 115 <= top < bottom <= 141
    assert shade[131, 70:170].all()


def test_a_turned_object_still_fills_its_box(tmp_path):
    put(tmp_path, cat=plain((300, 200), (255, 255, 255)))
    black = plain(FRAME, (0, 0, 0))
    shapes = []
    for seed in range(20):
        seen = pixels(compose([thing("cat", *BOX)], tmp_path, black, seed, rotation_deg=20).image)[..., 0]
        assert bounds(seen > 0) == pytest.approx(BOX, abs=1)
        assert not seen[: BOX[1]].any()
        assert not seen[BOX[3] :].any()
        shapes.append(int((seen > 128).sum()))
    assert len(set(shapes)) > 15
    assert min(shapes) < 0.8 * Rect(*BOX).area
    full = pixels(compose([thing("cat", *BOX)], tmp_path, black, rotation_deg=0).image)[..., 0]
    assert (full == 255).sum() == Rect(*BOX).area


def test_noise_is_on_the_objects_only(tmp_path):
    put(tmp_path, cat=plain((50, 50), (128, 128, 128)))
    image = compose([thing("cat", *BOX)], tmp_path, plain(FRAME, (20, 20, 20)), noise=10).image
    seen = pixels(image)[..., 0]
    assert seen[30:130, 60:180].std() == pytest.approx(10, rel=0.04)
    seen[30:130, 60:180] = 20
    assert (seen == 20).all()
