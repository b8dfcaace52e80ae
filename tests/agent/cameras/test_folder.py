import numpy as np
import pytest
from PIL import Image

from agent.cameras.folder import folder
from agent.clock import FakeClock
from agent.errors import CameraError
from agent.settings.camera import CameraTable


@pytest.fixture
def add(tmp_path):
    def add(*names: str) -> None:
        for name in names:
            level = int("".join(filter(str.isdigit, name)))
            Image.new("RGB", (32, 16), (level, level, level)).save(tmp_path / name)

    return add


@pytest.fixture
def opened(tmp_path):
    def opened(seed: int = 0, **keys):
        table = CameraTable(kind="folder", path=tmp_path, **keys)
        camera = folder(table, FakeClock(), np.random.default_rng(seed))
        camera.open()
        return camera

    return opened


def levels(camera, count: int) -> list[int]:
    return [int(camera.capture(1).pixels[0, 0, 0]) for _ in range(count)]


def test_pictures_come_by_name_one_after_the_other_for_ever(add, opened):
    add("b20.png", "a10.JPG", "c30.webp", "d40.Bmp", "e50.jpeg")
    assert levels(opened(), 12) == [10, 20, 30, 40, 50, 10, 20, 30, 40, 50, 10, 20]


def test_at_random_each_picture_comes_once_a_round_in_an_order_that_the_seed_decides(add, opened):
    add(*(f"{level}.png" for level in range(10, 90, 10)))
    taken = levels(opened(order="random"), 32)
    rounds = [tuple(taken[start : start + 8]) for start in range(0, 32, 8)]
    assert all(sorted(one) == list(range(10, 90, 10)) for one in rounds)
    assert len(set(rounds)) == 4
    assert levels(opened(order="random"), 32) == taken
    assert levels(opened(1, order="random"), 32) != taken


def test_what_is_no_picture_by_its_name_is_passed_over(add, opened, tmp_path):
    add("10.png")
    for name in ("notes.txt", "._10.jpg", ".jpg", "Thumbs.db", "png"):
        (tmp_path / name).write_text("no picture")
    assert levels(opened(), 3) == [10, 10, 10]


def test_a_broken_picture_is_told_once_and_the_next_one_comes(add, opened, tmp_path, caplog):
    add("1.png", "3.png")
    (tmp_path / "2.png").write_text("no picture")
    camera = opened()
    assert levels(camera, 4) == [1, 3, 1, 3]
    assert caplog.text.count("2.png: is no picture") == 1


def test_a_folder_that_goes_away_is_told_by_its_pictures(add, opened, tmp_path):
    add("1.png")
    camera = opened()
    (tmp_path / "1.png").unlink()
    with pytest.raises(CameraError, match="none of its pictures can be read"):
        camera.capture(1)


def test_frames_are_scaled_to_a_size_or_stay_as_they_are(add, opened):
    add("1.png")
    assert opened().capture(1).pixels.shape == (16, 32, 3)
    assert opened(size="64x48").capture(1).pixels.shape == (48, 64, 3)


def test_a_folder_without_pictures_or_none_at_all_is_told_when_it_is_opened(opened, tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(CameraError, match=r"holds no picture; put files into it that end in \.jpg, .*\.bmp"):
        opened()
    (tmp_path / "notes.txt").unlink()
    tmp_path.rmdir()
    with pytest.raises(CameraError, match=r"cannot be read \(No such file or directory\); give a folder of pictures"):
        opened()


def test_opened_again_it_begins_anew_with_what_is_there_now(add, opened):
    add("1.png", "2.png")
    camera = opened()
    assert levels(camera, 1) == [1]
    camera.close()
    add("0.png")
    camera.open()
    assert levels(camera, 3) == [0, 1, 2]
