import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.modes.envelope import Envelope
from agent.modes.pack import Form, Pack, Tally
from agent.modes.voice import Item

ENVELOPE = Envelope("t", 1, "r")


def pack(form: Form, told: list | None = None) -> Pack:
    def sent(reached):
        (told if told is not None else []).append(dict(reached))
        return lambda: None

    return Pack(ENVELOPE, form, Tally(), sent)


def items(count: int, sensor: str = "a", size: int = 20) -> list[Item]:
    return [
        Item(100 + n, sensor, n + 1, json.dumps({"n": n, "x": "é" * size}, ensure_ascii=False)) for n in range(count)
    ]


def packed(one: Pack, given_items: list[Item]) -> list:
    return [message for item in given_items for message in one.add(item)] + one.flush()


def opened(message) -> list:
    payload = gzip.decompress(message.payload) if message.content_type.endswith("+gzip") else message.payload
    text = payload.decode()
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.split("\n")]


@given(
    sizes=st.lists(st.integers(0, 600), max_size=30),
    layout=st.sampled_from(["json", "jsonl", "single"]),
    max_count=st.one_of(st.none(), st.integers(1, 9)),
    compressed=st.booleans(),
    named=st.booleans(),
)
def test_every_message_is_in_one_batch_in_order_and_no_batch_is_larger_than_allowed(
    sizes, layout, max_count, compressed, named
):
    form = Form(layout, 1500, max_count, compressed, named)
    made = [Item(n, "a", n + 1, json.dumps({"n": n, "x": "y" * size})) for n, size in enumerate(sizes)]
    batches = packed(pack(form), made)
    found = [message["message"] if named else message for batch in batches for message in opened(batch)]
    assert [message["n"] for message in found] == list(range(len(sizes)))
    for batch in batches:
        plain = gzip.decompress(batch.payload) if compressed else batch.payload
        assert len(plain) <= 1500
        assert max_count is None or len(opened(batch)) <= max_count


def test_a_batch_tells_its_range_of_seq_and_a_single_message_its_own():
    (batch,) = packed(pack(Form()), items(3))
    assert dict(batch.properties) == {"simulated": "true", "run": "r", "seq_first": "1", "seq_last": "3"}
    singles = packed(pack(Form("single")), items(2))
    assert [dict(message.properties)["seq"] for message in singles] == ["1", "2"]
    assert singles[0].payload == items(1)[0].text.encode()


def test_merged_items_name_their_sensor_and_seq():
    (batch,) = packed(pack(Form(named=True)), [*items(1, "a"), *items(1, 'b"')])
    assert [(item["sensor"], item["seq"]) for item in opened(batch)] == [("a", 1), ('b"', 1)]
    assert "seq_first" not in dict(batch.properties)


@pytest.mark.parametrize(
    ("form", "content_type"),
    [
        (Form("json"), "application/json"),
        (Form("jsonl"), "application/x-ndjson"),
        (Form("json", gzip=True), "application/json+gzip"),
        (Form("jsonl", gzip=True), "application/x-ndjson+gzip"),
        (Form("single"), "application/json"),
    ],
)
def test_the_content_type_says_how_a_payload_is_read(form, content_type):
    assert packed(pack(form), items(1))[0].content_type == content_type


def test_the_same_messages_are_the_same_compressed_bytes():
    one, other = (packed(pack(Form(gzip=True)), items(3))[0].payload for _ in range(2))
    assert one == other


def test_splits_are_counted_and_a_message_that_fits_nowhere_is_told_of_and_lost(caplog):
    one = Pack(ENVELOPE, Form(max_bytes=1024), tally := Tally(), lambda _: lambda: None)
    batches = packed(one, [*items(30), Item(1, "a", 31, '"' + "x" * 1100 + '"')])
    assert (tally.batches, tally.readings, tally.oversized) == (len(batches), 30, 1)
    assert tally.split == len(batches) - 1
    assert "max_bytes = 1024" in caplog.text


def test_what_a_batch_reaches_is_told_when_it_is_made():
    told: list = []
    packed(pack(Form(max_count=2, named=True), told), [*items(1, "b"), *items(3, "a")])
    assert told == [{"b": (1, 100), "a": (1, 100)}, {"a": (3, 102)}]
