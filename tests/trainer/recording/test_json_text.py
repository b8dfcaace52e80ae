import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.recording import load

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))
recordings = st.lists(st.dictionaries(keys, values, max_size=4), min_size=1, max_size=5)


def loaded(text, name):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8", newline="")
        return load(str(path))


@given(recordings, st.sampled_from(["\n", "\r\n", "\n\n \n"]), st.sampled_from(["", "\ufeff"]), st.booleans())
def test_json_lines_come_back_as_they_were_written(messages, end, mark, escaped):
    text = mark + end.join(json.dumps(message, ensure_ascii=escaped) for message in messages) + end
    assert json.dumps(loaded(text, "recording.jsonl").messages) == json.dumps(messages)


@given(recordings, st.sampled_from([None, 2]))
def test_a_json_array_comes_back_as_it_was_written(messages, indent):
    read = loaded(json.dumps(messages, indent=indent), "recording.txt")
    assert json.dumps(read.messages) == json.dumps(messages)
    assert not read.tabular


def test_an_array_is_known_by_its_contents_and_counts_messages(read):
    recording = read('[{"a": 1}, {"a": 2}]', "recording.csv")
    assert recording.messages == [{"a": 1}, {"a": 2}]
    assert recording.place(1) == "message 2"
    assert recording.notes == ["JSON array"]


def test_an_array_with_one_object_a_line_is_an_array(read):
    assert len(read('[\n{"a": 1},\n{"a": 2}\n]').messages) == 2


def test_blank_lines_count_in_the_places_of_json_lines(read):
    recording = read('\ufeff{"a": 1}\n\n{"a": 2}\n')
    assert [recording.place(i) for i in range(2)] == ["line 1", "line 3"]


def test_a_single_object_is_one_message(read):
    recording = read('{\n  "a": {"b": 1}\n}')
    assert recording.messages == [{"a": {"b": 1}}]


def test_key_order_and_kinds_of_numbers_are_kept(read):
    (message,) = read('[{"b": 1, "a": 1.0, "c": "1"}]').messages
    assert json.dumps(message) == '{"b": 1, "a": 1.0, "c": "1"}'


def test_invalid_json_is_named_by_line_and_column(refuse):
    assert "line 2, column 8: not valid JSON" in refuse('[{"a": 1},\n {"a": }]')


def test_a_recording_cut_short_is_refused(refuse):
    assert "line 2, column 3" in refuse('[{"a": 1},\n {"a')


@pytest.mark.parametrize("broken", ['{"a": 2', "oops", '{"a": }', '{"a": 2} {"a": 3}'])
def test_a_broken_line_is_named(refuse, broken):
    assert "line 3" in refuse(f'{{"a": 0}}\n{{"a": 1}}\n{broken}\n{{"a": 3}}\n')


def test_a_broken_first_line_is_named(refuse):
    assert "line 1" in refuse('{"a": 0\n{"a": 1}\n')
    assert "line 1" in refuse('oops\n{"a": 1}\n', "recording.jsonl")


def test_a_broken_second_line_is_named(refuse):
    assert "line 2" in refuse('{"a": 0}\noops\n{"a": 1}\n')


def test_what_calls_itself_json_is_not_taken_for_csv(refuse):
    assert "line 1, column 1: not valid JSON" in refuse("time,temperature\n1,2\n", "recording.json")


@pytest.mark.parametrize("item", ["1", '"text"', "null", "true", "[]"])
def test_an_item_that_is_no_object_is_named_by_its_index(refuse, item):
    assert "message 2:" in refuse(f'[{{"a": 1}}, {item}]')


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000])
def test_a_number_that_is_none_is_refused_with_its_place(refuse, number):
    message = refuse(f'[{{"a": 1}}, {{"a": {{"b": [0, {number}]}}}}]')
    assert "message 2: 'a.b[1]' is not a finite number" in message


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**300])
def test_an_integer_of_more_than_64_bits_is_refused(refuse, number):
    assert "line 2: 'a' is an integer of more than 64 bits" in refuse(f'{{"a": 1}}\n{{"a": {number}}}')


def test_a_doubled_key_is_refused_by_name(refuse):
    assert "message 2: key 'b' stands more than once in 'a'" in refuse('[{"a": 1}, {"a": {"b": 1, "c": 2, "b": 1}}]')
    assert "key 'a' stands more than once in the message" in refuse('{"a": 1, "a": 2}')


@pytest.mark.parametrize("depth", [70, 500, 100_000])
def test_deep_nesting_is_refused(refuse, depth):
    assert "nested deeper than" in refuse('{"a": ' + "[" * depth + "]" * depth + "}")


def test_ordinary_nesting_is_read(read):
    assert read('{"a": ' + "[" * 60 + "]" * 60 + "}").messages


@pytest.mark.parametrize("message", [r'{"a": "\ud83d"}', r'{"\udc00": 1}', r'{"a": ["é\ud800"]}'])
def test_half_a_surrogate_pair_is_refused(refuse, message):
    assert "half a surrogate pair" in refuse(f"[{message}]")


def test_a_whole_surrogate_pair_is_read(read):
    assert read(r'[{"a": "\ud83d\ude00"}]').messages == [{"a": "\U0001f600"}]


def test_an_empty_array_holds_no_messages(refuse):
    assert "holds no messages" in refuse("[]")


def test_the_real_detections_are_read_whole(real):
    recording = load(real("detections-single.json"))
    assert len(recording.messages) == 50
    assert list(recording.messages[0])[:2] == ["_unmodeleddata", "_eventtype"]
    assert not recording.tabular
