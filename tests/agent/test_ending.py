import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agent.ending import exit_status, held
from agent.errors import ConfigError
from agent.files import replacing
from agent.models.bundle import write
from agent.models.manifest import Manifest
from tests.bundles import make_bundle, write_bundle
from tests.commands import ROOT, run
from tests.e2e.broker import wait_until
from tests.scenes import write_scenes


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


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_to_end_is_as_clean_as_ctrl_c_and_has_its_own_status(tmp_path, capsys, number, status):
    def ended() -> int:
        with replacing(tmp_path / "a") as file:
            file.write(b"half")
            signal.raise_signal(number)
        raise AssertionError("nobody was interrupted")

    assert exit_status("x", ended) == status
    assert capsys.readouterr().err == f"x: ended by {number.name}; nothing is left half-written\n"
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(number) == signal.SIG_DFL


@pytest.mark.parametrize("answer", [signal.SIG_IGN, lambda *_: None])
def test_a_signal_that_is_ignored_or_answered_otherwise_ends_nothing(answer):
    before = signal.signal(signal.SIGHUP, answer)
    try:
        assert exit_status("x", lambda: signal.raise_signal(signal.SIGHUP) or 3) == 3
        assert signal.getsignal(signal.SIGHUP) is answer
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_command_that_answers_a_signal_itself_goes_on():
    def answered() -> int:
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.raise_signal(signal.SIGTERM)
        return 3

    try:
        assert exit_status("x", answered) == 3
        assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL  # one more is answered, too
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
STRICT = {"PYTHONIOENCODING": "utf-8:strict"}


@pytest.fixture
def config(tmp_path):
    """A configuration that is right, of a device that ASCII cannot name, in a file whose name is no UTF-8."""
    path = tmp_path / os.fsdecode(b"\xff.toml")
    bundle = write_bundle(tmp_path / "a.npz")
    path.write_text(
        'seed = 1\n[device]\nid = "é"\n[mqtt]\nurl = "mqtt://127.0.0.1:1"\n'
        f'[[sensor]]\nname = "a"\nbundle = "{bundle}"',
        "utf-8",
    )
    return path


@pytest.mark.parametrize("env", [ASCII, STRICT], ids=["ascii", "strict"])
def test_a_terminal_that_cannot_show_everything_is_shown_the_rest(config, env):
    done = run("agent", "check", "--config", str(config), env=os.environ | env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("on understudy/\\u00e9/a\n" if env is ASCII else "on understudy/é/a\n")
    done = run("agent", "doctor", "--config", str(config), env=os.environ | env)
    assert (done.returncode, done.stderr) == (1, "")
    assert "\\udcff.toml: 1 sensor " in done.stdout
    assert done.stdout.splitlines()[-1].split()[:2] == ["ok", "versions"]


@pytest.mark.parametrize("env", [ASCII, STRICT], ids=["ascii", "strict"])
def test_json_is_the_same_json_whatever_the_terminal_can_show(tmp_path, config, env):
    bundle = make_bundle()
    said = bundle.manifest.model_dump_json().replace("real-thing", "größer 🙂")
    write(replace(bundle, manifest=Manifest.model_validate_json(said)), tmp_path / "b.npz")
    done = run("agent", "preview", str(tmp_path / "b.npz"), "-n", "1", env=os.environ | env, encoding="utf-8")
    assert (done.returncode, json.loads(done.stdout)["device"]) == (0, "größer 🙂")
    done = run("agent", "doctor", "--config", str(config), "--json", env=os.environ | env, encoding="utf-8")
    said = json.loads(done.stdout)[0]["said"]
    assert (done.stderr, said) == ("", f"{config}: 1 sensor in sensor mode as device 'é'")


def test_a_name_that_no_text_can_hold_is_one_message(tmp_path):
    path = write_bundle(tmp_path / os.fsdecode(b"\xff.npz"))
    done = run("agent", "demo", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "understudy-agent: a name holds '\\udcff', which is no text in utf-8; rename that file or folder\n"
    )


CLOSED = ["sh", "-c", 'exec "$0" "$@" >&-']
MUTE = ["sh", "-c", 'exec "$0" "$@" 2>&-']


@pytest.mark.parametrize(
    "words",
    ["agent preview {0}/a.npz", "agent demo {0}/a.npz --seconds 0.5", "trainer inspect {0}/a.jsonl"],
    ids=["preview", "demo", "inspect"],
)
def test_a_closed_stdout_is_no_error(tmp_path, words):
    write_bundle(tmp_path / "a.npz")
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n' * 30)
    command = [*CLOSED, sys.executable, "-m", *words.format(tmp_path).split()]
    done = subprocess.run(command, check=False, cwd=ROOT, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


def test_a_closed_stderr_is_no_error(tmp_path):
    words = ["preview", str(write_scenes(tmp_path / "a.npz")), "-n", "2", "--pictures", str(tmp_path / "p")]
    done = subprocess.run([*MUTE, sys.executable, "-m", "agent", *words], check=False, cwd=ROOT, timeout=60)
    assert done.returncode == 0
    assert len(list((tmp_path / "p").glob("**/*.jpg"))) == 2


def test_what_a_closed_stderr_does_not_take_is_not_told_on_stdout(tmp_path):
    command = [*MUTE, sys.executable, "-m", "agent", "check", "--config", str(tmp_path / "none.toml")]
    done = subprocess.run(command, check=False, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (78, "")


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


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_waits_until_what_it_would_break_is_over(number, status):
    over = False

    def interrupted() -> int:
        nonlocal over
        with held():
            signal.raise_signal(number)
            over = True
        raise AssertionError("nobody was interrupted")

    assert exit_status("x", interrupted) == status
    assert over
