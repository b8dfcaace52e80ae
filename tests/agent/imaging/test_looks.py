import numpy as np
import pytest
from PIL import Image, ImageDraw

from agent.imaging.looks import cropped, dressed, opaque_box, throw_shadow, turned
from agent.imaging.scene import Rect
from agent.settings.pictures import PicturesTable
from tests.made_pictures import RED, bounds, noise, plain, quarters

ALL, NONE = Rect(1, 1, 1, 1), Rect(0, 0, 0, 0)
SOFT = ["feather", "gaussian"]
GREY = (120, 120, 120)
each_blend = pytest.mark.parametrize("blend", SOFT)


def dress(cut: Image.Image, under: tuple[int, int, int] = GREY, sides: Rect = ALL, seed: int = 0, **keys):
    table = PicturesTable(**keys)
    below = plain(cut.size, under)
    return dressed(cut.convert("RGBA").convert("RGBa"), below, sides, table, np.random.default_rng(seed))


def alpha(image: Image.Image) -> np.ndarray:
    return np.asarray(image.getchannel(3)).astype(int)


def colors(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGBA"))[..., :3].astype(int)


def disc(size: int = 100) -> Image.Image:
    image = Image.new("RGBA", (size, size))
    ImageDraw.Draw(image).ellipse((10, 10, size - 11, size - 11), fill=(*RED, 255))
    return image


def test_margins_are_cut_off_as_far_as_nothing_is_seen_in_them():
    image = Image.new("RGBA", (60, 50), (*RED, 8))
    assert cropped(image) is opaque_box(image) is None
    image.putpixel((20, 10), (*RED, 9))
    image.putpixel((40, 30), (*RED, 255))
    cut = cropped(image)
    assert opaque_box(image) == (20, 10, 41, 31)
    assert cut.size == (21, 21)
    assert (cut.getpixel((0, 0)), cut.getpixel((20, 20))) == ((*RED, 9), (*RED, 255))
    assert cropped(quarters().convert("RGBA")).size == (100, 100)


def test_a_turned_sprite_has_no_margins_and_keeps_its_colours():
    image = plain((200, 100), (*RED, 255)).convert("RGBa")
    for seed in range(10):
        made = turned(image, 20, np.random.default_rng(seed))
        seen = alpha(made) > 8
        assert bounds(seen) == (0, 0, *made.size)
        assert np.abs(colors(made)[alpha(made) > 100] - RED).max() <= 3
        assert seen.sum() == pytest.approx(200 * 100, rel=0.04)


def test_a_sprite_of_which_next_to_nothing_is_seen_is_not_turned_into_nothing():
    image = Image.new("RGBa", (9, 9), (2, 2, 2, 5))
    assert turned(image, 20, np.random.default_rng(0)) is image


def test_it_is_turned_either_way_by_up_to_the_largest_angle():
    image, slopes = plain((400, 100), (*RED, 255)).convert("RGBa"), []
    for seed in range(60):
        seen = alpha(turned(image, 15, np.random.default_rng(seed))) > 128
        columns = np.arange(seen.shape[1])
        middles = (seen * np.arange(len(seen))[:, None]).sum(axis=0) / seen.sum(axis=0)
        inner = slice(60, -60)
        slopes.append(np.degrees(np.arctan(np.polyfit(columns[inner], middles[inner], 1)[0])))
    assert -15.2 < min(slopes) < -11
    assert 11 < max(slopes) < 15.2
    assert np.std(slopes) == pytest.approx(15 / 3**0.5, rel=0.2)


def test_the_same_generator_turns_by_the_same_angle():
    image = noise((60, 40)).convert("RGBA").convert("RGBa")
    assert (
        turned(image, 20, np.random.default_rng(1)).tobytes() == turned(image, 20, np.random.default_rng(1)).tobytes()
    )
    assert (
        turned(image, 20, np.random.default_rng(1)).tobytes() != turned(image, 20, np.random.default_rng(2)).tobytes()
    )


def test_without_any_wish_an_object_is_pasted_as_it_is():
    cut = disc().convert("RGBa")
    assert dressed(cut, plain(cut.size), ALL, PicturesTable(), np.random.default_rng(0)) is cut


@each_blend
@pytest.mark.parametrize("size", [(100, 100), (300, 200), (2, 2), (3, 90), (1000, 20)])
def test_a_soft_edge_rises_from_the_box_inwards_to_an_opaque_middle(blend, size):
    made = dress(plain(size), blend=blend)
    assert (made.mode, made.size) == ("RGBA", size)
    row = alpha(made)[size[1] // 2]
    half = row[: (size[0] + 1) // 2]
    assert (np.diff(half) >= 0).all()
    if min(size) >= 20:
        assert 0 < row[0] < 230
        assert 0 < row[-1] < 230
        assert alpha(made)[0].max() < 230
        assert alpha(made)[-1].max() < 230
        assert row[size[0] // 2] == 255
        assert (colors(made) == RED).all()


@each_blend
def test_the_edge_of_a_large_object_is_softer_but_not_without_end(blend):
    def width(side: int) -> int:
        return int((alpha(dress(plain((side, side)), blend=blend))[side // 2, : side // 2] < 250).sum())

    assert width(20) < width(80) < width(140) < 20
    assert width(200) == width(800)


@each_blend
@pytest.mark.parametrize("side", range(4), ids=["left", "top", "right", "bottom"])
def test_a_side_at_which_the_frame_cuts_the_object_off_is_not_softened(blend, side):
    sides = Rect(*(int(place != side) for place in range(4)))
    opaque = alpha(dress(plain((100, 100)), sides=sides, blend=blend))
    edges = [opaque[30:70, 0], opaque[0, 30:70], opaque[30:70, -1], opaque[-1, 30:70]]
    for place, edge in enumerate(edges):
        if place == side:
            assert (edge == 255).all()
        else:
            assert edge.max() < 230
    assert (alpha(dress(plain((100, 100)), sides=NONE, blend=blend)) == 255).all()


def test_a_feathered_edge_is_within_the_outline_and_a_gaussian_one_on_both_sides():
    outside, inside = alpha(disc()) == 0, alpha(disc()) == 255
    feather, gaussian = (alpha(dress(disc(), blend=blend)) for blend in SOFT)
    assert (feather[outside] == 0).all()
    assert (feather[inside] < 255).any()
    assert (gaussian[outside] > 0).any()
    assert (gaussian[inside] < 255).any()
    assert feather[50, 50] == gaussian[50, 50] == 255
    assert gaussian[0, 0] == 0


@each_blend
def test_a_soft_edge_brings_in_no_other_colour(blend):
    """Colours of what is transparent are unknown: where a soft edge shows them, it would be dark or white."""
    made = dress(disc(), blend=blend)
    under = plain(disc().size, RED)
    under.paste(made, (0, 0), made)
    feather_only = np.abs(np.asarray(under).astype(int) - RED).max()
    assert feather_only <= 2 or blend == "gaussian"


@pytest.mark.parametrize(
    ("own", "behind", "made"),
    [(100, 100, 100), (200, 100, 142), (50, 100, 70), (200, 10, 120), (240, 0, 144), (20, 250, 30), (250, 255, 252)],
)
def test_an_object_goes_half_the_way_to_the_brightness_behind_it_but_not_too_far(own, behind, made):
    pixels = colors(dress(plain((40, 40), (own,) * 3), (behind,) * 3, brightness=True))
    assert np.abs(pixels - made).max() <= 1


def test_colours_grow_bright_together_and_transparency_stays():
    image = plain((40, 40), (40, 80, 120, 255))
    image.paste((250, 250, 250, 0), (0, 0, 20, 40))
    made = dress(image, (255, 255, 255), brightness=True)
    assert made.getpixel((30, 20)) == pytest.approx((60, 120, 180, 255), abs=1)
    assert alpha(made)[20, 5] == 0


def test_only_what_is_seen_of_an_object_counts_as_its_brightness():
    image = Image.new("RGBA", (40, 40), (255, 255, 255, 0))
    image.paste((100, 100, 100, 255), (0, 0, 10, 10))
    assert colors(dress(image, (100, 100, 100), brightness=True))[5, 5].tolist() == [100, 100, 100]


@pytest.mark.parametrize("keys", [{"brightness": True}, {"blend": "feather"}, {"noise": 9}])
def test_of_an_object_of_which_only_transparent_pixels_are_seen_nothing_is_pasted(keys):
    made = dress(Image.new("RGBA", (30, 30)), **keys)
    assert (made.size, alpha(made).max()) == ((30, 30), 0)


@pytest.mark.parametrize("std", [0.5, 5, 20, 64])
def test_noise_has_the_standard_deviation_that_was_asked_for(std):
    made = colors(dress(plain((300, 200), (128, 128, 128)), noise=std))
    assert made.mean() == pytest.approx(128, abs=0.5 + 0.02 * std)
    inner = np.clip(np.random.default_rng(5).normal(128, std, 10**6), 0, 255).std()
    assert made[..., 0].std() == pytest.approx(inner, rel=0.02, abs=0.25)


def test_noise_is_of_the_brightness_and_stays_within_what_a_pixel_can_be():
    made = colors(dress(plain((300, 200), (120, 128, 136)), noise=10))
    assert (made[..., 2] - made[..., 0] == 16).all()
    for level in (0, 255):
        pixels = colors(dress(plain((100, 100), (level,) * 3), noise=20))
        assert (pixels == level).mean() == pytest.approx(0.5, abs=0.05)
        assert np.abs(pixels - level).max() < 120


def test_noise_is_another_at_each_pixel_and_with_each_generator():
    one, same, other = (dress(plain((60, 60), GREY), seed=seed, noise=10) for seed in (1, 1, 2))
    assert one.tobytes() == same.tobytes() != other.tobytes()
    pixels = colors(one)[..., 0].astype(float) - 120
    assert abs((pixels[:, 1:] * pixels[:, :-1]).mean()) < 8
    assert abs((pixels[1:] * pixels[:-1]).mean()) < 8


def test_all_wishes_can_be_met_at_once():
    made = dress(disc(), (255, 255, 255), blend="feather", brightness=True, noise=5)
    assert alpha(made)[50, 50] == 255
    assert alpha(made)[0, 0] == 0
    assert np.abs(colors(made)[40:60, 40:60].mean(axis=(0, 1)) - (255, 90, 90)).max() < 5
    assert colors(made)[40:60, 40:60, 1].std() == pytest.approx(5, abs=0.6)


def shaded(whole: Rect, size=(320, 180)) -> np.ndarray:
    """By how much each pixel of a light ground is darker."""
    image = plain(size, (200, 200, 200))
    throw_shadow(image, whole)
    pixels = np.asarray(image).astype(int)
    assert (pixels == pixels[..., :1]).all()
    return 200 - pixels[..., 0]


def test_a_shadow_darkens_only_the_ground_at_the_foot():
    whole = Rect(100, 30, 200, 130)
    darker = shaded(whole)
    assert darker.min() == 0
    spot = bounds(darker > 0)
    assert 94 <= spot.left < 100
    assert 200 < spot.right <= 206
    assert 115 <= spot.top < 130
    assert 130 < spot.bottom <= 137


def test_a_shadow_is_darkest_under_the_middle_and_fades_to_both_sides():
    darker = shaded(Rect(100, 30, 200, 130))
    row = darker[127]
    assert darker.max() == pytest.approx(0.45 * 200, abs=2)
    assert row[150] >= darker.max() - 2
    assert np.abs(row[100:200] - row[100:200][::-1]).max() <= 3
    assert (np.diff(row[95:140]) >= 0).all()
    assert row[98] < 25


def test_a_shadow_is_as_wide_as_the_object_and_as_high_as_its_shorter_side_allows():
    wide, high = (bounds(shaded(whole) > 0) for whole in (Rect(50, 100, 250, 140), Rect(100, 10, 140, 170)))
    assert wide.width > 200
    assert wide.height <= 6
    assert 36 < high.width < 46
    assert high.height <= 6
    assert bounds(shaded(Rect(50, 100, 53, 103)) > 0).height <= 4


@pytest.mark.parametrize(
    "whole",
    [Rect(-50, 30, 50, 130), Rect(270, 30, 370, 130), Rect(100, 82, 200, 182), Rect(-2000, -200, 2400, 179)],
)
def test_what_the_frame_shows_of_a_shadow_is_that_part_of_it(whole):
    larger = plain((520, 380), (200, 200, 200))
    throw_shadow(larger, Rect(*(edge + 100 for edge in whole)))
    wanted = 200 - np.asarray(larger.crop((100, 100, 420, 280))).astype(int)[..., 0]
    assert np.abs(shaded(whole) - wanted).max() <= 2
    assert wanted.max() > 0


@pytest.mark.parametrize("whole", [Rect(100, 30, 200, 400), Rect(-300, 30, -20, 100), Rect(0, -500, 50, -20)])
def test_a_shadow_outside_of_the_frame_changes_nothing(whole):
    assert shaded(whole).max() == 0
