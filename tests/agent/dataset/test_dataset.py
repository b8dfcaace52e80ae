import csv
import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from agent.dataset import processes
from agent.dataset.dataset import write
from agent.dataset.plan import plan_of
from agent.errors import ConfigError, PictureError
from tests.bundles import write_bundle
from tests.commands import run
from tests.e2e.broker import wait_until
from tests.scenes import LABELS, scene_text, write_scenes

BOXES = [[0.1, 0.1, 0.5, 0.5], [0.25, 0.5, 0.99, 0.75], [-0.2, 0.3, 0.2, 0.6]]
TEXTS = [scene_text(LABELS[place % 2], box) for place, box in enumerate(BOXES * 7)]


def made(tmp_path: Path, name: str = "set", workers: int = 1, **keys) -> Path:
    bundle = write_scenes(tmp_path / "cam.npz")
    background, size = keys.pop("background", None), keys.pop("size", "160x120")
    plan = plan_of(bundle, keys, background, size, seed=5)
    write(tmp_path / name, plan, TEXTS, len(TEXTS), workers)
    return tmp_path / name


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


NUMBERED = [f"{seq:06d}" for seq in range(1, len(TEXTS) + 1)]


def test_each_message_has_a_picture_named_by_its_seq_and_all_messages_are_kept(tmp_path):
    folder = made(tmp_path)
    assert names(folder) == {"messages.jsonl", *(f"{name}.jpg" for name in NUMBERED)}
    assert (folder / "messages.jsonl").read_text().splitlines() == TEXTS
    with Image.open(folder / "000001.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (160, 120))


def test_coco_is_one_file_for_all(tmp_path):
    folder = made(tmp_path, labels="coco")
    document = json.loads((folder / "labels.json").read_text())
    assert [image["file_name"] for image in document["images"]] == [f"{name}.jpg" for name in NUMBERED]
    assert [annotation["id"] for annotation in document["annotations"]] == list(range(1, len(TEXTS) + 1))
    assert {annotation["image_id"] for annotation in document["annotations"]} == set(range(1, len(TEXTS) + 1))
    assert [category["name"] for category in document["categories"]] == LABELS
    assert document["annotations"][0]["bbox"] == [16, 12, 64, 48]


def test_yolo_is_a_file_for_each_picture_with_classes_and_visibility_beside(tmp_path):
    folder = made(tmp_path, labels="yolo")
    assert names(folder) >= {"classes.txt", "visibility.csv", *(f"{name}.txt" for name in NUMBERED)}
    assert (folder / "classes.txt").read_text().splitlines() == LABELS
    assert (folder / "000002.txt").read_text() == "1 0.625000 0.620833 0.250000 0.741667\n"
    with (folder / "visibility.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[2] == {
        "file": "000003.jpg",
        "line": "1",
        "class": "cat",
        "visibility": "1.0000",
        "truncation": "0.5000",
    }


def test_voc_is_a_file_for_each_picture(tmp_path):
    folder = made(tmp_path, labels="voc", format="png")
    root = ElementTree.parse(folder / "000003.xml").getroot()
    assert root.findtext("filename") == "000003.png"
    assert root.findtext("object/truncated") == "1"
    assert [int(node.text or "") for node in root.find("object/bndbox") or []] == [49, 1, 96, 24]


@pytest.mark.parametrize("labels", ["coco", "yolo"])
def test_more_processes_make_the_same_files(tmp_path, labels):
    one = made(tmp_path, "one", labels=labels, noise=9)
    two = made(tmp_path, "two", workers=2, labels=labels, noise=9)
    assert names(one) == names(two)
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name


def test_a_folder_of_backgrounds_is_gone_through_in_turn(tmp_path):
    backgrounds = tmp_path / "backgrounds"
    backgrounds.mkdir()
    for level in (0, 200):
        Image.new("RGB", (64, 48), (level,) * 3).save(backgrounds / f"{level}.png")
    folder = made(tmp_path, background=backgrounds, size=None, format="png")
    corners = []
    for name in NUMBERED[:4]:
        with Image.open(folder / f"{name}.png") as picture:
            assert picture.size == (64, 48)
            corners.append(picture.getpixel((63, 47))[0])
    assert corners == [0, 200, 0, 200]


def test_a_folder_that_is_not_empty_stays_as_it_is(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "holiday.jpg").write_text("mine")
    with pytest.raises(ConfigError, match="not empty; give a new folder"):
        made(tmp_path)
    assert names(tmp_path / "set") == {"holiday.jpg"}


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "set").mkdir()
    assert "000001.jpg" in names(made(tmp_path))


@pytest.mark.parametrize("workers", [1, 2])
def test_what_fails_half_way_leaves_nothing(tmp_path, workers):
    def texts():
        yield from TEXTS
        raise KeyboardInterrupt

    plan = plan_of(write_scenes(tmp_path / "cam.npz"), {}, None, "160x120", 1)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "set", plan, texts(), 99, workers)
    assert names(tmp_path) == {"cam.npz"}


def test_a_process_that_dies_is_told(tmp_path, mocker):
    mocker.patch.object(processes, "_work", abort)
    with pytest.raises(ConfigError, match="a process was killed"):
        made(tmp_path, workers=2)
    assert names(tmp_path) == {"cam.npz"}


def abort(_chunk):
    import os

    os.abort()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"blend": "soft"}, "blend = 'soft': must be 'hard', 'feather' or 'gaussian'"),
        ({"shaddow": "true"}, "shaddow: no such key; did you mean shadow?"),
        ({"size": "big"}, "size = 'big': must be a width and a height"),
    ],
)
def test_a_wrong_wish_is_told(tmp_path, keys, said):
    with pytest.raises(ConfigError) as error:
        made(tmp_path, **keys)
    assert said in str(error.value)


