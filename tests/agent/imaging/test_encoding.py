import io

import numpy as np
import pytest
from PIL import Image

from agent.imaging.encoding import Encoding
from tests.made_pictures import noise, quarters

FORMATS = ["jpeg", "png", "webp"]
each_format = pytest.mark.parametrize("format_", FORMATS)


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


@each_format
@pytest.mark.parametrize("size", [(320, 180), (17, 3), (1, 1)])
def test_a_picture_opens_again_as_what_it_was(format_, size):
    data, steps = Encoding(format_, 90).written(quarters(size))
    image = opened(data)
    assert (image.format.lower(), image.size, steps) == (format_, size, 0)
    if size == (320, 180):
        assert np.abs(np.asarray(image.convert("RGB"), float) - np.asarray(quarters(size))).mean() < 3


def test_png_loses_nothing():
    data, _ = Encoding("png").written(noise((50, 40)))
    assert opened(data).tobytes() == noise((50, 40)).tobytes()


@each_format
def test_it_tells_its_type_and_how_its_files_end(format_):
    assert Encoding(format_).content_type == f"image/{format_}"
    assert Encoding(format_).suffix == {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}[format_]


@pytest.mark.parametrize("format_", ["jpeg", "webp"])
def test_a_lower_quality_makes_a_smaller_file(format_):
    sizes = [len(Encoding(format_, quality).written(noise((100, 100)))[0]) for quality in (5, 30, 60, 95)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("format_", ["jpeg", "webp"])
@pytest.mark.parametrize("steps", [0, 1, 4, 8])
def test_quality_is_lowered_by_tens_until_the_file_is_small_enough(format_, steps):
    image = noise((100, 100))
    fits, _ = Encoding(format_, 85 - 10 * steps).written(image)
    data, lowered = Encoding(format_, 85, len(fits)).written(image)
    assert (data, lowered) == (fits, steps)
    if steps < 8:
        data, lowered = Encoding(format_, 85, len(fits) - 1).written(image)
        assert len(data) < len(fits)
        assert lowered > steps


@pytest.mark.parametrize("quality", [85, 12, 7])
def test_the_lowest_quality_is_five(quality):
    image = noise((100, 100))
    lowest, _ = Encoding("jpeg", 5).written(image)
    data, steps = Encoding("jpeg", quality, len(lowest)).written(image)
    assert data == lowest
    assert steps >= 1


@each_format
@pytest.mark.parametrize("quality", [1, 5, 50, 100])
def test_too_small_a_limit_gives_nothing(format_, quality):
    assert Encoding(format_, quality, 256).written(noise((200, 200)))[0] is None


def test_a_quality_below_the_lowest_is_tried_as_it_is():
    image = noise((100, 100))
    data, steps = Encoding("jpeg", 2, 100_000).written(image)
    assert (data, steps) == (Encoding("jpeg", 2).written(image)[0], 0)
    assert Encoding("jpeg", 2, len(data) - 1).written(image) == (None, 0)


def test_a_png_that_is_too_large_is_not_tried_again():
    assert Encoding("png", 85, 1000).written(noise((100, 100))) == (None, 0)
