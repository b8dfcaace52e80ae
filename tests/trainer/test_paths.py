from hypothesis import given
from hypothesis import strategies as st

from agent.message.tree import Slot
from trainer.paths import EVERY, join, last_key, replace_at, split, values_at

TEXTS = st.text(alphabet='ab.\\[]?" \n', max_size=4)
PATHS = st.lists(TEXTS | TEXTS.map(Slot), max_size=4).map(tuple)


@given(PATHS)
def test_a_path_comes_back_from_its_text(path):
    assert split(join(path)) == path


@given(PATHS.filter(bool))
def test_no_text_of_a_path_ends_as_if_something_belonged_to_it(path):
    text = join(path)
    assert not text.endswith("?") or text.endswith("\\?") or isinstance(path[-1], Slot)


def test_common_paths_are_written_as_anyone_would():
    assert join(("data", "objects", EVERY, "box")) == "data.objects[].box"
    assert join(("objects", Slot("person 1"), "score")) == "objects[person 1].score"


def test_values_are_found_and_replaced_in_every_item():
    message = {"a": [{"id": "x", "n": 1}, {"n": 2}, {"id": "y"}], "[]": "x"}
    assert values_at(message, ("a", EVERY, "id")) == ["x", "y"]
    assert values_at(message, ("[]",)) == ["x"]
    changed = replace_at(message, ("a", EVERY, "id"), {"x": "z"})
    assert changed == {"a": [{"id": "z", "n": 1}, {"n": 2}, {"id": "y"}], "[]": "x"}
    assert message["a"][0]["id"] == "x"


def test_the_last_key_of_a_path_names_it():
    assert last_key(("tags", EVERY)) == "tags"
    assert last_key(()) == ""