def test_sprites_and_backgrounds_that_cannot_be_read_are_told_before_anything_is_made(tmp_path):
    sprites = tmp_path / "sprites"
    sprites.mkdir()
    (sprites / "cat.png").write_text("no picture")
    with pytest.raises(PictureError, match=r"cat\.png: is no picture"):
        made(tmp_path, sprites=sprites)
    with pytest.raises(PictureError, match="nowhere"):
        made(tmp_path, background=tmp_path / "nowhere.jpg")
    assert names(tmp_path) == {"cam.npz", "sprites"}


def test_a_bundle_without_boxes_has_nothing_to_draw(tmp_path):
    with pytest.raises(ConfigError, match="its messages tell of no boxes"):
        plan_of(write_bundle(tmp_path / "climate.npz"), {}, None, None, 1)


def test_the_command_writes_as_many_pictures_as_asked_for(tmp_path):
    bundle = write_scenes(tmp_path / "cam.npz")
    words = ["preview", str(bundle), "-n", "3", "--seed", "1", "--pictures", str(tmp_path / "set"), "--size", "64x48"]
    done = run("agent", *words, "--labels", "yolo", "--set", "format=png", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert (
        done.stdout
        == f"{tmp_path / 'set'}: 3 pictures, 3 placeholders; boxes from box (yxyx, fractions of the frame)\n"
    )
    assert {"000001.png", "000003.png", "000003.txt", "classes.txt"} <= names(tmp_path / "set")


@pytest.mark.parametrize("words", [["--workers", "0"], ["--workers", "x"], ["--labels", "csv"], ["--set", "blend"]])
def test_wrong_words_are_wrong_usage(tmp_path, words):
    done = run("agent", "preview", str(write_scenes(tmp_path / "cam.npz")), "--pictures", str(tmp_path / "set"), *words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_link_to_a_folder_is_followed_and_one_to_nowhere_becomes_a_folder(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "set").symlink_to(tmp_path / "there")
    assert "000001.jpg" in names(made(tmp_path))
    assert (tmp_path / "set").is_symlink()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_leaves_nothing_and_nobody(tmp_path, number, status):
    with started(tmp_path) as process:
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == status
    assert "Traceback" not in err
    wait_until(lambda: not living(process.pid))
    assert names(tmp_path) == {"cam.npz"}


def test_processes_end_with_the_one_that_was_killed(tmp_path):
    with started(tmp_path) as process:
        workers = living(process.pid)
        process.kill()
        process.communicate(timeout=20)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


@contextmanager
def started(tmp_path: Path):
    """A dataset of very many pictures, some of which are made."""
    bundle = write_scenes(tmp_path / "cam.npz")
    words = ["preview", str(bundle), "-n", "1000000", "--pictures", str(tmp_path / "set"), "--workers", "2"]
    command = [sys.executable, "-m", "agent", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            wait_until(lambda: any(tmp_path.glob(".set.*/000100.jpg")), 60)
            yield process
        finally:
            process.kill()  # one that did not end as it should does not go on for the tests after


def living(parent: int) -> set[int]:
    """Its children, by the system's word."""
    listed = subprocess.run(["ps", "--ppid", str(parent), "-o", "pid="], check=False, capture_output=True, text=True)
    return {int(pid) for pid in listed.stdout.split()}


def test_sprites_that_go_away_are_told_as_such(tmp_path, mocker):
    mocker.patch.object(processes, "_begin", begin_without_sprites)
    with pytest.raises(PictureError, match="gone"):
        made(tmp_path, workers=2)


def begin_without_sprites(folder, plan, parent):
    processes._maker = PictureError("gone")


@pytest.mark.parametrize("words", [["--labels", "coco"], ["--workers", "2"], ["--set", "noise=1"], ["--size", "64x48"]])
def test_what_is_of_pictures_needs_a_folder_for_them(tmp_path, words):
    done = run("agent", "preview", str(write_scenes(tmp_path / "cam.npz")), *words)
    assert done.returncode == 78
    assert "are of --pictures DIR" in done.stderr


def test_objects_that_leave_the_frame_when_they_keep_their_proportions_are_skipped(tmp_path):
    sprites = tmp_path / "sprites"
    sprites.mkdir()
    for label in LABELS:
        Image.new("RGB", (10, 400), (200, 0, 0)).save(sprites / f"{label}.png")
    plan = plan_of(write_scenes(tmp_path / "cam.npz"), {"fit": "keep", "sprites": sprites}, None, "64x48", 1)
    told = write(tmp_path / "set", plan, [scene_text("cat", [0.2, 0.95, 0.6, 3.0])], 1, 1)
    assert told.startswith("1 pictures, 1 skipped boxes")


def test_where_every_picture_is_too_large_there_is_no_dataset(tmp_path):
    with pytest.raises(ConfigError, match="no picture is as small at any quality"):
        made(tmp_path, max_bytes=256)
    assert names(tmp_path) == {"cam.npz"}


@pytest.mark.parametrize(
    "words", [["--labels", "coco", "--set", "labels=yolo"], ["--sprites", "a", "--set", "sprites=b"]]
)
def test_what_is_said_twice_is_refused(tmp_path, words):
    bundle = write_scenes(tmp_path / "cam.npz")
    done = run("agent", "preview", str(bundle), "--pictures", str(tmp_path / "set"), *words)
    assert done.returncode == 78
    assert "keep one of them" in done.stderr
