"""The demo as a user runs it: a process of its own, with its broker, agent and subscriber."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.bundles import write_bundle
from tests.commands import ROOT

pytest.importorskip("amqtt", reason="the demo's broker is missing: pip install 'understudy[demo]'")

LIMIT_S = 30


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "agent", "demo", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def demo(*words: str) -> tuple[int, list[str], str]:
    with start(*words) as process:
        out, err = process.communicate(timeout=LIMIT_S)
    return process.returncode, out.splitlines(), err


def test_each_message_is_one_line_that_begins_with_its_topic_and_a_summary_ends_it(tmp_path: Path) -> None:
    bundles = [write_bundle(tmp_path / f"{name}.npz", sensor=name) for name in ("front", "kitchen")]
    status, lines, err = demo(*map(str, bundles), "--seconds", "3")
    assert status == 0, err
    messages, summary = lines[: lines.index("")], lines[lines.index("") + 1 :]
    assert messages[0] == "understudy/demo/status online"
    assert messages[-1] == "understudy/demo/status offline"
    assert {line.split(" ", 1)[0] for line in messages[1:-1]} == {"understudy/demo/front", "understudy/demo/kitchen"}
    assert all(json.loads(line.split(" ", 1)[1])["device"] == "real-thing" for line in messages[1:-1])
    assert summary[0].split() == ["topic", "messages", "per", "second", "bytes"]
    assert summary[-2].split()[:2] == ["total", str(len(messages))]
    assert summary[-1] == "last picture: none (no sensor tells of boxes)"


def test_what_a_camera_detects_comes_as_pictures_and_the_last_one_is_kept(tmp_path: Path) -> None:
    status, lines, err = demo(str(ROOT / "examples" / "front-door.npz"), "--seconds", "3")
    assert status == 0, err
    assert sum(line.startswith("understudy/demo/front-door/image ") for line in lines) >= 2
    kept = Path(lines[-1].removeprefix("last picture: "))
    with Image.open(kept) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1280, 720))
    shutil.rmtree(kept.parent)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with start(str(write_bundle(tmp_path / "front.npz"))) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("understudy/demo/front "):
            pass
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, err
    assert "understudy/demo/status offline\n" in out
    assert out.endswith("last picture: none (no sensor tells of boxes)\n")
    assert "Traceback" not in err


def test_what_is_wrong_with_a_bundle_is_the_agents_word_and_exit_status(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.npz"
    status, lines, err = demo(str(missing), "--seconds", "5")
    assert status == 78
    assert str(missing) in err
    assert "Traceback" not in err
    assert not any(line.startswith("understudy/demo/nowhere {") for line in lines)
