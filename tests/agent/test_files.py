import errno
import os
import stat
from pathlib import Path

import pytest

from agent.files import SMALL_BYTES, contents, remedy, replacing, require_writable


def test_a_file_is_there_as_a_whole_with_its_mode(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with replacing(path, 0o600) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("name", ["n" * 255, "🌡" * 63])
def test_a_name_as_long_as_a_system_allows_can_be_written(tmp_path, name):
    require_writable(tmp_path / name)
    with replacing(tmp_path / name) as file:
        file.write(b"x")
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_left_alone(tmp_path, make):
    make(tmp_path / "a")
    with pytest.raises(OSError, match="something else than a file"), replacing(tmp_path / "a"):
        pass
    assert not (tmp_path / "a").is_file()


def test_of_a_small_file_everything_is_read_and_a_large_or_endless_one_is_refused(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(SMALL_BYTES))
    assert contents(path) == bytes(SMALL_BYTES)
    path.write_bytes(bytes(SMALL_BYTES + 1))
    for large in (path, Path("/dev/zero")):
        with pytest.raises(OSError, match="it is larger than 4 MB"):
            contents(large)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "make room"),
        (errno.ENAMETOOLONG, "choose another name"),
        (errno.EACCES, "choose a folder that is there and that you may write"),
    ],
)
def test_of_a_full_disk_the_remedy_is_room_of_a_name_another_and_of_all_else_a_folder(number, said):
    assert remedy(OSError(number, "no")) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none/a", "there is no folder"),
        ("file/a", "Not a directory"),
        ("folder", "something else than a file is there"),
        ("n" * 256, "File name too long"),
        ("", "something else than a file is there"),
    ],
)
def test_what_could_not_be_written_is_known_before_there_is_anything_to_write(tmp_path, name, said):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=said):
        require_writable(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_a_file_that_is_there_may_be_written_anew_and_a_folder_of_others_may_not(tmp_path, mocker):
    (tmp_path / "a").write_text("old")
    require_writable(tmp_path / "a")
    mocker.patch("agent.files.os.access", return_value=False)
    with pytest.raises(PermissionError):
        require_writable(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "old"
