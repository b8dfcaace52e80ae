"""Recordings made on the spot, and the real ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import RecordingError
from trainer.recording import Recording, load

REAL = Path(__file__).parents[3].parent / "shared" / "data"

Read = Callable[..., Recording]
Refuse = Callable[..., str]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Loads text or bytes as a file of some name."""

    def load_contents(contents: str | bytes, name: str = "recording.dat") -> Recording:
        path = tmp_path / name
        path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
        return load(str(path))

    return load_contents


@pytest.fixture
def refuse(read: Read) -> Refuse:
    """The one sentence with which contents are refused; it names the file and is one line."""

    def refused(contents: str | bytes, name: str = "recording.dat") -> str:
        with pytest.raises(RecordingError) as caught:
            read(contents, name)
        message = str(caught.value)
        assert name in message
        assert "\n" not in message
        assert ";" in message, "says what to do"
        return message

    return refused


@pytest.fixture
def real() -> Callable[[str], str]:
    """Path of a real recording; skips where it is absent."""

    def path(name: str) -> str:
        if not (REAL / name).exists():
            pytest.skip(f"the real recording {name} is not here")
        return str(REAL / name)

    return path
