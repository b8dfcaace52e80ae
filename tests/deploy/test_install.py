"""deploy/install.sh in a root file system, without systemd."""

import re
import shutil
import subprocess

import pytest

from tests.commands import run
from tests.deploy.conftest import CHECKOUT, WHEELHOUSE
from tests.deploy.machine import Root
from tests.deploy.wheels import ROOT

INSTALL = f"{CHECKOUT}/deploy/install.sh"
NOBODY = ("env", "HOME=/", "setpriv", "--reuid=nobody", "--clear-groups")
PACKAGES = "usr/lib/python3/dist-packages"


def stub(name: str, text: str):
    """Puts another program in the place of one that install.sh asks."""
    return lambda root: root.write(f"usr/local/bin/{name}", f"#!/bin/sh\n{text}\n", 0o755)


def remove(name: str):
    return lambda root: root.run("rm", "-r", f"/{name}")


def make_folder(name: str):
    return lambda root: root.path(name).mkdir(parents=True)


def link(name: str, target: str):
    return lambda root: root.path(name).symlink_to(target)


def change(name: str):
    return lambda root: root.run("sh", "-c", f"echo '# newer' >> /{name}")


def release(text: str):
    return lambda root: root.write("usr/lib/os-release", text)


REFUSALS = {
    "32-bit": (stub("dpkg", "echo armhf"), ["--yes"], "32-bit one (armhf)", "write the 64-bit Raspberry Pi OS"),
    "exotic": (stub("dpkg", "echo riscv64"), ["--yes"], "not built for riscv64", "use a 64-bit"),
    "not-debian": (remove("usr/bin/dpkg"), ["--yes"], "no Debian", "by hand"),
    "too-old": (release('ID=debian\nVERSION_ID="11"\nPRETTY_NAME="Debian 11"\n'), ["--yes"], "Debian 11", "12 or 13"),
    "other": (release('ID=fedora\nVERSION_ID=42\nPRETTY_NAME="Fedora"\n'), ["--yes"], "Fedora", "use Raspberry Pi OS"),
    "python": (lambda root: root.run("ln", "-sf", "false", "/usr/bin/python3"), ["--yes"], "older than", "apt install"),
    "venv": (remove("usr/lib/python3.11/ensurepip"), ["--yes"], "cannot make environments", "apt install python3-venv"),
    "clock": (stub("date", "test $1 = +%s && echo 3600 || echo 1970-01-01"), ["--yes"], "1970-01-01", "timedatectl"),
    "disk": (stub("df", "echo Avail; echo 12"), ["--yes"], "12 MB free", "make room"),
    "wheelhouse": (lambda root: None, ["--yes", "--wheelhouse", "/home"], "does not hold Understudy", "pip wheel"),
    "no-wheelhouse": (lambda root: None, ["--yes", "--wheelhouse", "/nowhere"], "'/nowhere' is none", "a folder"),
    "older-wheel": (
        change("home/pi/understudy/agent/loop.py"),
        ["--yes", "--wheelhouse", WHEELHOUSE],
        f"the wheel of Understudy in {WHEELHOUSE} was built of other files",
        "make it anew with: pip wheel",
    ),
    "dangling-wheel": (
        link("home/pi/wheelhouse/a-1-py3-none-any.whl", "/nowhere"),
        ["--yes", "--wheelhouse", WHEELHOUSE],
        "a-1-py3-none-any.whl cannot be read",
        "fetch it again",
    ),
    "half-a-package": (stub("dpkg-query", "echo install ok half-configured"), ["--yes"], "package", "apt remove"),
    "package": (stub("dpkg-query", "echo install ok installed"), ["--uninstall", "--yes"], "package", "apt remove"),
    "masked": (
        link("etc/systemd/system/understudy-agent.service", "/dev/null"),
        ["--yes"],
        "is masked",
        "systemctl unmask understudy-agent.service",
    ),
    "configuration": (
        make_folder("etc/understudy/agent.toml"),
        ["--yes"],
        "/etc/understudy/agent.toml is a folder",
        "move it away",
    ),
    "nobody-asked": (lambda root: None, [], "nobody is there", "--yes"),
    "option": (lambda root: None, ["--force"], "no option '--force'", "--help"),
}


def test_shellcheck_finds_nothing_wrong_with_the_installer():
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed: apt install shellcheck")
    command = ["shellcheck", "--check-sourced", "--external-sources", "deploy/install.sh"]
    done = subprocess.run(command, check=False, text=True, capture_output=True, cwd=ROOT)
    assert done.stdout == ""


