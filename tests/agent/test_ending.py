import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.ending import exit_status
from agent.errors import ConfigError
from tests.bundles import write_bundle
from tests.commands import ROOT, run
from tests.e2e.broker import wait_until


def test_a_command_that_works_ends_with_its_own_status():
    assert exit_status("x", lambda: 3) == 3


def test_a_known_error_is_one_message_and_78(capsys):
    def fail() -> int:
        raise ConfigError("a.toml: wrong; mend it")

    assert exit_status("x", fail) == 78
    assert capsys.readouterr().err == "x: a.toml: wrong; mend it\n"


def test_ctrl_c_is_one_message_and_130(capsys):
    def interrupted() -> int:
        raise KeyboardInterrupt

    assert exit_status("x", interrupted) == 130
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("count", ["1", "3000"])
def test_a_full_disk_is_one_message(tmp_path, count):
    bundle = write_bundle(tmp_path / "a.npz")
    with open("/dev/full", "w") as full:
        done = run(
            "agent", "preview", str(bundle), "-n", count, capture_output=False, stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "understudy-agent: the system refused: [Errno 28] No space left on device; "
        "see that there is space and permission"
    ]


def test_the_trainer_tells_of_a_full_disk_in_the_same_way(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n' * 30)
    with open("/dev/full", "w") as full:
        done = run("trainer", "inspect", str(path), capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


@pytest.mark.parametrize("delay_s", [0, 0.1, 0.2])
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_while_the_agent_starts_is_answered_when_it_has(tmp_path, number, delay_s):
    bundle = write_bundle(tmp_path / "a.npz")
    config = tmp_path / "a.toml"
    config.write_text(f'seed = 1\n[mqtt]\nurl = "mqtt://127.0.0.1:1"\n[[sensor]]\nname = "a"\nbundle = "{bundle}"')
    words = [sys.executable, "-m", "agent", "run", "--config", str(config)]
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE)
    status = Path(f"/proc/{process.pid}/status")
    wait_until(lambda: "SigBlk:\t0000000000000000" not in status.read_text())
    time.sleep(delay_s)
    process.send_signal(number)
    if number == signal.SIGHUP:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.terminate()
    _, told = process.communicate(timeout=10)
    assert (process.returncode, b"Traceback" in told) == (0, False)
    assert (b"reloaded" in told) == (number == signal.SIGHUP)
