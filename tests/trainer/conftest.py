"""Recordings and their bundles, each fitted once a session."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.clock import NS_PER_S
from agent.model import model_of
from agent.models.bundle import Bundle
from agent.player import Player
from trainer.recording import Recording

SHARED = Path(__file__).parents[3] / "shared" / "data"
START_NS = 1_790_000_000 * NS_PER_S


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    def path(name: str) -> Path:
        if not (SHARED / name).exists():
            pytest.skip(f"needs the real recording {name}, which is not here")
        return SHARED / name

    return path


@pytest.fixture(scope="session")
def fitted(shared: Callable[[str], Path]) -> Callable[[str], tuple[Recording, Bundle]]:
    from trainer.fit import Options, fit
    from trainer.recording import load

    made: dict[str, tuple[Recording, Bundle]] = {}

    def of(name: str) -> tuple[Recording, Bundle]:
        path = shared(name)
        if name not in made:
            recording = load(str(path))
            made[name] = (recording, fit(recording, "sensor", Options(seed=3)).bundle)
        return made[name]

    return of


def recording_of(messages: list[dict[str, Any]]) -> Recording:
    """A recording that was never a file."""
    return Recording("made", messages, [f"message {i + 1}" for i in range(len(messages))], "0" * 64, False)


def play(bundle: Bundle, count: int, seed: int = 0) -> list[Any]:
    """`count` messages, one a recorded interval, written together."""
    player = Player("sensor", model_of(bundle), [seed])
    interval_ns = round((bundle.manifest.arrival.interval_s or 1) * NS_PER_S)
    times = [START_NS + i * interval_ns for i in range(count)]
    return [json.loads(text) for text in player.play(times, times[-1]).texts]