def test_the_configuration_that_is_installed_can_be_played(tmp_path):
    for name in ("deploy/agent.toml", "examples/front-door.npz"):
        shutil.copy(ROOT / name, tmp_path)
    checked = run("agent", "check", "--config", str(tmp_path / "agent.toml"))
    assert checked.returncode == 0, checked.stderr


def test_a_first_installation_can_be_played_by_everybody_and_changed_by_root(installed: Root):
    shown = installed.run(*NOBODY, "understudy-agent", "preview", "--help")
    assert shown.returncode == 0, shown.stderr
    assert installed.run(*NOBODY, "cat", "/etc/understudy/agent.toml").returncode == 0
    assert installed.run("find", "/opt/understudy", "/etc/understudy", "!", "-user", "root").stdout == ""
    assert installed.run("find", "/opt/understudy", "/etc/understudy", "-perm", "/022", "!", "-type", "l").stdout == ""


def test_it_has_the_pinned_packages(installed: Root):
    freeze = installed.run("/opt/understudy/current/bin/python", "-m", "pip", "freeze", "--local").stdout.lower()
    pins = (ROOT / "constraints.txt").read_text().lower().split()
    others = [line for line in freeze.split() if line not in pins and "==" in line]
    assert [line.split("==")[0] for line in others] in ([], ["understudy"])
    assert "numpy==2" in freeze


def test_it_installs_units_that_start_with_the_machine(installed: Root):
    assert installed.run("systemctl", "is-enabled", "understudy-agent.service").stdout.strip() == "enabled"
    assert installed.run("systemd-analyze", "verify", "understudy-agent@garden.service").stderr == ""
    assert installed.path("etc/udev/rules.d/60-understudy-camera.rules").exists()


def test_it_says_what_it_left_out_and_what_comes_next(installed: Root):
    said = installed.path("home/pi/said").read_text()
    assert "leave out to start anything" in said
    assert "/etc/understudy/front-door.npz: cannot be read" in said
    assert "start it with: sudo systemctl restart understudy-agent" in said


def test_a_second_run_changes_nothing(fresh, installed: Root):
    root = fresh(installed)
    before = root.contents()
    done = root.run(INSTALL, "--yes")
    assert done.returncode == 0, done.stderr
    assert "there is nothing to do" in done.stdout
    assert root.contents() == before


@pytest.mark.parametrize(
    "name",
    [
        "home/pi/understudy/agent/loop.py",
        "usr/local/lib/systemd/system/understudy-agent.service",
        "usr/local/lib/systemd/system/understudy-agent@.service.d/20-instance.conf",
        "etc/udev/rules.d/60-understudy-camera.rules",
        "etc/understudy/agent.toml",
        "opt/understudy/current/lib/python3.11/site-packages/numpy/__init__.py",
    ],
)
def test_what_is_missing_or_changed_is_installed_anew(fresh, installed: Root, name):
    root = fresh(installed)
    assert root.run("sh", "-c", f"test -f /{name} && rm /{name}").returncode == 0
    said = root.run(INSTALL, "--dry-run").stdout
    assert "This will\n- make the environment" in said


def test_a_dry_run_tells_the_plan_and_changes_nothing(fresh, prepared: Root):
    root = fresh(prepared)
    before = root.contents()
    done = root.run(*NOBODY, INSTALL, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "- write /etc/understudy/agent.toml" in done.stdout
    assert root.contents() == before


@pytest.mark.parametrize("name", REFUSALS)
def test_it_refuses_in_one_sentence_that_says_what_to_do(fresh, prepared: Root, name):
    spoil, words, problem, remedy = REFUSALS[name]
    root = fresh(prepared)
    spoil(root)
    before = root.contents()
    done = root.run(INSTALL, *words)
    assert done.returncode == 1
    assert problem in done.stderr
    assert remedy in done.stderr
    assert done.stderr.startswith("install.sh: ")
    assert done.stderr.count("\n") == 1
    assert root.contents() == before


def test_it_refuses_to_work_for_others_than_root(fresh, prepared: Root):
    done = fresh(prepared).run(*NOBODY, INSTALL, "--yes")
    assert done.returncode == 1
    assert done.stderr == "install.sh: only root can do this; say: sudo deploy/install.sh\n"


def test_without_a_yes_nothing_is_done(fresh, prepared: Root):
    root = fresh(prepared)
    before = root.contents()
    done = root.run("script", "-qec", INSTALL, "/dev/null", stdin="n\n")
    assert done.returncode == 1
    assert "Go on? [y/N]" in done.stdout
    assert "install.sh: nothing was done" in done.stdout
    assert root.contents() == before


def test_two_of_them_do_not_work_at_once(fresh, prepared: Root):
    done = fresh(prepared).run("flock", "/run/understudy-install.lock", INSTALL, "--yes")
    assert done.returncode == 1
    assert "another install.sh is at work" in done.stderr


def test_what_was_begun_is_removed_when_packages_are_missing(fresh, prepared: Root):
    root = fresh(prepared)
    root.run("sh", "-c", f"rm {WHEELHOUSE}/tzdata*")
    before = root.contents()
    done = root.run(INSTALL, "--yes", "--wheelhouse", WHEELHOUSE)
    assert done.returncode == 1
    assert "tzdata" in done.stdout
    assert "the packages could not be installed" in done.stderr
    assert root.contents() == before


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        ("mount --bind -o ro /usr/local /usr/local", "Read-only file system"),
        ("mkdir -p /usr/local/bin/understudy-agent", "/usr/local/bin/understudy-agent is a folder"),
    ],
)
def test_what_cannot_be_put_in_its_place_is_told_of_and_nothing_is_left(fresh, prepared: Root, spoil, problem):
    root = fresh(prepared)
    root.path("etc/understudy").mkdir()
    shutil.copy(ROOT / "deploy/agent.toml", root.path("etc/understudy"))
    before = root.contents()
    done = root.run("sh", "-c", f"{spoil} && {INSTALL} --yes")
    assert done.returncode == 1
    assert "install.sh: what belongs outside of /opt/understudy cannot be put there; mend that" in done.stderr
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert root.contents() == before


