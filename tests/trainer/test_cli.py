"""The trainer's commands, as a user calls them."""

import csv
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest

from agent.models import bundle as bundles
from tests.bundles import write_bundle
from tests.commands import ROOT
from tests.e2e.broker import wait_until
from trainer.cli import main
from trainer.corrections import NAMES, require_made


@pytest.fixture
def climate(tmp_path: Path) -> Path:
    rng = np.random.default_rng(4)
    path = tmp_path / "climate.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time", "room", "temperature", "co2"])
        for i in range(300):
            room = ["attic", "cellar"][i % 2]
            writer.writerow(
                [f"2026-03-02 {i // 60:02d}:{i % 60:02d}:00", room, round(rng.normal(20, 2), 1), rng.integers(400, 900)]
            )
    return path


def test_inspect_says_what_it_understood(climate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(climate), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    kinds = {field["path"]: field["kind"] for field in found["fields"]}
    assert kinds == {"time": "event-time", "room": "category", "temperature": "number", "co2": "number"}
    assert found["time"]["interval_s"] == 60
    assert found["time"]["covered"] == {}
    assert main(["inspect", str(climate)]) == 0
    text = capsys.readouterr().out
    assert "YYYY-MM-DD hh:mm:ss" in text
    assert "a clock ticks every 60 s" in text


def test_a_corrected_schema_is_obeyed(climate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = tmp_path / "schema.toml"
    assert main(["inspect", str(climate), "--write-schema", str(schema)]) == 0
    schema.write_text('[[field]]\npath = "co2"\nkind = "category"\n')
    capsys.readouterr()
    assert main(["inspect", str(climate), "--json", "--schema", str(schema)]) == 0
    assert {f["path"]: f["kind"] for f in json.loads(capsys.readouterr().out)["fields"]}["co2"] == "category"


def test_a_schema_as_written_changes_nothing(climate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = tmp_path / "schema.toml"
    assert main(["inspect", str(climate), "--json", "--write-schema", str(schema)]) == 0
    guessed = json.loads(capsys.readouterr().out)
    assert main(["inspect", str(climate), "--json", "--schema", str(schema)]) == 0
    assert json.loads(capsys.readouterr().out)["fields"] == guessed["fields"]


def test_a_schema_for_an_unknown_field_is_refused_with_a_guess(climate, tmp_path, capsys) -> None:
    schema = tmp_path / "schema.toml"
    schema.write_text('[[field]]\npath = "temprature"\nkind = "number"\n')
    assert main(["inspect", str(climate), "--schema", str(schema)]) == 78
    assert "did you mean 'temperature'?" in capsys.readouterr().err


def test_a_bundle_a_sensor_goes_into_a_folder(climate: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundles"
    assert main(["fit", str(climate), "--sensor-column", "room", "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["attic.npz", "cellar.npz"]
    assert bundles.read(out / "attic.npz").manifest.sensor == "attic"


@pytest.mark.parametrize("name", ["", "x" * 257])
def test_a_sensor_needs_a_name_of_reasonable_length(climate: Path, tmp_path: Path, capsys, name: str) -> None:
    assert main(["fit", str(climate), "--sensor", name, "--out", str(tmp_path / "s.npz")]) == 78
    assert capsys.readouterr().err == (
        "understudy-trainer: --sensor: must have 1 to 256 printable characters; choose another name\n"
    )


def test_inspect_warns_of_too_few_messages(tmp_path: Path, capsys) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{"a": 2}\n')
    assert main(["inspect", str(path)]) == 0
    assert "warning: too few messages to fit: record at least 20" in capsys.readouterr().out


def test_generate_extends_a_table_with_rows_of_its_kind(climate: Path, tmp_path: Path) -> None:
    bundle, out = tmp_path / "c.npz", tmp_path / "more.csv"
    assert main(["fit", str(climate), "--sensor", "climate", "--out", str(bundle)]) == 0
    assert main(["generate", str(bundle), "-n", "50", "--out", str(out), "--seed", "1"]) == 0
    rows = list(csv.DictReader(out.open()))
    assert len(rows) == 50
    assert list(rows[0]) == ["time", "room", "temperature", "co2"]
    assert all(400 <= int(row["co2"]) < 900 for row in rows)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_messages_that_are_written_when_a_signal_comes_leave_no_file(tmp_path: Path, number: int, status: int) -> None:
    bundle, out = write_bundle(tmp_path / "b.npz"), tmp_path / "out"
    out.mkdir()
    words = ["generate", str(bundle), "-n", "100000000", "--out", str(out / "g.jsonl")]
    process = subprocess.Popen([sys.executable, "-m", "trainer", *words], cwd=ROOT, stderr=subprocess.PIPE)
    wait_until(lambda: any(out.iterdir()))
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told.count(b"\n")) == (status, 1)
    assert list(out.iterdir()) == []


def test_nothing_is_written_when_the_input_is_bad(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('[{"a": 1}')
    assert main(["fit", str(bad), "--sensor", "s", "--out", str(tmp_path / "s.npz")]) == 78
    error = capsys.readouterr().err
    assert error.startswith("understudy-trainer: ")
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["bad.json"]


@pytest.mark.parametrize(
    ("name", "said", "remedy"),
    [
        ("none/b.npz", "there is no folder", "a folder that is there and that you may write"),
        ("folder", "something else than a file", "another name"),
        ("b" * 300, "File name too long", "another name"),
    ],
)
@pytest.mark.parametrize("command", ["fit r.csv --sensor s", "generate b.npz -n 1", "declare s.toml"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_read(
    tmp_path, capsys, command, name, said, remedy
) -> None:
    (tmp_path / "folder").mkdir()
    out = tmp_path / name
    assert main([*command.split(), "--out", str(out)]) == 78
    error = capsys.readouterr().err
    assert error.startswith(f"understudy-trainer: --out {out}: cannot be written ({said}")
    assert error.endswith(f"; choose {remedy}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_schema_that_cannot_be_written_is_told_before_anything_is_read(tmp_path: Path, capsys) -> None:
    assert main(["inspect", "none.csv", "--write-schema", str(tmp_path / "none" / "s.toml")]) == 78
    assert "--write-schema" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/of/bundles", "b" * 300])
def test_a_folder_of_bundles_that_can_never_be_is_told_before_anything_is_read(tmp_path, capsys, name) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / name
    assert main(["fit", "none.csv", "--sensor-column", "room", "--out", str(out)]) == 78
    assert capsys.readouterr().err.startswith(f"understudy-trainer: --out {out}: no folder ")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_of_a_bundle_a_sensor_all_are_seen_to_be_writable_before_any_is_learnt(climate, tmp_path, capsys) -> None:
    (tmp_path / "out" / "cellar.npz").mkdir(parents=True)
    assert main(["fit", str(climate), "--sensor-column", "room", "--out", str(tmp_path / "out")]) == 78
    assert "cellar.npz: cannot be written (something else than a file is there)" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["cellar.npz"]


def test_a_fit_that_is_interrupted_writes_nothing(climate: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    words = [
        "fit",
        str(climate),
        "--sensor",
        "s",
        "--model",
        "tvae",
        "--epochs",
        "1000000",
        "--out",
        str(out / "b.npz"),
    ]
    command = [sys.executable, "-m", "trainer", *words, "--tensorboard", str(out / "losses")]
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 160, 0, 0))  # else there is no room for a bar
    process = subprocess.Popen(command, cwd=ROOT, stderr=slave, stdout=subprocess.PIPE)
    os.close(slave)
    told = b""
    while b"Loss" not in told:  # the bar of the epochs, with its losses and the time left
        told += os.read(master, 10_000)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    told += os.read(master, 100_000)
    assert process.returncode == 130
    assert b"Traceback" not in told
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("gaussian-copula", "gaussian-copula corrects nothing; drop the option"),
        (
            "tvae",
            "tvae corrects no such thing; drop it, or leave out true-frequencies or sampled-classes or recorded-hours",
        ),
    ],
)
def test_a_correction_that_a_kind_does_not_make_cannot_be_left_out(tmp_path, capsys, model, said) -> None:
    words = ["fit", "no-such-file.csv", "--sensor", "s", "--out", str(tmp_path / "b.npz"), "--model", model]
    assert main([*words, "--without", "no-echoes"]) == 78
    assert capsys.readouterr().err == f"understudy-trainer: --without no-echoes: {said}\n"


@pytest.mark.parametrize("name", NAMES)
def test_of_auto_any_correction_can_be_left_out(name: str) -> None:
    require_made("auto", {name})


def test_the_losses_of_a_network_are_written_for_tensorboard(climate: Path, tmp_path: Path) -> None:
    words = ["fit", str(climate), "--sensor", "s", "--model", "tvae", "--epochs", "3", "--out", str(tmp_path / "b.npz")]
    assert main([*words, "--tensorboard", str(tmp_path / "losses")]) == 0
    assert [path.name.startswith("events.") for path in (tmp_path / "losses" / "s").iterdir()] == [True]


@pytest.mark.parametrize("kind", ["tvae", "par"])
def test_few_messages_for_a_network_are_warned_of(climate: Path, tmp_path: Path, capsys, mocker, kind: str) -> None:
    mocker.patch("trainer.fit.ROWS", 2000)  # SDV's par takes long for more
    words = ["fit", str(climate), "--sensor", "s", "--model", kind, "--epochs", "2", "--out", str(tmp_path / "b.npz")]
    assert main(words) == 0
    assert f"300 messages are few for {kind}: under 500, prefer gaussian-copula" in capsys.readouterr().out


def test_without_tensorboard_nothing_is_begun(climate: Path, tmp_path: Path, capsys, mocker) -> None:
    mocker.patch("trainer.progress.find_spec", return_value=None)
    load = mocker.patch("trainer.recording.load")
    words = ["fit", str(climate), "--sensor", "s", "--out", str(tmp_path / "b.npz"), "--tensorboard", str(tmp_path)]
    assert main(words) == 78
    assert "it is missing; install it with: pip install 'understudy[tensorboard]'" in capsys.readouterr().err
    load.assert_not_called()


def test_what_has_no_epochs_has_no_losses(climate: Path, tmp_path: Path, capsys) -> None:
    losses = tmp_path / "losses"
    words = ["fit", str(climate), "--sensor", "s", "--out", str(tmp_path / "b.npz"), "--tensorboard", str(losses)]
    assert main(words) == 0
    assert "no losses for TensorBoard: gaussian-copula is not trained in epochs" in capsys.readouterr().out
    assert not losses.exists()


def test_an_environment_of_the_agent_alone_is_told_of(mocker, capsys):
    mocker.patch("trainer.cli.find_spec", return_value=None)
    assert main(["inspect", "x.json"]) == 2
    assert "pip install '.[trainer]'" in capsys.readouterr().err
