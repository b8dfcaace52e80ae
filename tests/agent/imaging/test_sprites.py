import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from agent.errors import PictureError
from agent.imaging.levels import CACHE_BYTES, Levels
from agent.imaging.placeholder import placeholder
from agent.imaging.scene import Rect
from agent.imaging.sprites import LARGEST_PX, SMALL_PX, Sprite, Stock, filled
from tests.made_pictures import BLUE, GREEN, RED, YELLOW, noise, plain, put, quarters

HOSTILE = ["", " ", "x" * 10_000, "\0\n\x1b", "🐱", "../../etc/passwd", "../cat", "/cat", "a/b", "..", ".", "cat\0.png"]


def sprite(image: Image.Image, levels: Levels | None = None, key: str = "it") -> Sprite:
    return Sprite(key, lambda: image.convert("RGBa"), levels or Levels())


def waves(size: tuple[int, int]) -> Image.Image:
    """Smooth colours, and a smooth transparency."""
    y, x = np.mgrid[0 : 1 : size[1] * 1j, 0 : 1 : size[0] * 1j]
    bands = [255 * x, 255 * y, 127 + 120 * np.sin(4 * x + 3 * y), 155 + 100 * np.cos(3 * x)]
    return Image.fromarray(np.stack(bands, axis=2).astype(np.uint8)).convert("RGBa")


def colors(stock: Stock, label: str) -> list[tuple[int, ...]]:
    """Of plain sprites."""
    return [found.level(0, 0).getpixel((0, 0))[:3] for found in stock.sprites(label)]


def drawn(of: Sprite, width: int, height: int) -> np.ndarray:
    whole = Rect(0, 0, width, height)
    return np.asarray(filled(of.near(width, height), whole, whole), float)


@pytest.mark.parametrize(
    "name",
    ["traffic-light.png", "Traffic_Light.PNG", "TRAFFIC LIGHT.webp", "traffic light.jpg", "Traffic-Light.bmp"],
)
@pytest.mark.parametrize("folder", [False, True])
def test_a_class_is_found_however_its_words_are_joined(tmp_path, name, folder):
    path = tmp_path / name.rpartition(".")[0] / "1.png" if folder else tmp_path / name
    path.parent.mkdir(exist_ok=True)
    plain((13, 17)).save(path)
    stock = Stock(tmp_path)
    for label in ("traffic light", "Traffic_Light", "TRAFFIC-LIGHT", " traffic.light "):
        assert stock.has(label)
        assert [found.level(0, 0).size for found in stock.sprites(label)] == [(13, 17)]
    for label in ("traffic", "light", "trafficlight", "traffic lights", ""):
        assert not stock.has(label)
        assert stock.sprites(label) == []


def test_classes_may_be_named_in_any_script(tmp_path):
    put(tmp_path, **{"猫": quarters(), "Größe": quarters(), "кошка": quarters(), "17": quarters()})
    for label in ("猫", "GRÖSSE", "größe", "КОШКА", "17"):
        assert Stock(tmp_path).has(label)
    assert not Stock(tmp_path).has("犬")


def test_a_class_has_all_its_files_in_the_order_of_their_names(tmp_path):
    folder = tmp_path / "cat"
    folder.mkdir()
    put(folder, c=plain((9, 9), BLUE), a=plain((9, 9), RED), b=plain((9, 9), GREEN))
    put(tmp_path, Cat=plain((9, 9), YELLOW), dog=quarters())
    assert colors(Stock(tmp_path), "cat") == [YELLOW, RED, GREEN, BLUE]


def test_what_is_no_picture_by_its_name_is_passed_over(tmp_path):
    put(tmp_path, cat=plain((9, 9)))
    for name in ("cat.txt", "README.md", "cat", "dog.tiff"):
        (tmp_path / name).write_text("no picture")
    (tmp_path / "cat.webp").mkdir()
    (tmp_path / "bird").mkdir()
    (tmp_path / "bird" / "old.png").mkdir()
    os.mkfifo(tmp_path / "fish.png")
    stock = Stock(tmp_path)
    assert colors(stock, "cat") == [RED]
    assert not any(stock.has(label) for label in ("readme", "dog", "bird", "fish"))
    stock.read()


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_never_leaves_the_folder(tmp_path, label):
    folder = tmp_path / "sprites"
    folder.mkdir()
    put(folder, cat=plain((9, 9)))
    put(tmp_path, cat=plain((9, 9), BLUE), passwd=plain((9, 9), BLUE))
    (tmp_path / "a").mkdir()
    put(tmp_path / "a", b=plain((9, 9), BLUE))
    stock = Stock(folder)
    assert colors(stock, label) == [RED] * stock.has(label)
    assert stock.placeholder(label, 50, 50).level(0, 0).size == (320, 320)


