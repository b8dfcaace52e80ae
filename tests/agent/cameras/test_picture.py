import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from agent.cameras.picture import read_picture
from agent.errors import CameraError
from agent.imaging.files import BYTES

RED, GREEN, BLUE = (250, 10, 10), (10, 250, 10), (10, 10, 250)


def thirds(size=(90, 30)) -> Image.Image:
    """Red, green and blue, from left to right."""
    image = Image.new("RGB", size)
    for place, color in enumerate((RED, GREEN, BLUE)):
        image.paste(color, (place * size[0] // 3, 0, (place + 1) * size[0] // 3, size[1]))
    return image


def close(pixel, color) -> bool:
    return bool(np.abs(pixel.astype(int) - color).max() < 20)


@pytest.mark.parametrize("suffix", ["png", "bmp", "webp", "jpg"])
def test_a_picture_is_read_as_red_green_and_blue(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    thirds().save(path, quality=95)
    pixels = read_picture(path, None)
    assert (pixels.shape, pixels.dtype) == ((30, 90, 3), np.uint8)
    assert all(close(pixels[15, x], color) for x, color in ((15, RED), (45, GREEN), (75, BLUE)))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_a_picture_of_any_mode_becomes_colour(tmp_path, mode):
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    grey = np.linspace(0, 255, 64, dtype=np.uint8).reshape(8, 8)
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    image.save(path)
    pixels = read_picture(path, None)
    assert pixels.shape == (8, 8, 3)
    assert close(pixels[0, 0], (0, 0, 0))
    assert close(pixels[7, 7], (255, 255, 255))
    if mode != "1":
        assert close(pixels[3, 7], (125, 125, 125))


def test_one_that_its_camera_took_on_its_side_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right by a quarter
    thirds().save(tmp_path / "a.jpg", exif=exif, quality=95)
    pixels = read_picture(tmp_path / "a.jpg", None)
    assert pixels.shape == (90, 30, 3)
    assert close(pixels[15, 15], RED)
    assert close(pixels[75, 15], BLUE)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize(("scale", "size"), [(1, (30, 30)), (1, (300, 300)), (20, (30, 30))])
def test_it_is_scaled_to_fill_a_size_and_cropped_at_the_middle(tmp_path, suffix, scale, size):
    path = tmp_path / f"a.{suffix}"
    thirds((90 * scale, 30 * scale)).save(path, quality=95)
    pixels = read_picture(path, size)
    assert pixels.shape == (size[1], size[0], 3)
    assert all(close(pixels[y, x], GREEN) for y in (2, -3) for x in (size[0] // 5, -size[0] // 5))


@pytest.mark.parametrize("size", [(512, 64), (64, 512)])
def test_a_large_jpeg_is_decoded_small_but_loses_nothing_that_the_size_can_show(tmp_path, mocker, size):
    lines = np.zeros((1024, 1024, 3), np.uint8)
    lines[:, np.arange(1024) % 4 >= 2] = 255
    Image.fromarray(lines if size[0] > size[1] else lines.swapaxes(0, 1)).save(tmp_path / "a.jpg", quality=95)
    decoded = mocker.spy(ImageOps, "exif_transpose")
    pixels = read_picture(tmp_path / "a.jpg", size)
    assert decoded.call_args.args[0].size == (512, 512)
    assert pixels.std() > 120


def test_the_first_picture_of_an_animation_is_read(tmp_path):
    thirds().save(tmp_path / "a.webp", save_all=True, append_images=[Image.new("RGB", (90, 30))], lossless=True)
    assert close(read_picture(tmp_path / "a.webp", None)[15, 15], RED)


def _write(path: Path, kind: str) -> None:
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "text":
        path.write_text("no picture")
    elif kind == "empty":
        path.touch()
    elif kind == "gif":
        thirds().save(path, "GIF")
    elif kind.startswith("half"):
        noise = np.random.default_rng(0).integers(0, 255, (60, 60, 3), np.uint8)
        Image.fromarray(noise).save(path, kind[5:])
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif kind.startswith("bomb"):
        side = {"bomb 41": 6404, "bomb 100": 10_000, "bomb 200": 14_143}[kind]
        Image.new("1", (side, side)).save(path, "PNG")
    elif kind == "large":
        thirds().save(path, "WEBP")
        os.truncate(path, BYTES + 1)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("nothing", "cannot be read (No such file or directory); give the path of a picture: JPEG"),
        ("folder", "is a folder or a device; give the path"),
        ("pipe", "is a folder or a device; give the path"),
        ("device", "is a folder or a device; give the path"),
        ("text", "is no picture of a known kind; give the path"),
        ("empty", "is no picture of a known kind; give the path"),
        ("gif", "is no picture of a known kind; give the path"),
        ("half JPEG", "cannot be read (image file is truncated"),
        ("half PNG", "cannot be read ("),
        ("half WEBP", "cannot be read ("),
        ("half BMP", "cannot be read (image file is truncated"),
        ("bomb 41", "has more than 40 million pixels; scale it down"),
        ("bomb 100", "has more than 40 million pixels; scale it down"),
        ("bomb 200", "has more than 40 million pixels; scale it down"),
        ("large", "is larger than 200 MB"),
    ],
)
@pytest.mark.parametrize("size", [None, (16, 16)])
def test_what_is_no_picture_is_refused_with_its_name_and_a_remedy(tmp_path, kind, told, size):
    path = tmp_path / "a.png"
    _write(path, kind)
    with pytest.raises(CameraError) as error:
        read_picture(path, size)
    assert str(error.value).startswith(f"{path}: {told}")


def test_one_that_may_not_be_read_is_told(tmp_path, mocker):
    thirds().save(tmp_path / "a.png")
    mocker.patch("PIL.Image.open", side_effect=PermissionError(13, "Permission denied"))
    with pytest.raises(CameraError, match=r"cannot be read \(Permission denied\)"):
        read_picture(tmp_path / "a.png", None)


def test_a_picture_that_is_just_small_enough_is_read(tmp_path):
    Image.new("1", (8000, 5000)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", (16, 16)).shape == (16, 16, 3)


def test_a_picture_is_not_decoded_to_see_that_it_is_too_large(tmp_path, mocker):
    Image.new("1", (6404, 6404)).save(tmp_path / "a.png")
    load = mocker.spy(sys.modules["PIL.ImageFile"].ImageFile, "load")
    with pytest.raises(CameraError, match="scale it down"):
        read_picture(tmp_path / "a.png", None)
    assert load.call_count == 0


def test_what_pillow_warns_of_stays_with_it(tmp_path):
    Image.new("1", (10_000, 10_000)).save(tmp_path / "a.png")
    with warnings.catch_warnings(record=True, action="always") as told, pytest.raises(CameraError):
        read_picture(tmp_path / "a.png", None)
    assert told == []
