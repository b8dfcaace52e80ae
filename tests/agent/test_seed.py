import stat

import pytest

from agent import seed
from agent.errors import ConfigError


def test_a_seed_is_drawn_once_and_then_kept(tmp_path):
    first = seed.kept(tmp_path / "state")
    assert seed.kept(tmp_path / "state") == first
    assert seed.kept(tmp_path / "other") != first
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["seed"]
    assert stat.S_IMODE((tmp_path / "state" / "seed").stat().st_mode) == 0o600


def test_a_damaged_seed_is_told(tmp_path):
    (tmp_path / "seed").write_text("none")
    with pytest.raises(ConfigError, match="holds no seed; delete it"):
        seed.kept(tmp_path)


def test_a_state_dir_that_is_a_file_is_told(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(ConfigError, match="let the agent's user own state_dir, or set seed"):
        seed.kept(tmp_path / "state")
