"""Recordings, schemas and commands that cannot be: one message each that says what, where and what to do."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from agent.models import bundle as bundles
from tests.trainer.conftest import play
from trainer.cli import main


@pytest.fixture
def fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Fits messages, with a schema if one is given; returns the exit status and what was told."""

    def run(messages: list[dict[str, Any]], schema: str = "") -> tuple[int, str]:
        path, toml = tmp_path / "r.jsonl", tmp_path / "s.toml"
        path.write_text("".join(json.dumps(message) + "\n" for message in messages))
        toml.write_text(schema)
        status = main(["fit", str(path), "--sensor", "s", "--out", str(tmp_path / "b.npz"), "--schema", str(toml)])
        told = capsys.readouterr().err
        assert (status == 0) == (tmp_path / "b.npz").exists()
        return status, told

    return run


def field(path: str, kind: str, more: str = "") -> str:
    return f"[[field]]\npath = {json.dumps(path)}\nkind = '{kind}'\n{more}"


def each(make) -> list[dict[str, Any]]:
    return [{"v": i * 0.5} | make(i) for i in range(20)]


@pytest.mark.parametrize(
    ("make", "schema", "said"),
    [
        (lambda i: {"x" * 1025: 0.5}, "", "paths have at most 900 characters"),
        (lambda i: {"token": f"{i}" + "x" * 5000}, "", "token: texts of more than 2048 characters"),
        (lambda i: {"t": f"9999-12-31T23:59:{i:02d}-12:00"}, "", "t: times must lie between the years 1700 and 2200"),
        (lambda i: {"a": [i] * 501}, "", "a: lists of more than 500 items cannot be learnt"),
        (lambda i: {f"k{i}-{j}": 1 for j in range(150)}, "", "objects with more than 2000 different keys"),
        (lambda i: {}, field("v", "identifier"), "v cannot be identifier: 0.0 is not"),
        (lambda i: {"i": i}, field("i", "identifier", "personal = 'name'"), "i cannot be identifier: 0 is not"),
        (lambda i: {}, field("v", "number", "[field.number]\nquoted = true"), "v cannot be number: 0.0 is not"),
        (lambda i: {"s": f"{i}"}, field("s", "number", "[field.number]\ndenominator = 1"), "s cannot be number: '0'"),
        (lambda i: {"s": f"{i}e16"}, field("s", "number"), "s cannot be number: '1e16' is not"),
        (lambda i: {"n": None}, field("n", "number"), "n cannot be number: it has no values"),
        (lambda i: {"n": None}, field("n", "box"), "n cannot be box: it has no values"),
        (lambda i: {"n": None}, field("n", "event-time"), "n cannot be event-time: it has no values"),
        (
            lambda i: {"t": None if i % 2 else "2025-01-01T00:00:00Z"},
            field("t", "event-time"),
            "t cannot be event-time: it must stand in every message, once",
        ),
        (
            lambda i: {"l": [{"t": f"2025-01-01T00:00:{i:02d}Z"}]},
            field("l[].t", "event-time"),
            "l[].t cannot be event-time: it must stand in every message, once",
        ),
        (
            lambda i: {"t": 1_700_000_000 + i},
            field("t", "event-time", "[field.time]\npattern = 'epoch-s'\nquoted = true"),
            "t cannot be event-time: 1700000000 is not",
        ),
        (
            lambda i: {},
            field("v", "number", "[field.number]\ndenom = 5"),
            "number denom: no such key; known: denominator",
        ),
        (lambda i: {}, field("v", "number", "[field.number]\ndenominator = 0"), "number denominator = 0: must be"),
    ],
)
def test_it_is_refused_in_one_sentence(fit, make, schema, said):
    status, told = fit(each(make), schema)
    assert (status, said in told, told.count("\n")) == (78, True, 1), told


def test_nothing_that_varies_is_nothing_to_learn(fit):
    status, told = fit([{"t": 1_700_000_000 + i, "a": 1} for i in range(30)])
    assert (status, "nothing varies but times" in told) == (78, True)


@pytest.mark.parametrize(
    "make",
    [
        lambda i: {"user": bool(i % 3)},
        lambda i: {"x": 1 if i % 2 else 1.0},
        lambda i: {"id": 10**17 + i * i if i % 2 else 10**18 + i * i},
        lambda i: {"q": [1, 2, 3 + i, 4 + i]},
        lambda i: {"x": 1_700_000_000 + i},
        lambda i: {"token": f"{i:03d}" + "x" * 300},
        lambda i: {"a": [1] * 300},
        lambda i: {"n": i * 3_000_000_000},
        lambda i: {"t": f"2025-01-01 00:00:{i:02d}", "items": [{"ts": f"2025-01-01T00:00:{i:02d}Z"}] * (1 + i % 3)},
    ],
)
def test_it_is_learnt_and_comes_back_in_kind(fit, tmp_path, make):
    messages = each(make)
    schema = field("q", "box", "[field.number]\ndenominator = 1\nwhole = true") if "q" in messages[0] else ""
    schema = field("x", "event-time") if messages[0].get("x", 0) > 1e9 else schema
    status, told = fit(messages, schema)
    assert status == 0, told
    for message in play(bundles.read(tmp_path / "b.npz"), 50):
        assert list(message) == list(messages[0])
        for key, value in message.items():
            assert type(value) in {type(recorded[key]) for recorded in messages}
            if isinstance(value, int):
                assert abs(value) < 2**63


@pytest.mark.parametrize("command", ["fit", "generate", "schema"])
def test_what_is_no_file_is_not_written_over(fit, tmp_path, capsys, command):
    fit(each(lambda i: {}))
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    recording = str(tmp_path / "r.jsonl")
    words = {
        "fit": ["fit", recording, "--sensor", "s", "--out", str(pipe)],
        "generate": ["generate", str(tmp_path / "b.npz"), "-n", "3", "--out", str(pipe)],
        "schema": ["inspect", recording, "--write-schema", str(pipe)],
    }[command]
    assert main(words) == 78
    assert "something else than a file is there" in capsys.readouterr().err
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_sensors_that_cannot_be_files_are_refused_before_any_is_written(tmp_path, capsys):
    path = tmp_path / "r.jsonl"
    path.write_text("".join(json.dumps({"k": "a" if i % 2 else "b" * 252, "v": i / 7}) + "\n" for i in range(60)))
    words = ["fit", str(path), "--sensor-column", "k", "--out"]
    assert main([*words, str(tmp_path / "d")]) == 78
    assert "too many for a file's name" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()
    path.write_text("".join(json.dumps({"k": "a" if i else "b", "v": i / 7}) + "\n" for i in range(60)))
    assert main([*words, str(tmp_path / "d")]) == 78
    assert "(k = b): 1 messages are too few" in capsys.readouterr().err
    path.write_text("".join(json.dumps({"k": "a", "v": i / 7}) + "\n" for i in range(60)))
    assert main([*words, str(path)]) == 78
    assert "no folder that you may write" in capsys.readouterr().err