@pytest.mark.parametrize("folder", ["/usr/local", "/opt", "/etc/understudy"])
def test_a_folder_may_be_a_link_to_another_disk(fresh, prepared: Root, folder):
    root = fresh(prepared)
    root.run("sh", "-c", f"mkdir -p /data {folder} && mv {folder} /data/it && ln -s /data/it {folder}")
    done = root.run(INSTALL, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert root.run("understudy-agent", "--help").returncode == 0
    assert root.run("systemctl", "is-enabled", "understudy-agent.service").stdout == "enabled\n"
    assert root.run("readlink", folder).stdout == "/data/it\n"
    assert "there is nothing to do" in root.run(INSTALL, "--yes").stdout


def test_a_first_installation_that_was_cut_short_is_done_anew(fresh, prepared: Root):
    root = fresh(prepared)
    stub("systemctl", 'case "$*" in *" enable "*) kill -9 $PPID; exit 1 ;; esac; exec /usr/bin/systemctl "$@"')(root)
    assert root.run(INSTALL, "--yes").returncode == -9
    root.path("usr/local/bin/systemctl").unlink()
    done = root.run(INSTALL, "--yes")
    assert "Understudy 0.1.0 is installed.\n" in done.stdout
    assert root.run("systemctl", "is-enabled", "understudy-agent.service").stdout == "enabled\n"
    assert len(root.run("ls", "/opt/understudy/releases").stdout.split()) == 1


def test_every_byte_is_on_the_disk_before_the_link_names_it(fresh, prepared: Root):
    """What a power cut would leave: what was not synced may be files of no bytes."""
    root = fresh(prepared)
    said = 'echo "$2" of $(ls -a "$2" | grep -c fingerprint) beside "$(readlink /opt/understudy/current)" >> /synced'
    stub("sync", said)(root)
    assert root.run(INSTALL, "--yes").returncode == 0
    name = root.run("ls", "/opt/understudy/releases").stdout.strip()
    synced = f"/opt/understudy/releases/{name} of 0 beside"
    assert root.path("synced").read_text() == f"{synced} \n{synced} releases/{name}\n"


def test_it_finds_itself_and_its_wheels_wherever_they_are(fresh, prepared: Root):
    root = fresh(prepared)
    root.run("sh", "-c", f"mv {WHEELHOUSE} '/home/pi/wheels [1]' && ln -s {INSTALL} /usr/local/sbin/install-it")
    cd_says = f"cd /home/pi && CDPATH=/home/pi:{CHECKOUT} PATH=/usr/local/sbin:$PATH"
    done = root.run("sh", "-c", f"{cd_says} install-it --yes --wheelhouse 'wheels [1]'")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "from /home/pi/wheels [1]\n" in done.stdout
    assert root.run("sh", "-c", f"{cd_says} bash understudy/deploy/install.sh --dry-run").returncode == 0


def test_who_may_look_into_the_configuration_stays_as_the_administrator_set_it(fresh, installed: Root):
    root = fresh(installed)
    root.run("sh", "-c", "chmod 750 /etc/understudy && chmod 711 /etc/credstore")
    change("home/pi/understudy/agent/loop.py")(root)
    done = root.run(INSTALL, "--yes")
    assert done.returncode == 0, done.stderr
    assert "/etc/understudy/agent.toml: cannot be read" in done.stdout  # by others than root
    assert root.run("stat", "-c", "%a", "/etc/understudy", "/etc/credstore").stdout == "750\n711\n"


def test_beside_apts_picamera2_of_debian_12_it_takes_numpy_1_and_its_own_packages_else(fresh, prepared: Root):
    root = fresh(prepared)
    (tqdm,) = re.findall("(?m)^tqdm==(.*)", (ROOT / "constraints.txt").read_text())  # apt's own is gone tomorrow
    for name, version in {"picamera2": "0.3.30", "numpy": "1.24.2", "paho_mqtt": "1.6.1", "tqdm": tqdm}.items():
        text = f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n"
        root.write(f"{PACKAGES}/{name}-{version}.dist-info/METADATA", text)
    root.write(f"{PACKAGES}/picamera2.py", "import numpy\nassert numpy.__version__ < '2'\n")
    root.write(f"{PACKAGES}/paho/__init__.py", "raise ImportError('too old')\n")
    typed = f"umask 077; script -qec '{INSTALL} --wheelhouse {WHEELHOUSE}' /dev/null"  # asks, as on a terminal
    done = root.run("sh", "-c", typed, stdin="y\n")
    assert done.returncode == 0, done.stdout
    assert "take numpy 1" in done.stdout
    python = "/opt/understudy/current/bin/python"
    assert root.run(python, "-c", "import picamera2, paho.mqtt.client, tqdm").stderr == ""
    played = root.run(*NOBODY, "understudy-agent", "preview", "/home/pi/front-door.npz", "-n", "3")
    assert played.stdout.count("\n") == 3


def test_a_wheelhouse_without_numpy_1_is_refused_where_the_camera_wants_that(fresh, prepared: Root):
    root = fresh(prepared)
    for name, version in {"picamera2": "0.3.30", "numpy": "1.24.2"}.items():
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        root.write(f"{PACKAGES}/{name}-{version}.dist-info/METADATA", text)
    for wheel in root.path(WHEELHOUSE.strip("/")).glob("numpy-1.*"):
        wheel.unlink()
    done = root.run(INSTALL, "--yes", "--wheelhouse", WHEELHOUSE)
    assert done.returncode == 1
    assert "has no numpy 1, for which the installed picamera2 is built; add it with" in done.stderr


def test_removing_it_leaves_configuration_password_and_state(fresh, installed: Root):
    root = fresh(installed)
    kept = {
        "etc/understudy/agent.toml",
        "etc/credstore/understudy-agent.mqtt-password",
        "var/lib/private/understudy-agent/seed",
    }
    for name in kept:
        root.write(name, "kept")
    assert root.run(INSTALL, "--uninstall", "--yes").returncode == 0
    left = {line.split()[0] for line in root.contents().splitlines() if "understudy" in line and "/home/" not in line}
    assert left == {f"./{name}" for name in kept}


def test_purging_leaves_the_machine_as_it_was(fresh, installed: Root, prepared: Root):
    root = fresh(installed)
    for name in ("etc/credstore/understudy-agent@attic.mqtt-password", "var/lib/private/understudy-agent@attic/seed"):
        root.write(name, "secret")
    assert root.run(INSTALL, "--purge", "--yes").returncode == 0
    root.path("home/pi/said").unlink()
    assert root.contents() == prepared.contents()


def test_what_others_put_beside_it_stays_when_it_is_purged(fresh, prepared: Root):
    root = fresh(prepared)
    root.run("sh", "-c", f"mkdir -p /opt && cp -a {CHECKOUT} /opt/understudy")
    others = [
        "opt/understudy/recording.csv",
        "usr/local/lib/systemd/system/understudy-agent-watch.service",
        "etc/credstore/understudy-agent-watch.password",
        "etc/systemd/system/understudy-agent-watch.service.d/more.conf",
        "var/lib/understudy-agent-backups/yesterday",
        "var/lib/private/understudy-agent-watch/state",
    ]
    for name in others:
        root.write(name, "another's")
    before = root.contents()
    assert root.run("/opt/understudy/deploy/install.sh", "--yes").returncode == 0
    assert root.run("/opt/understudy/deploy/install.sh", "--purge", "--yes").returncode == 0
    assert root.contents() == before


def test_removing_it_from_another_disk_leaves_nothing_there(fresh, installed: Root):
    root = fresh(installed)
    root.run("sh", "-c", "mkdir /data && mv /opt/understudy /data/it && ln -s /data/it /opt/understudy")
    assert root.run(INSTALL, "--uninstall", "--yes").returncode == 0
    assert root.run("find", "/data/it").stdout == "/data/it\n"
