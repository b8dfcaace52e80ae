"""The bundles that are shipped play the recordings that the example script makes."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from agent.models import bundle as bundles
from tests.trainer.conftest import play
from tests.trainer.likeness import assert_alike
from trainer.recording import Recording, load

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("recordings")
    subprocess.run([sys.executable, EXAMPLES / "make_recordings.py", "--out", out], check=True, capture_output=True)
    return out


def example(recordings: Path, name: str) -> tuple[Recording, bundles.Bundle]:
    return load(str(recordings / name)), bundles.read(EXAMPLES / f"{Path(name).stem}.npz")


@pytest.mark.parametrize(
    ("name", "times"),
    [("front-door.jsonl", {".captured", ".hub.received"}), ("kitchen-climate.csv", {".time"})],
)
def test_a_shipped_bundle_keeps_every_rule_of_its_recording(recordings: Path, name: str, times: set[str]) -> None:
    recording, bundle = example(recordings, name)
    assert bundle.manifest.provenance.sha256 == recording.sha256
    assert_alike(play(bundle, 2000), recording.messages, times)


def test_the_camera_lists_none_to_four_objects_best_first_and_its_hub_is_later(recordings: Path) -> None:
    _, bundle = example(recordings, "front-door.jsonl")
    messages = play(bundle, 2000)
    assert {len(message["scene"]["objects"]) for message in messages} == {0, 1, 2, 3, 4}
    for message in messages:
        scores = [float(item["score"]) for item in message["scene"]["objects"]]
        assert scores == sorted(scores, reverse=True)
        captured, received = (datetime.fromisoformat(t) for t in (message["captured"], message["hub"]["received"]))
        assert 0.03 < (received - captured).total_seconds() < 0.5


def test_two_weeks_cover_a_day_and_a_week(recordings: Path) -> None:
    _, bundle = example(recordings, "front-door.jsonl")
    assert set(bundle.manifest.period.covered) == {"day", "week"}
    assert bundle.arrays["period/day"].sum() == pytest.approx(720, rel=0.02)
