from pathlib import Path

import pytest

from tests.deploy.base import base


class Maker:
    """Makes a root of one file, and counts."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, root: Path) -> None:
        self.times += 1
        (root / "init").write_text("whole")


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Maker:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return Maker()


def test_a_root_is_made_once(make):
    assert base(make) == base(make)
    assert make.times == 1


@pytest.mark.parametrize(
    "spoil", [Path.unlink, lambda path: path.write_text("half"), lambda path: path.with_name("x").touch()]
)
def test_a_damaged_root_is_made_anew(make, spoil):
    spoil(base(make) / "init")
    assert [path.name for path in base(make).iterdir()] == ["init"]
    assert (base(make) / "init").read_text() == "whole"
    assert make.times == 2


def test_a_root_that_was_not_finished_is_not_kept(make, tmp_path):
    def fail(root: Path) -> None:
        make(root)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        base(fail)
    assert [path.name for path in (tmp_path / "understudy").iterdir()] == ["lock"]
