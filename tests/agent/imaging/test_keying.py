import numpy as np
import pytest
from PIL import Image, ImageDraw

from agent.imaging.keying import WHITE, keyed
from tests.made_pictures import RED, plain


def ring(size: int = 100) -> Image.Image:
    """On white, a red ring with white inside."""
    image = plain((size, size), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    draw.ellipse((10, 10, size - 11, size - 11), fill=RED)
    draw.ellipse((35, 35, size - 36, size - 36), fill=(255, 255, 255))
    return image.convert("RGBA")


def alpha(image: Image.Image) -> np.ndarray:
    return np.asarray(image.getchannel("A"))


def test_white_around_the_object_goes_and_white_inside_of_it_stays():
    opaque = alpha(keyed(ring()))
    assert opaque[0, 0] == opaque[5, 50] == opaque[99, 99] == 0
    assert opaque[50, 50] == opaque[36, 50] == opaque[20, 50] == 255


def test_colours_and_the_picture_itself_stay():
    image = ring()
    before = image.tobytes()
    after = keyed(image)
    assert image.tobytes() == before
    assert after.convert("RGB").tobytes() == image.convert("RGB").tobytes()


def test_the_edge_is_soft_and_within_the_object():
    opaque, red = alpha(keyed(ring())), np.asarray(ring())[..., 1] == RED[1]
    row = opaque[50, 5:20].astype(int)
    assert (np.diff(row) >= 0).all()
    assert ((row > 0) & (row < 255)).sum() in (1, 2, 3)
    outside = ~red
    outside[30:70, 30:70] = False
    assert (opaque[outside] == 0).all()


def test_the_outermost_pixel_which_is_half_white_is_hardly_seen():
    red = np.asarray(ring())[50, :, 1] == RED[1]
    outermost = int(np.argmax(red))
    opaque = alpha(keyed(ring()))[50]
    assert opaque[outermost] < 64
    assert opaque[outermost + 3] == 255


def test_white_that_is_reached_only_around_corners_goes():
    spiral = np.full((60, 60, 4), 255, np.uint8)
    spiral[10:50, 10] = spiral[10, 10:50] = spiral[10:50, 49] = (0, 0, 0, 255)
    spiral[49, 20:50] = (0, 0, 0, 255)  # open at the left of the bottom
    spiral[20:49, 20] = spiral[20, 20:40] = spiral[20:40, 39] = (0, 0, 0, 255)
    spiral[39, 28:40] = (0, 0, 0, 255)  # into which one comes from below, at the left
    opaque = alpha(keyed(Image.fromarray(spiral)))
    assert opaque[30, 30] == 0
    assert opaque[15, 30] == 0


@pytest.mark.parametrize(("row", "column"), [(0, 30), (59, 30), (30, 0), (30, 59)])
def test_white_at_any_one_edge_of_the_frame_is_background(row, column):
    pixels = np.zeros((60, 60, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[20:40, 20:40, :3] = 255
    if column == 30:
        pixels[min(row, 30) : max(row, 30) + 1, 25:35, :3] = 255
    else:
        pixels[25:35, min(column, 30) : max(column, 30) + 1, :3] = 255
    opaque = alpha(keyed(Image.fromarray(pixels)))
    assert opaque[row, column] == opaque[30, 30] == 0
    assert opaque[5, 5] == 255


@pytest.mark.parametrize(
    ("color", "goes"),
    [((WHITE, WHITE, WHITE), True), ((255, 255, WHITE - 1), False), ((255, 0, 255), False), ((WHITE, 255, 255), True)],
)
def test_what_is_bright_in_red_green_and_blue_is_white(color, goes):
    image = plain((40, 40), (*color, 255))
    image.paste((0, 0, 0, 255), (15, 15, 25, 25))
    assert alpha(keyed(image))[0, 0] == (0 if goes else 255)


def test_a_picture_without_any_white_stays_whole_up_to_its_frame():
    assert alpha(keyed(plain((30, 20), (*RED, 255)))).min() == 255


def test_an_object_that_the_frame_cuts_off_is_not_softened_there():
    image = plain((40, 40), (255, 255, 255, 255))
    image.paste((0, 0, 0, 255), (0, 10, 30, 40))
    opaque = alpha(keyed(image))
    assert opaque[25, 0] == opaque[39, 15] == 255


def test_an_all_white_picture_becomes_transparent_altogether():
    assert alpha(keyed(plain((20, 20), (255, 255, 255, 255)))).max() == 0
