import json

import pytest

from agent.errors import ConfigError
from agent.progress import Progress


def test_what_was_settled_goes_on_after_a_restart_with_its_run(tmp_path):
    path = tmp_path / "state" / "progress.json"
    one = Progress(path, "1")
    assert one.begin("a", 100) == (0, 100)
    one.sent({"a": (5, 150)})()
    one.save()
    one.close()
    other = Progress(path, "2")
    other.close()
    assert (other.run, other.begin("a", 999), other.begin("b", 7)) == ("1", (5, 150), (0, 7))


def test_what_arrived_before_an_earlier_message_does_not_count_yet():
    one = Progress(None, "r")
    first, second, third = (one.sent({"a": (seq, seq * 10)}) for seq in (1, 2, 3))
    second()
    third()
    assert one.reached == {}
    first()
    assert one.reached == {"a": (3, 30)}


def test_a_beginning_is_kept_before_anything_was_settled(tmp_path):
    one = Progress(tmp_path / "progress.json", "f")
    one.begin("a", 100)
    one.save()
    one.close()
    assert json.loads((tmp_path / "progress.json").read_text()) == {"run": "f", "sensors": {"a": [0, 100]}}


def test_nothing_is_written_when_nothing_changed(tmp_path):
    one = Progress(tmp_path / "progress.json", "f")
    one.save()
    one.close()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
    Progress(None, "r").save()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"run":"r"}',
        '{"run":"","sensors":{}}',
        '{"run":"a","sensors":{"a":[1]}}',
        '{"run":"a","sensors":{"a":[-1,1]}}',
        '{"run":"a","sensors":{"a":[1,1e25]}}',
        '{"run":"\\u0000","sensors":{}}',
    ],
)
def test_a_damaged_file_is_told_of_with_what_to_do(tmp_path, text):
    path = tmp_path / "progress.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"progress\.json: is damaged; delete it"):
        Progress(path, "r")


def test_a_folder_has_one_owner(tmp_path):
    one = Progress(tmp_path / "progress.json", "f")
    with pytest.raises(ConfigError, match="another agent plays with this state_dir"):
        Progress(tmp_path / "progress.json", "f")
    one.close()
    Progress(tmp_path / "progress.json", "f").close()
