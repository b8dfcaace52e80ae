import csv
import json
from pathlib import Path

import pytest

from agent.errors import RecordingError
from tests.made_declared import SPEC, declared_bundle
from trainer.generate import generate

FLAT = """
sensor = "flat"
[arrival]
interval_s = 5
[fields.t]
type = "timestamp"
format = "epoch-s"
[fields.x]
type = "integer"
distribution = { name = "constant", value = 3 }
missing = 0.5
"""


@pytest.mark.parametrize("seed", range(8))
def test_a_table_has_every_key_whether_or_not_the_first_message_has_it(tmp_path, seed):
    out = tmp_path / "more.csv"
    generate(declared_bundle(FLAT), 50, out, 1_790_000_000 * 10**9, seed)
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["t"]) for row in rows] == [1_790_000_000 + 5 * place for place in range(50)]
    assert {row["x"] for row in rows} == {"", "3"}


def test_lines_are_messages(tmp_path):
    out = tmp_path / "more.jsonl"
    generate(declared_bundle(SPEC), 5000, out, 0, 1)
    messages = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(messages) == 5000
    assert set(messages[0]) == {"time", "level", "count", "state", "seen"}


@pytest.mark.parametrize(("name", "said"), [("more.csv", "nested and fit no table"), ("more.txt", "unknown format")])
def test_what_fits_no_file_is_refused_and_leaves_none(tmp_path: Path, name, said):
    with pytest.raises(RecordingError, match=said):
        generate(declared_bundle(SPEC), 10, tmp_path / name, 0, 1)
    assert list(tmp_path.iterdir()) == []