def test_a_folder_that_holds_no_sprites_is_told(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(PictureError, match=rf"{tmp_path}: holds no sprites; put class.png, or a folder for each class"):
        Stock(tmp_path)


def test_a_folder_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(PictureError, match=r"gone: cannot be read \(No such file or directory\); give a folder"):
        Stock(tmp_path / "gone")
    (tmp_path / "file.png").touch()
    with pytest.raises(PictureError, match=r"file.png: cannot be read \(Not a directory\); give a folder"):
        Stock(tmp_path / "file.png")


def test_without_a_folder_no_class_has_a_sprite():
    assert not Stock(None).has("cat")
    assert Stock(None).sprites("cat") == []
    Stock(None).read()


def original(folder, label: str = "cat", **keys) -> Image.Image:
    (found,) = Stock(folder, **keys).sprites(label)
    return found.level(0, 0)


@pytest.mark.parametrize("size", [(3, 7), (37, 411), (LARGEST_PX, 9), (1200, 900)])
def test_a_sprite_is_kept_no_larger_than_it_is_needed(tmp_path, size):
    image = original(put(tmp_path, cat=noise(size)))
    assert image.mode == "RGBa"
    if max(size) <= LARGEST_PX:
        assert image.size == size
    else:
        assert 0.7 * LARGEST_PX < image.width <= LARGEST_PX
        assert image.height == pytest.approx(0.75 * image.width, abs=1)


def test_transparent_margins_do_not_count(tmp_path):
    image = Image.new("RGBA", (90, 80), (255, 255, 255, 0))
    image.paste((*RED, 255), (20, 30, 50, 70))
    assert original(put(tmp_path, cat=image)).size == (30, 40)


def on_white() -> Image.Image:
    image = plain((90, 80), (255, 255, 255))
    image.paste(RED, (20, 30, 60, 70))
    image.paste((255, 255, 255), (35, 45, 45, 55))
    return image


def test_white_is_made_transparent_on_request_only(tmp_path):
    put(tmp_path, cat=on_white())
    assert original(tmp_path).size == (90, 80)
    cut = original(tmp_path, white=True)
    assert cut.size == pytest.approx((40, 40), abs=2)
    assert cut.getpixel((20, 20)) == (255, 255, 255, 255)
    assert cut.getpixel((6, 6)) == (*RED, 255)


def test_what_has_transparency_already_keeps_its_white(tmp_path):
    image = on_white().convert("RGBA")
    image.putpixel((0, 0), (255, 255, 255, 0))
    assert original(put(tmp_path, cat=image), white=True).size == (90, 80)


def test_a_picture_that_is_nothing_but_white_or_transparent_is_told(tmp_path):
    put(tmp_path, white=plain((20, 20), (255, 255, 255)), clear=plain((20, 20), (*RED, 8)))
    with pytest.raises(PictureError, match=r"white\.png: nothing of it is opaque; give a picture of the object"):
        original(tmp_path, "white", white=True)
    with pytest.raises(PictureError, match=r"clear\.png: nothing of it is opaque"):
        original(tmp_path, "clear")
    assert original(tmp_path, "white").size == (20, 20)
    with pytest.raises(PictureError, match=r"clear\.png"):
        Stock(tmp_path).read()


def test_every_sprite_is_looked_at_or_read_when_that_is_asked_for_and_not_before(tmp_path):
    put(tmp_path, cat=quarters())
    (tmp_path / "dog.png").write_text("no picture")
    (tmp_path / "fish.png").write_bytes((tmp_path / "cat.png").read_bytes()[:-40])
    stock = Stock(tmp_path)
    assert stock.has("dog")
    with pytest.raises(PictureError, match=r"dog\.png: is no picture of a known kind"):
        stock.check()
    (tmp_path / "dog.png").unlink()
    with pytest.raises(PictureError, match=r"dog\.png: cannot be read \(No such file"):
        stock.sprites("dog")[0].level(0, 0)
    with pytest.raises(PictureError, match=r"dog\.png: cannot be read \(No such file"):
        stock.check()
    put(tmp_path, dog=quarters())
    stock.check()
    with pytest.raises(PictureError, match=r"fish\.png: cannot be read"):
        stock.read()


def test_a_class_whose_sprite_is_gone_is_told_of_and_has_none(tmp_path, caplog):
    stock = Stock(put(tmp_path, cat=quarters(), dog=quarters()))
    stock.gone("cat", PictureError("cat.png: is gone"))
    assert not stock.has("cat")
    assert stock.has("dog")
    assert "sprites of cat are left out: cat.png: is gone" in caplog.text
    stock.gone("cat", PictureError("cat.png: is gone"))


def test_a_sprite_is_read_once(tmp_path):
    stock = Stock(put(tmp_path, cat=quarters()))
    first = stock.sprites("cat")[0].level(0, 0)
    (tmp_path / "cat.png").unlink()
    assert stock.sprites("cat")[0].level(0, 0) is first


def test_a_placeholder_is_made_once_for_about_the_same_proportions():
    levels = Levels()
    stock = Stock(None, levels=levels)
    first = stock.placeholder("cat", 100, 50).level(0, 0)
    assert first.tobytes() == placeholder("cat", (320, 160)).convert("RGBa").tobytes()
    assert stock.placeholder("cat", 202, 99).level(0, 0) is first
    assert stock.placeholder("dog", 100, 50).level(0, 0) is not first
    assert stock.placeholder("cat", 50, 100).level(0, 0).size == (160, 320)
    assert levels.held_bytes == 3 * 320 * 160 * 4


def test_no_more_memory_is_held_than_allowed_after_any_sizes():
    rng, most = np.random.default_rng(0), LARGEST_PX**2 * 4
    levels = Levels(most)
    sprites = [sprite(noise(size), levels, str(size)) for size in ((3, 7), (37, 411), (900, 700))]
    for _ in range(300):
        sprites[rng.integers(3)].near(*(int(side) for side in 2 ** rng.uniform(1, 12, 2)))
        assert 0 < levels.held_bytes <= most


def test_a_stock_holds_no_more_than_its_bound_by_itself(tmp_path):
    for number in range(8):
        noise((1024, 1024), number).save(tmp_path / f"{number}.png", compress_level=0)
    levels = Levels()
    stock = Stock(tmp_path, levels=levels)
    for number in range(8):
        stock.sprites(str(number))[0].near(100, 100)
        assert levels.held_bytes <= CACHE_BYTES


@settings(max_examples=60)
@given(st.tuples(*[st.integers(1, LARGEST_PX)] * 2), st.tuples(*[st.integers(2, 5000)] * 2))
def test_a_level_has_enough_pixels_and_not_many_more(size, wanted):
    of = sprite(plain(size))
    level, times = of.near(*wanted), 2 if wanted[0] * wanted[1] <= SMALL_PX else 1
    for kept, read, least in zip(level.size, size, wanted, strict=True):
        assert kept >= least or 2 * kept > LARGEST_PX
        assert kept >= min(times * least, read) or 2 * kept > LARGEST_PX
        assert kept <= min(4 * times * least, LARGEST_PX)


@settings(max_examples=60)
@given(
    st.tuples(*[st.integers(1, LARGEST_PX)] * 2),
    st.tuples(*[st.integers(2, 2_000_000)] * 2),
    st.tuples(*[st.floats(0, 1)] * 2),
)
def test_an_opaque_sprite_fills_every_pixel_of_what_is_seen(size, wanted, place):
    whole = Rect(0, 0, *wanted)
    left, top = (int(part * (side - 2)) for part, side in zip(place, wanted, strict=True))
    seen = Rect(left, top, min(left + 320, wanted[0]), min(top + 180, wanted[1]))
    made = filled(sprite(plain(size)).near(*wanted), whole, seen)
    assert made.size == seen.size
    assert np.asarray(made).reshape(-1, 4).tolist() == [[*RED, 255]] * seen.area


@pytest.mark.parametrize("size", [(900, 700), (37, 411), (640, 64)])
@pytest.mark.parametrize(
    "wanted", [(8, 8), (13, 60), (60, 41), (141, 141), (142, 142), (333, 599), (700, 500), (30, 400)]
)
def test_a_sprite_looks_as_if_it_were_properly_scaled(size, wanted):
    image = waves(size)
    made = drawn(sprite(image), *wanted)
    for filter_ in (Image.Resampling.BOX, Image.Resampling.LANCZOS):
        proper = np.asarray(image.resize(wanted, filter_), float)
        assert np.abs(made - proper).mean() < (7 if min(wanted) < 20 else 3)


@pytest.mark.parametrize("wanted", [(1200, 900), (1500, 90), (2500, 2000)])
def test_a_sprite_that_is_drawn_larger_than_it_is_stays_smooth(wanted):
    image = waves((300, 200))
    proper = np.asarray(image.resize(wanted, Image.Resampling.BILINEAR), float)
    assert np.abs(drawn(sprite(image), *wanted) - proper).mean() < 1.5


@pytest.mark.parametrize("wanted", [(20, 20), (57, 33), (100, 100), (128, 128), (160, 160), (250, 130)])
def test_fine_patterns_become_grey_and_no_coarse_ones(wanted):
    checks = (np.indices((512, 512)).sum(axis=0) % 2 * 255).astype(np.uint8)
    made = drawn(sprite(Image.fromarray(checks).convert("RGBA")), *wanted)
    assert np.abs(made[..., :3] - 127.5).max() <= 2


def test_only_small_objects_are_averaged_of_four_pixels_each():
    halves = sprite(Image.fromarray(np.tri(300, dtype=np.uint8) * 255).convert("RGBA"))
    assert len(np.unique(drawn(halves, 140, 140))) > 2
    assert set(np.unique(drawn(halves, 160, 160))) == {0, 255}


@pytest.mark.parametrize("wanted", [(2400, 150), (150, 2400)])
def test_one_that_is_drawn_larger_in_one_direction_only_is_smooth_there(wanted):
    made = drawn(sprite(noise((300, 200))), *wanted)
    along = made[100] if wanted[0] > wanted[1] else made[:, 100]
    assert (along[1:] == along[:-1]).all(axis=1).mean() < 0.1


@pytest.mark.parametrize("wanted", [(30, 50), (200, 300), (1500, 1100)])
def test_a_part_is_drawn_as_it_is_in_the_whole(wanted):
    of, whole = sprite(waves((900, 700))), Rect(0, 0, *wanted)
    seen = Rect(wanted[0] // 3, wanted[1] // 4, wanted[0] - 1, wanted[1])
    level = of.near(*wanted)
    part = np.asarray(filled(level, whole, seen), float)
    assert np.abs(part - np.asarray(filled(level, whole, whole), float)[seen.top :, seen.left : -1]).max() <= 2


def test_colours_of_neighbours_do_not_get_in_at_a_cut():
    of, whole = sprite(quarters((64, 64))), Rect(0, 0, 200, 200)
    for seen, color in ((Rect(0, 0, 97, 97), RED), (Rect(103, 0, 200, 97), GREEN), (Rect(0, 103, 97, 200), BLUE)):
        pixels = np.asarray(filled(of.near(200, 200), whole, seen))
        assert (pixels == (*color, 255)).all()


def test_what_other_systems_hide_beside_a_sprite_is_none(tmp_path):
    put(tmp_path, cat=noise((9, 9)))
    (tmp_path / "._cat.png").write_bytes(b"\0\5\x16\7")
    Stock(tmp_path).check()
    assert len(Stock(tmp_path).sprites("cat")) == 1


@pytest.mark.parametrize(
    ("file", "same", "other"),
    [
        ("traffic__light", "traffic light", "trafficlight"),
        ("Traffic-Light", "traffic_light", "traffic"),
        ("cafe\u0301", "caf\u00e9", "cafe"),
        ("\U0001f431", "\U0001f431", "\U0001f436"),
        ("\u0915\u093e\u0930", "\u0915\u093e\u0930", "\u0915\u094b\u0930"),
    ],
)
def test_a_class_finds_its_own_sprites_however_they_are_written(tmp_path, file, same, other):
    put(tmp_path, **{file: noise((9, 9))})
    assert Stock(tmp_path).has(same)
    assert not Stock(tmp_path).has(other)
    assert not Stock(tmp_path).has("")
