import numpy as np
import pytest
from PIL import Image

from agent.imaging.privacy import blurred
from tests.made_pictures import noise, plain, quarters


@pytest.mark.parametrize("size", [(320, 180), (180, 320), (1280, 720), (16, 4096), (1, 1)])
def test_a_blurred_background_has_its_size_and_its_colours(size):
    image = blurred(quarters(size))
    assert (image.mode, image.size) == ("RGB", size)
    before, after = (np.asarray(one, float).mean(axis=(0, 1)) for one in (quarters(size), image))
    assert after == pytest.approx(before, abs=12)
    if min(size) > 100:
        assert image.getpixel((size[0] // 4, size[1] // 4)) == pytest.approx((230, 60, 60), abs=12)


@pytest.mark.parametrize(("across", "down"), [(24, 24), (24, 12), (12, 24)])
def test_what_is_smaller_than_a_cell_cannot_be_made_out(across, down):
    """Two pictures that differ only within cells become the same: nothing of it can be got back."""
    size = (14 * across, 14 * down)
    pixels = np.asarray(noise(size)).reshape(down, 14, across, 14, 3)
    shuffled = pixels[:, ::-1, :, ::-1].reshape(size[1], size[0], 3)
    assert (shuffled != np.asarray(noise(size))).any()
    assert blurred(Image.fromarray(shuffled)).tobytes() == blurred(noise(size)).tobytes()


def test_the_picture_itself_stays_and_a_plain_one_stays_plain():
    image = noise((100, 50))
    before = image.tobytes()
    blurred(image)
    assert image.tobytes() == before
    assert blurred(plain((100, 50))).tobytes() == plain((100, 50)).tobytes()
