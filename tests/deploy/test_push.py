"""`push.sh` with an ssh that goes nowhere: each host is a folder of this machine."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.bundles import write_bundle
from tests.commands import ROOT
from tests.e2e.broker import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can lay one file over another")

PUSH = ROOT / "deploy" / "push.sh"
CONFIGURATION = 'seed = 1\n[mqtt]\nurl = "mqtt://localhost"\n[[sensor]]\nname = "a"\nbundle = "climate.npz"\n'

COMMANDS = {
    "ssh": 'case $1 in nowhere) echo "ssh: no route" >&2; exit 255;; esac\nshift\nexec sh -c "$*"',
    "sudo": 'exec "$@"',
    "systemctl": 'echo "$*" >> "$RELOADS"; [ ! -e "$RELOADS.fail" ]',
    "understudy-agent": f'cd {ROOT} && exec {sys.executable} -m agent "$@"',
}


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """A device's folder, with a bundle that it plays."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name, text in COMMANDS.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{text}\n")
        (bin_ / name).chmod(0o755)
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "agent.toml").write_text(CONFIGURATION)
    write_bundle(folder / "climate.npz")
    return folder


def push(device: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = f"{device.parent / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"
    env = os.environ | {"PATH": path, "RELOADS": str(device.parent / "reloads"), "TMPDIR": str(device.parent)}
    command = [str(PUSH), "--folder", str(device), *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=env, timeout=60)


def reloads(device: Path) -> list[str]:
    path = device.parent / "reloads"
    return path.read_text().splitlines() if path.exists() else []


def held(device: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in device.iterdir()}


def new_bundle(tmp_path: Path, **options) -> Path:
    (tmp_path / "new").mkdir(parents=True, exist_ok=True)
    return write_bundle(tmp_path / "new" / "climate.npz", **options)


def test_a_new_bundle_takes_the_place_of_the_old_and_the_agent_reloads(device, tmp_path):
    new = new_bundle(tmp_path, interval_s=7.0)
    done = push(device, str(new), "pi-1", "pi-2")
    assert (done.returncode, done.stdout) == (0, "pi-1: has climate.npz\npi-2: has climate.npz\n")
    assert held(device) == {"agent.toml": CONFIGURATION.encode(), "climate.npz": new.read_bytes()}
    assert reloads(device) == ["try-reload-or-restart understudy-agent"] * 2
    assert (device / "climate.npz").stat().st_mode & 0o777 == 0o644


def test_a_bad_bundle_changes_nothing_and_is_told(device, tmp_path):
    before, bad = held(device), tmp_path / "new.npz"
    bad.write_bytes(b"no bundle")
    shutil.copy(bad, tmp_path / "climate.npz")
    done = push(device, str(tmp_path / "climate.npz"), "pi-1")
    assert done.returncode == 1
    assert "climate" not in done.stdout
    assert "pi-1: keeps what it has" in done.stderr
    assert held(device) == before
    assert reloads(device) == []


@pytest.mark.parametrize("path", ['"climate.npz"', "'climate.npz'", '"{device}/climate.npz"', '"../etc/climate.npz"'])
def test_a_bundle_that_the_configuration_cannot_play_changes_nothing(device, tmp_path, path):
    named = CONFIGURATION.replace('"climate.npz"', path.format(device=device))
    (device / "agent.toml").write_text(named + 'period = "week"\n')
    write_bundle(device / "climate.npz", periods={"day": 60.0, "week": 60.0})
    before = held(device)
    done = push(device, str(new_bundle(tmp_path)), "pi-1")
    assert done.returncode == 1
    assert "week" in done.stderr
    assert held(device) == before
    assert reloads(device) == []


def test_one_host_that_cannot_be_reached_does_not_keep_the_others_from_it(device, tmp_path):
    done = push(device, str(new_bundle(tmp_path)), "nowhere", "pi-1")
    assert done.returncode == 1
    assert done.stdout == "pi-1: has climate.npz\n"
    assert "nowhere: keeps what it has" in done.stderr
    assert reloads(device) == ["try-reload-or-restart understudy-agent"]


def test_nothing_is_left_behind(device, tmp_path):
    before = {path.name for path in tmp_path.iterdir()}
    (tmp_path / "climate.npz").write_bytes(b"no bundle")
    push(device, str(tmp_path / "climate.npz"), "pi-1")
    assert {path.name for path in tmp_path.iterdir()} == before | {"climate.npz"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name a bundle and at least one host"),
        (["nowhere.npz", "pi"], "is no file"),
        (["--speed", "9"], "is no option"),
        (["--folder"], "needs a value"),
        (["--folder", "etc", __file__, "pi"], "give the whole path"),
    ],
)
def test_wrong_usage_is_told(device, words, said):
    done = push(device, *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_name_that_a_shell_would_read_otherwise_is_refused(device, tmp_path):
    odd = tmp_path / "a';reboot;'.npz"
    odd.write_bytes(b"")
    done = push(device, str(odd), "pi-1")
    assert done.returncode == 2
    assert "letters, digits, dots and dashes only" in done.stderr


def test_a_bad_bundle_is_refused_where_no_configuration_names_it_yet(device, tmp_path):
    (device / "agent.toml").unlink()
    (tmp_path / "climate.npz").write_bytes(b"no bundle")
    assert push(device, str(tmp_path / "climate.npz"), "pi-1").returncode == 1
    assert reloads(device) == []


def test_a_configuration_that_does_not_name_it_has_no_say(device, tmp_path):
    (device / "other.toml").write_text("this is wrong")
    assert push(device, str(new_bundle(tmp_path)), "pi-1").returncode == 0


def test_where_the_agent_does_not_reload_the_old_one_is_put_back(device, tmp_path):
    before = held(device)
    (tmp_path / "reloads.fail").touch()
    done = push(device, str(new_bundle(tmp_path, interval_s=7.0)), "pi-1")
    assert (done.returncode, done.stdout) == (1, "")
    assert held(device) == before


def test_what_is_new_there_is_gone_where_the_agent_does_not_reload(device, tmp_path):
    (device / "climate.npz").unlink()
    (tmp_path / "reloads.fail").touch()
    assert push(device, str(new_bundle(tmp_path)), "pi-1").returncode == 1
    assert set(held(device)) == {"agent.toml"}


def test_a_bundle_of_which_a_part_arrives_changes_nothing(device, tmp_path):
    before, new = held(device), new_bundle(tmp_path)
    (tmp_path / "climate.npz").write_bytes(new.read_bytes()[:-200])
    assert push(device, str(tmp_path / "climate.npz"), "pi-1").returncode == 1
    assert held(device) == before


def test_what_plays_it_reloads_and_nothing_else(device, tmp_path):
    (device / "porch.toml").write_text(CONFIGURATION)
    (device / "agent.toml").write_text(CONFIGURATION.replace("climate", "front-climate"))
    (device / "old.toml").write_text('# bundle = "climate.npz"\nthis is wrong')
    done = push(device, str(new_bundle(tmp_path)), "pi-1")
    assert done.returncode == 0, done.stderr
    assert reloads(device) == ["try-reload-or-restart understudy-agent@porch"]


def test_a_name_that_looks_like_an_option_is_checked_like_others(device, tmp_path):
    (device / "agent.toml").write_text(CONFIGURATION.replace("climate", "-c") + 'period = "week"\n')
    bundle = new_bundle(tmp_path).rename(tmp_path / "-c.npz")
    done = push(device, str(bundle), "pi-1")
    assert done.returncode == 1
    assert "week" in done.stderr


def test_two_at_once_take_turns_and_the_one_that_fails_takes_nothing_of_the_others(device, tmp_path):
    first, second = (new_bundle(tmp_path / name, interval_s=float(s)) for name, s in (("a", 7), ("b", 8)))
    systemctl = device.parent / "bin" / "systemctl"
    systemctl.write_text('#!/bin/sh\n[ -e "$RELOADS" ] && exit; touch "$RELOADS"; sleep 1; exit 1\n')
    with ThreadPoolExecutor() as pool:
        failing = pool.submit(push, device, str(first), "pi-1")
        wait_until((device.parent / "reloads").exists)
        assert push(device, str(second), "pi-2").returncode == 0
    assert failing.result().returncode == 1
    assert (device / "climate.npz").read_bytes() == second.read_bytes()


def test_one_that_is_ended_while_the_agent_reloads_puts_the_old_one_back(device, tmp_path):
    before = held(device)
    systemctl = device.parent / "bin" / "systemctl"
    systemctl.write_text("#!/bin/sh\nkill -TERM $PPID; sleep 1\n")
    assert push(device, str(new_bundle(tmp_path, interval_s=7.0)), "pi-1").returncode == 1
    assert held(device) == before
    assert not list(tmp_path.glob("tmp.*"))


def test_a_device_without_the_folder_or_the_agent_says_so(device, tmp_path):
    new = str(new_bundle(tmp_path))
    (device.parent / "bin" / "understudy-agent").unlink()
    assert "is not installed there" in push(device, new, "pi-1").stderr
    shutil.rmtree(device)
    assert f"{device}: is no folder of this device" in push(device, new, "pi-1").stderr


def test_where_one_of_two_does_not_reload_the_other_goes_back_with_it(device, tmp_path):
    (device / "porch.toml").write_text(CONFIGURATION)
    before, systemctl = held(device), device.parent / "bin" / "systemctl"
    systemctl.write_text('#!/bin/sh\necho "$*" >> "$RELOADS"; case $2 in *porch) exit 1;; esac\n')
    assert push(device, str(new_bundle(tmp_path, interval_s=7.0)), "pi-1").returncode == 1
    assert held(device) == before
    assert [line.split()[1] for line in reloads(device)] == [
        "understudy-agent",
        "understudy-agent@porch",
        "understudy-agent",
    ]


def test_a_folder_without_a_configuration_takes_it_in_silence(device, tmp_path):
    (device / "agent.toml").unlink()
    done = push(device, str(new_bundle(tmp_path)), "pi-1")
    assert (done.returncode, done.stderr) == (0, "")
