"""The command `declare`, as a user calls it."""

from pathlib import Path

import pytest

from agent.models.bundle import read
from tests.made_declared import SPEC
from trainer.cli import main
from trainer.declare.declare import EXAMPLE


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.toml"
    path.write_text(SPEC, "utf-8")
    return path


def test_the_example_that_is_printed_can_be_declared(tmp_path, capsys):
    assert main(["declare", "--example"]) == 0
    path, out = tmp_path / "weather.toml", tmp_path / "weather.npz"
    path.write_text(capsys.readouterr().out, "utf-8")
    assert path.read_text("utf-8") == EXAMPLE.read_text("utf-8")
    assert main(["declare", str(path), "--out", str(out)]) == 0
    assert read(out).manifest.sensor == "weather-station"


def test_a_check_says_what_is_declared_and_writes_nothing(spec, capsys):
    assert main(["declare", str(spec), "--check"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{spec}: can be declared\n")
    assert "seen[].score  number" in printed
    assert list(spec.parent.iterdir()) == [spec]


@pytest.mark.parametrize("way", [["--check"], ["--out", "out.npz"]])
def test_what_is_wrong_says_what_parameters_mean_and_leaves_what_was_there(spec, way, capsys, monkeypatch):
    monkeypatch.chdir(spec.parent)
    Path("out.npz").write_bytes(b"before")
    spec.write_text(SPEC.replace("std = 3", "std = -1"), "utf-8")
    assert main(["declare", str(spec), *way]) == 78
    assert "normal needs mean (where its middle is) and std (its standard deviation, above 0); got std = -1" in (
        capsys.readouterr().err
    )
    assert Path("out.npz").read_bytes() == b"before"


@pytest.mark.parametrize("way", [[], ["--check", "--out", "x.npz"]])
def test_it_is_either_checked_or_written(spec, way, capsys):
    assert main(["declare", str(spec), *way]) == 78
    assert "give a specification with --out FILE.npz or --check, or --example alone" in capsys.readouterr().err


def test_a_specification_that_is_not_there_is_told(tmp_path, capsys):
    assert main(["declare", str(tmp_path / "no.toml"), "--check"]) == 78
    assert "no.toml: cannot be read (No such file or directory)" in capsys.readouterr().err
