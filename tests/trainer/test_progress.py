"""What is told while a fit takes long."""

import os
import pty
import re
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pytest

from agent.errors import ConfigError
from trainer.auto import Score
from trainer.progress import Progress, require_tensorboard, write_losses

LOSSES = pd.DataFrame({"Epoch": [0, 1, 2], "Generator Loss": [1.5, 1.0, 0.5], "Discriminator Loss": [0.0, -1.0, 2.0]})


def tell(progress: Progress) -> None:
    with progress:
        progress.step("learning the messages")
        progress.scored(Score("gaussian-copula", 0.91239, 0.5, None))
        progress.step("fitting ctgan")
        for epoch in range(1, 4):
            progress.epoch(epoch, 3, f"Gen. ({epoch}.5)")
        progress.scored(Score("ctgan", 0.8, 1.0, 0.98765))
        progress.step("exporting")


def test_where_there_is_no_terminal_only_the_table_of_candidates_is_told(capsys) -> None:
    tell(Progress("kitchen", auto=True))
    out, err = capsys.readouterr()
    assert err == ""
    assert [line.split() for line in out.splitlines()] == [
        ["model", "quality", "detection", "autocorrelation", "mean"],
        ["gaussian-copula", "0.9124", "0.5000", "-", "0.7062"],
        ["ctgan", "0.8000", "1.0000", "0.9877", "0.9292"],
    ]
    ends = [[word.end() for word in re.finditer(r"\S+", line)][1:] for line in out.splitlines()]
    assert ends[0] == ends[1] == ends[2]  # columns stand below each other


def test_where_there_is_no_terminal_a_fit_of_one_kind_is_silent(capsys) -> None:
    with Progress("kitchen", auto=False) as progress:
        progress.step("learning the messages")
        progress.epoch(1, 1, "Loss: 1")
    assert capsys.readouterr() == ("", "")


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, columns: int = 120) -> Iterator[list[str]]:
    """Standard error as a terminal so wide; afterwards the list holds what it showed."""
    shown: list[str] = []
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, columns))
    with os.fdopen(slave, "w") as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        yield shown
    read = b""
    with suppress(OSError):  # the other end is closed, and all that it wrote is read
        while part := os.read(master, 100_000):
            read += part
    shown.append(read.decode())
    os.close(master)


@pytest.mark.parametrize("columns", [120, 0])  # of 0 it does not say how wide it is
def test_on_a_terminal_the_steps_the_epochs_and_the_losses_are_told(monkeypatch, columns: int) -> None:
    with terminal(monkeypatch, columns) as shown:
        tell(Progress("kitchen", auto=True))
    for text in ("kitchen: learning the messages", "kitchen: fitting ctgan", "kitchen: exporting", "Gen. (3.5)", "/3 "):
        assert text in shown[0]


def test_epochs_that_are_not_all_told_end_with_their_step(monkeypatch) -> None:
    with terminal(monkeypatch) as shown, Progress("kitchen", auto=False) as progress:
        progress.epoch(1, 300, "Loss: one")
        progress.step("exporting")
        progress.epoch(1, 7, "Loss: two")
    assert "/300 " in shown[0]
    assert "/7 " in shown[0]  # a bar of its own, not the one that was left


def test_losses_are_written_for_tensorboard_a_scalar_an_epoch(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    write_losses(LOSSES, tmp_path / "kitchen")
    written = EventAccumulator(str(tmp_path / "kitchen"))
    written.Reload()
    assert sorted(written.Tags()["scalars"]) == ["Discriminator Loss", "Generator Loss"]
    for name in ("Discriminator Loss", "Generator Loss"):
        found = [(event.step, event.value) for event in written.Scalars(name)]
        assert found == list(zip(LOSSES["Epoch"], LOSSES[name], strict=True))


def test_without_tensorboard_it_is_said_how_to_install_it(tmp_path: Path, mocker) -> None:
    require_tensorboard(tmp_path / "losses" / "of" / "today")
    mocker.patch("trainer.progress.find_spec", return_value=None)
    with pytest.raises(ConfigError, match=r"^--tensorboard: .*install it with: pip install '?\S*tensorboard\S*$"):
        require_tensorboard(tmp_path)


@pytest.mark.parametrize("folder", ["file", "file/losses", "/dev/null"])
def test_a_folder_that_can_never_be_is_told_before_anything_is_learnt(folder: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"^--tensorboard \S+: no folder that you may write; choose another$"):
        require_tensorboard(tmp_path / folder)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_losses_that_cannot_be_written_are_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"^--tensorboard .*file/kitchen: cannot be written \(.+\)$"):
        write_losses(LOSSES, tmp_path / "file" / "kitchen")
