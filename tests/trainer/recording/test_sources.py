import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import RecordingError
from tests.commands import run_as_mortal
from trainer.recording import load


def test_a_recording_has_the_name_and_hash_of_its_file(read):
    recording = read('[{"a": 1}]', "door.json")
    assert recording.name == "door.json"
    assert recording.sha256 == hashlib.sha256(b'[{"a": 1}]').hexdigest()


def test_a_missing_file_is_named():
    with pytest.raises(RecordingError, match=r"nowhere\.json: there is no such file; check"):
        load("nowhere.json")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="is a folder; name one file"):
        load(str(tmp_path))


def test_a_file_without_permission_is_refused(tmp_path):
    path = tmp_path / "locked.json"
    path.write_text("[]")
    path.chmod(0)
    done = run_as_mortal("trainer", "inspect", str(path))
    assert done.returncode == 78
    assert "locked.json: cannot be read (Permission denied)" in done.stderr


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here fails when it is read")
def test_a_file_that_fails_when_read_is_refused():
    with pytest.raises(RecordingError, match="/proc/self/mem: cannot be read"):
        load("/proc/self/mem")


def test_a_path_with_a_nul_is_refused():
    with pytest.raises(RecordingError, match="cannot be read"):
        load("a\0b")


@pytest.mark.parametrize("contents", ["", "\n \n", "\ufeff", "\ufeff\r\n"])
def test_an_empty_file_is_refused(refuse, contents):
    assert "the file is empty" in refuse(contents)


@pytest.mark.parametrize("contents", [b"a,b\n1,\0\n", b"\x1f\x8b\x08\0\0\0", "a,b\n".encode("utf-16")])
def test_binary_junk_is_refused(refuse, contents):
    assert "is NUL, so this is no UTF-8 text; save it as" in refuse(contents)


def test_another_encoding_is_refused_by_line(refuse):
    assert "line 2: byte 0xe9 is not UTF-8" in refuse("a,b\ncafé,1\n".encode("latin-1"))
    assert "line 3: byte 0xe9 is not UTF-8" in refuse(b'\xef\xbb\xbf[{"a":\r\n1},\r\n"\xe9"]')


@pytest.mark.parametrize("contents", ['[{"a": 1}]', '{"a": 1}', "a,b\n1,2\n"])
def test_a_recording_of_one_message_is_loaded(read, contents):
    assert len(read(contents).messages) == 1


words = ['"a"', "1", "1.5", "NaN", "null", "true", "\\ud800", "é", "\ufeff", "PAR1"]
texts = st.lists(st.sampled_from([*'[]{}:,;\t|"\n\r\\\0 -.', *words]), max_size=30).map("".join)


def outcome(path):
    try:
        return load(path)
    except RecordingError as error:
        return str(error)


@given(st.binary(max_size=60) | texts.map(str.encode))
def test_whatever_a_file_holds_it_is_read_or_refused_in_one_line(contents):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.dat"
        path.write_bytes(contents)
        read = outcome(str(path))
    if isinstance(read, str):
        assert "\n" not in read
        assert ";" in read
    else:
        assert len(read.places) == len(read.messages) > 0
