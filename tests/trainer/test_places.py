"""Where a command writes is seen to be writable before the work."""

from pathlib import Path

import pytest

from agent.errors import ConfigError
from trainer.places import require_file, require_folder


def test_what_can_be_written_is_not_made_yet(tmp_path: Path) -> None:
    require_file("--out", tmp_path / "b.npz")
    require_folder("--out", tmp_path / "bundles" / "of" / "today")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_told_with_its_option(tmp_path: Path, mocker) -> None:
    mocker.patch("os.access", return_value=False)
    with pytest.raises(
        ConfigError,
        match=r"^--out \S+: cannot be written \(Permission denied\); choose a folder .+ you may write$",
    ):
        require_file("--out", tmp_path / "b.npz")
    with pytest.raises(ConfigError, match=r"^--out \S+: no folder that you may write; choose another$"):
        require_folder("--out", tmp_path / "bundles")


def test_a_link_to_nowhere_is_no_place_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="no folder that you may write"):
        require_folder("--out", tmp_path / "link")
