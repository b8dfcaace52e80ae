import itertools
import os
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agent.errors import PictureError
from agent.imaging.files import BYTES, pictures_in, probe, read_background, read_sprite
from tests.made_pictures import BLUE, GREEN, RED, YELLOW, noise, plain, quarters

COLORS = (RED, GREEN, BLUE, YELLOW)
ORIENTATION = 0x0112
# Each orientation in EXIF, and where the red, green, blue and yellow quarter are when it is turned upright.
UPRIGHT = {1: "RGBY", 2: "GRYB", 3: "YBGR", 4: "BYRG", 5: "RBGY", 6: "BRYG", 7: "YGBR", 8: "GYRB"}

READERS = {
    "sprite": lambda path: read_sprite(path, 1024),
    "small sprite": lambda path: read_sprite(path, 16),
    "background": lambda path: read_background(path, None),
    "small background": lambda path: read_background(path, (16, 16)),
}
each_reader = pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())


def corners(image: Image.Image) -> str:
    """The colours of the four quarters, from left to right and from top to bottom, by their initials."""
    found = ""
    for y, x in itertools.product((0.25, 0.75), (0.25, 0.75)):
        pixel = image.convert("RGB").getpixel((int(x * image.width), int(y * image.height)))
        (name,) = [
            name
            for name, color in zip("RGBY", COLORS, strict=True)
            if max(abs(a - b) for a, b in zip(pixel, color, strict=True)) < 20
        ]
        found += name
    return found


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_says(width: int, height: int) -> bytes:
    """A PNG with this in its header, and hardly a pixel behind it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@each_reader
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp"])
def test_each_kind_of_picture_is_read(tmp_path, reader, suffix):
    quarters((90, 60)).save(tmp_path / f"a.{suffix}")
    assert corners(reader(tmp_path / f"a.{suffix}")) == "RGBY"


def test_a_sprite_has_transparency_and_a_background_has_none(tmp_path):
    path = tmp_path / "a.png"
    quarters((90, 60)).save(path)
    assert (read_sprite(path, 100).mode, read_background(path, None).mode) == ("RGBA", "RGB")
    assert read_sprite(path, 100).getchannel("A").getextrema() == (255, 255)


@pytest.mark.parametrize(
    ("size", "longest"),
    [
        ((90, 60), 90),
        ((90, 60), 500),
        ((90, 60), 89),
        ((90, 60), 44),
        ((60, 90), 30),
        ((3000, 2), 100),
        ((2, 3000), 100),
        ((2000, 1500), 1024),
        ((3001, 2999), 100),
    ],
)
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_sprite_is_read_no_larger_than_asked_for_and_in_its_proportions(tmp_path, suffix, size, longest):
    path = tmp_path / f"a.{suffix}"
    quarters(size).save(path)
    sprite = read_sprite(path, longest)
    if max(size) <= longest:
        assert sprite.size == size
    assert 0.7 * longest < max(sprite.size) <= longest or sprite.size == size
    scale = max(sprite.size) / max(size)
    assert sprite.size == pytest.approx([max(scale * side, 1) for side in size], abs=1)
    if min(sprite.size) > 10:
        assert corners(sprite) == "RGBY"


def test_a_large_sprite_is_reduced_as_pillow_would(tmp_path):
    """Many strips are put together; none may be lost, repeated or shifted."""
    y, x = np.mgrid[0:2600, 0:2000]
    waves = np.stack([127 + 120 * np.sin(y / 90), 127 + 120 * np.cos(x / 70), (x + y) % 4600 / 18], axis=2)
    image = Image.fromarray(waves.astype(np.uint8))
    image.save(tmp_path / "a.png", compress_level=1)
    sprite = read_sprite(tmp_path / "a.png", 260)
    wanted = np.asarray(image.resize(sprite.size, Image.Resampling.BOX), float)
    read = np.asarray(sprite.convert("RGB"), float)
    assert np.abs(read - wanted).mean() < 0.6
    assert np.abs(read - wanted).max() <= 4


def test_no_colour_of_what_is_transparent_gets_into_a_reduced_sprite(tmp_path):
    image = Image.new("RGBA", (900, 900), (255, 255, 255, 0))
    image.paste((200, 30, 30, 255), (301, 301, 599, 599))
    image.save(tmp_path / "a.png")
    for longest in (500, 100):
        pixels = np.asarray(read_sprite(tmp_path / "a.png", longest)).astype(int)
        seen = pixels[..., 3] > 20
        assert np.abs(pixels[seen][:, :3] - (200, 30, 30)).max() <= 8


@pytest.mark.parametrize("size", [(30, 30), (300, 300), (64, 20), (20, 64)])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("scale", [1, 20])
def test_a_background_fills_its_size_and_is_cropped_at_the_middle(tmp_path, suffix, size, scale):
    path = tmp_path / f"a.{suffix}"
    image = plain((120 * scale, 40 * scale))
    image.paste(GREEN, (30 * scale, 0, 90 * scale, 40 * scale))
    image.save(path)
    read = read_background(path, size)
    assert read.size == size
    inner = np.asarray(read).reshape(-1, 3) if size != (64, 20) else np.asarray(read)[:, 18:-18].reshape(-1, 3)
    assert np.abs(inner.astype(int) - GREEN).max() < 25
    assert read_background(path, None).size == image.size


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_jpeg_is_still_sharp_when_it_is_scaled_down(tmp_path, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stripes = np.zeros((640, 2560), np.uint8)
    stripes[:, np.arange(2560) % 8 < 4] = 255
    Image.fromarray(stripes).save(tmp_path / "a.jpg", exif=exif, quality=95)
    background = read_background(tmp_path / "a.jpg", (640, 160) if orientation == 1 else (160, 640))
    sprite = read_sprite(tmp_path / "a.jpg", 640).convert("RGB")
    for image in (background, sprite):
        along = np.asarray(image)[:, 80] if orientation == 6 else np.asarray(image)[80]
        assert len(along) == 640
        assert np.abs(np.diff(along[..., 0].astype(int))).min() > 140


@pytest.mark.parametrize(("orientation", "upright"), UPRIGHT.items())
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("longest", [1024, 100, 30])
def test_one_that_its_camera_took_on_its_side_is_turned_upright(tmp_path, suffix, orientation, upright, longest):
    exif, path = Image.Exif(), tmp_path / f"a.{suffix}"
    exif[ORIENTATION] = orientation
    quarters((240, 120)).save(path, exif=exif)
    sprite, background = read_sprite(path, longest), read_background(path, None)
    assert corners(sprite) == corners(background) == corners(read_background(path, (64, 64))) == upright
    assert background.size == ((240, 120) if orientation < 5 else (120, 240))
    assert (sprite.width > sprite.height) == (orientation < 5)


@pytest.mark.parametrize("longest", [1024, 8])
def test_a_palette_may_have_transparent_colours(tmp_path, longest):
    image = Image.fromarray(np.repeat(np.arange(4, dtype=np.uint8), 256).reshape(32, 32))
    image.putpalette([*RED, *GREEN, *BLUE, *YELLOW])
    for told, transparency in ((bytes([0, 128, 255, 255]), [0, 128, 255, 255]), (1, [255, 0, 255, 255])):
        image.save(tmp_path / "a.png", transparency=told)
        sprite = read_sprite(tmp_path / "a.png", longest)
        bands = [sprite.getpixel((3, int(place * sprite.height))) for place in (0.2, 0.45, 0.7, 0.95)]
        assert [band[3] for band in bands] == transparency
        assert bands[2][:3] == BLUE
        assert read_background(tmp_path / "a.png", None).getpixel((3, 20)) == BLUE


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16"])
def test_greys_of_any_depth_become_colours(tmp_path, mode):
    grey = np.linspace(0, 255, 64, dtype=np.uint8).reshape(8, 8)
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    image.save(tmp_path / "a.png")
    for pixels in (read_sprite(tmp_path / "a.png", 8).convert("RGB"), read_background(tmp_path / "a.png", None)):
        assert (np.asarray(pixels)[[0, 7], [0, 7]] == [[0], [255]]).all()
        if mode != "1":
            assert (np.asarray(pixels) == grey[..., None]).all()


@each_reader
def test_colours_of_print_are_read(tmp_path, reader):
    quarters((90, 60)).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert corners(reader(tmp_path / "a.jpg")) == "RGBY"


@each_reader
@pytest.mark.parametrize("suffix", ["webp", "png"])
def test_the_first_picture_of_an_animation_is_read(tmp_path, reader, suffix):
    quarters((90, 60)).save(
        tmp_path / f"a.{suffix}", save_all=True, append_images=[plain((90, 60)), plain((90, 60), GREEN)]
    )
    assert corners(reader(tmp_path / f"a.{suffix}")) == "RGBY"


def test_a_picture_is_probed_without_being_decoded(tmp_path):
    path = tmp_path / "a.png"
    quarters().save(path)
    probe(path)
    path.write_bytes(png_that_says(600, 600))
    probe(path)
    with pytest.raises(PictureError, match=r"a\.png: cannot be read"):
        read_sprite(path, 100)
    path.write_bytes(png_that_says(60_000, 60_000))
    with pytest.raises(PictureError, match="more than 40 million pixels"):
        probe(path)


def test_what_is_no_longer_there_is_told(tmp_path):
    path = tmp_path / "a.png"
    path.symlink_to(tmp_path / "gone.png")
    with pytest.raises(PictureError, match="No such file or directory"):
        read_sprite(path, 16)


def cut_in_half(path: Path, format_: str) -> None:
    noise((60, 60)).save(path, format_)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def enlarge(path: Path) -> None:
    quarters().save(path, "WEBP")
    os.truncate(path, BYTES + 1)


WRITE = {
    "nothing": lambda path: None,
    "folder": Path.mkdir,
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "loop": lambda path: path.symlink_to(path),
    "text": lambda path: path.write_text("no picture"),
    "empty": Path.touch,
    "GIF": lambda path: quarters().save(path, "GIF"),
    "TIFF": lambda path: quarters().save(path, "TIFF"),
    "no pixels": lambda path: path.write_bytes(png_that_says(0, 0)),
    "half JPEG": lambda path: cut_in_half(path, "JPEG"),
    "half PNG": lambda path: cut_in_half(path, "PNG"),
    "half WEBP": lambda path: cut_in_half(path, "WEBP"),
    "half BMP": lambda path: cut_in_half(path, "BMP"),
    "bomb of 41 million": lambda path: path.write_bytes(png_that_says(6404, 6404)),
    "bomb of 100 million": lambda path: path.write_bytes(png_that_says(10_000, 10_000)),
    "bomb of 3.6 billion": lambda path: path.write_bytes(png_that_says(60_000, 60_000)),
    "large": enlarge,
}


@each_reader
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("nothing", "cannot be read (No such file or directory); give the path of a picture: JPEG"),
        ("folder", "is a folder or a device; give the path of a picture"),
        ("pipe", "is a folder or a device; give the path of a picture"),
        ("device", "is a folder or a device; give the path of a picture"),
        ("loop", "cannot be read ("),
        ("text", "is no picture of a known kind; give the path of a picture"),
        ("empty", "is no picture of a known kind; give the path of a picture"),
        ("GIF", "is no picture of a known kind; give the path of a picture"),
        ("TIFF", "is no picture of a known kind; give the path of a picture"),
        ("no pixels", ""),
        ("half JPEG", "cannot be read (image file is truncated"),
        ("half PNG", "cannot be read ("),
        ("half WEBP", "cannot be read ("),
        ("half BMP", "cannot be read (image file is truncated"),
        ("bomb of 41 million", "has more than 40 million pixels; scale it down"),
        ("bomb of 100 million", "has more than 40 million pixels; scale it down"),
        ("bomb of 3.6 billion", "has more than 40 million pixels; scale it down"),
        ("large", "is larger than 200 MB; scale it down"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_name_and_a_remedy(tmp_path, reader, kind, told):
    path = tmp_path / "a.png"
    WRITE[kind](path)
    with pytest.raises(PictureError) as error:
        reader(path)
    assert str(error.value).startswith(f"{path}: {told}")


def test_a_background_as_it_is_has_a_limit_of_its_sides(tmp_path):
    path = tmp_path / "a.png"
    plain((8193, 4)).save(path)
    with pytest.raises(PictureError, match=r"a\.png: has a side of more than 8192 pixels; scale it down, or set size"):
        read_background(path, None)
    assert read_background(path, (16, 16)).size == (16, 16)
    plain((8192, 4)).save(path)
    assert read_background(path, None).size == (8192, 4)


@each_reader
def test_what_pillow_warns_of_stays_with_it(tmp_path, reader):
    WRITE["bomb of 100 million"](tmp_path / "a.png")
    with warnings.catch_warnings(record=True, action="always") as told, pytest.raises(PictureError):
        reader(tmp_path / "a.png")
    assert told == []


@each_reader
def test_a_name_that_is_too_long_is_told(tmp_path, reader):
    with pytest.raises(PictureError, match=r"a\.png: cannot be read \(File name too long\)"):
        reader(tmp_path / ("a" * 300 + ".png"))


def test_a_picture_that_is_just_small_enough_is_read(tmp_path):
    Image.new("1", (8000, 5000)).save(tmp_path / "a.png")
    assert read_sprite(tmp_path / "a.png", 16).size == (16, 10)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the most memory that was used")
def test_a_large_picture_with_transparency_is_reduced_in_little_memory(tmp_path):
    Image.new("P", (6300, 6300)).save(tmp_path / "a.png", compress_level=1)
    program = (
        "import pathlib, re, sys; from agent.imaging.files import read_sprite\n"
        "used = lambda: int(re.search(r'VmHWM:\\s*(\\d+)', pathlib.Path('/proc/self/status').read_text())[1]) / 1024\n"
        "before = used(); read_sprite(pathlib.Path(sys.argv[1]), 1024); print(used() - before)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a.png")], capture_output=True, text=True, check=True
    )
    assert 38 < float(run.stdout) < 100  # its pixels take 38 MB, with transparency they would take 151 MB


@each_reader
@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "BMP"])
def test_a_damaged_picture_is_read_or_refused_whatever_the_damage(tmp_path, reader, format_):
    path, rng = tmp_path / "a", np.random.default_rng(0)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    noise((20, 20)).save(path, format_, **({} if format_ == "BMP" else {"exif": exif}))
    whole, refused = np.frombuffer(path.read_bytes(), np.uint8), 0
    for _ in range(80):
        damaged = whole.copy()
        damaged[rng.integers(0, min(len(whole), 200), 4)] = rng.integers(0, 256, 4)
        path.write_bytes(damaged[: rng.integers(1, len(whole)) if rng.random() < 0.2 else None].tobytes())
        try:
            assert min(reader(path).size) > 0
        except PictureError:
            refused += 1
    assert refused > 5


def test_the_pictures_of_a_folder_come_by_name_and_hidden_ones_do_not(tmp_path):
    for name in ("b.png", "a.JPG", "c.webp", "d.jpeg", "e.Bmp", "f.gif", "notes.txt", "._a.png", ".png", "png"):
        (tmp_path / name).touch()
    assert pictures_in(tmp_path) == [tmp_path / name for name in ("a.JPG", "b.png", "c.webp", "d.jpeg", "e.Bmp")]


def test_a_folder_that_cannot_be_read_or_holds_no_picture_is_told(tmp_path):
    with pytest.raises(PictureError, match=r"gone: cannot be read \(No such file or directory\); give a folder"):
        pictures_in(tmp_path / "gone")
    (tmp_path / "file").touch()
    with pytest.raises(PictureError, match=r"file: cannot be read \(Not a directory\); give a folder"):
        pictures_in(tmp_path / "file")
    with pytest.raises(PictureError, match=r"holds no picture; put files into it that end in \.jpg, .*\.bmp"):
        pictures_in(tmp_path)
