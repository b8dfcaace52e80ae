"""The Debian package, built from what the index gave once, in a clean Debian without a network."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.conftest import cut_off
from tests.deploy.machine import Machine, Root, Workshop, booted
from tests.deploy.wheels import ROOT, copy_project

SCRIPTS = [f"deploy/deb/{name}" for name in ("build.sh", "preinst", "postinst", "prerm", "postrm")]
UNIT = "understudy-agent.service"
NOBODY = ("env", "HOME=/", "setpriv", "--reuid=nobody", "--clear-groups")
INSTALLER = ("/home/pi/understudy/deploy/install.sh",)
LEFT_BY_DPKG = re.compile(r"\./var/(lib/dpkg|log/dpkg\.log)|\./etc/understudy/kept$")
KEPT = (
    "etc/understudy/more.toml",
    "etc/credstore/understudy-agent.mqtt-password",
    "var/lib/private/understudy-agent/seed",
)


def build(checkout: Path, wheelhouse: Path, folder: Path) -> Path:
    """The package for Debian 12 on this machine's processor."""
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheelhouse), "PYTHON": sys.executable}
    command = [str(checkout / "deploy/deb/build.sh"), architecture, "bookworm", str(folder)]
    env = os.environ | offline | {"SOURCE_DATE_EPOCH": "1800000000"}
    done = subprocess.run(command, check=False, text=True, capture_output=True, timeout=300, env=env)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("checkout") / "understudy")


@pytest.fixture(scope="module")
def package(checkout: Path, wheelhouse: Path) -> Path:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed: apt install dpkg")
    return build(checkout, wheelhouse, checkout.parent)


@pytest.fixture(scope="module")
def newer(checkout: Path, wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next release: the same but for its number and the description of its unit."""
    checkout = shutil.copytree(checkout, tmp_path_factory.mktemp("newer") / "understudy", symlinks=True)
    for name, pattern, text in [
        ("pyproject.toml", r'(?m)^version = ".*"', 'version = "99.1.0rc1"'),
        (f"systemd/{UNIT}", "Description=.*", "Description=The new one"),
    ]:
        path = checkout / name
        path.write_text(re.sub(pattern, text, path.read_text(), count=1))
    return build(checkout, wheelhouse, checkout.parent)


@pytest.fixture(scope="module")
def clean(shop: Workshop) -> Root:
    return cut_off(shop, "clean", "front-door.npz")


@pytest.fixture(scope="module")
def packaged(shop: Workshop, clean: Root, package: Path) -> Root:
    """As `clean`, with the package installed."""
    root = shop.root("packaged", *clean.layers)
    done = install(root, package)
    assert done.returncode == 0, done.stdout + done.stderr
    root.write("home/pi/said", done.stdout)
    return root


@pytest.fixture
def machine(shop: Workshop, packaged: Root, newer: Path, request: pytest.FixtureRequest) -> Iterator[Machine]:
    """An agent that plays, on another disk that is linked to /opt, and next to it a newer package."""
    root = shop.root(request.node.name, *packaged.layers)
    shutil.copy(root.path("home/pi/front-door.npz"), root.path("etc/understudy"))
    config = root.path("etc/understudy/agent.toml")
    config.write_text(f"seed = 7\n{config.read_text()}")
    shutil.copy(newer, root.path("home/pi/newer.deb"))
    root.run("sh", "-c", "mkdir /data && mv /opt /data/opt && ln -s /data/opt /opt")
    with booted(root) as machine:
        machine.wait_for(UNIT, "SubState", "running")
        yield machine


def install(root: Root, package: Path) -> subprocess.CompletedProcess[str]:
    shutil.copy(package, root.path("home/pi/new.deb"))
    done = root.run("dpkg", "--install", "/home/pi/new.deb")
    root.path("home/pi/new.deb").unlink()
    return done


def bring_checkout(root: Root, checkout: Path, wheelhouse: Path) -> None:
    shutil.copytree(checkout, root.path("home/pi/understudy"), symlinks=True)
    shutil.copytree(wheelhouse, root.path("home/pi/wheelhouse"))


def contents(root: Root) -> list[str]:
    """Everything in a root but for what dpkg writes of its own; folders too, by their names alone."""
    files = root.contents().splitlines()
    folders = root.run("find", "/etc", "/home", "/opt", "/usr", "/var", "-type", "d", "-printf", ".%p %m\n").stdout
    return sorted(line for line in files + folders.splitlines() if not LEFT_BY_DPKG.match(line))


def plays(machine: Machine, version: str) -> bool:
    """Whether the service is ready, and runs the programs of a version."""
    command = machine.run("cat", f"/proc/{machine.show(UNIT, 'MainPID')}/cmdline").stdout
    return machine.show(UNIT, "SubState") == "running" and f"/opt/understudy/releases/{version}-" in command


def status(machine: Machine) -> str:
    return machine.run("dpkg-query", "--show", "--showformat=${Status} ${Version}", "understudy-agent").stdout


def test_shellcheck_finds_nothing_wrong_with_the_scripts():
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed: apt install shellcheck")
    done = subprocess.run(["shellcheck", "-x", *SCRIPTS], check=False, text=True, capture_output=True, cwd=ROOT)
    assert done.stdout == ""


def test_lintian_finds_nothing_wrong_with_the_package(package):
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not installed: apt install lintian")
    command = ["lintian", "--allow-root", "--fail-on=warning", str(package)]
    done = subprocess.run(command, check=False, text=True, capture_output=True)
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def test_the_same_files_of_another_time_and_mode_give_the_same_bytes(checkout, package, wheelhouse, tmp_path):
    copy = shutil.copytree(checkout, tmp_path / "understudy", symlinks=True, copy_function=shutil.copy)
    subprocess.run(["chmod", "-R", "go=", str(copy)], check=True)
    again = build(copy, wheelhouse, tmp_path)
    assert again.name == package.name
    assert again.read_bytes() == package.read_bytes()


def test_a_candidate_is_older_than_its_release(newer):
    version = newer.name.split("_")[1]
    assert version == "99.1.0~rc1-1+deb12"
    assert subprocess.run(["dpkg", "--compare-versions", version, "lt", "99.1.0-1+deb12"], check=False).returncode == 0


def test_what_is_installed_can_be_played_by_everybody(packaged: Root):
    played = packaged.run(*NOBODY, "understudy-agent", "preview", "/home/pi/front-door.npz", "-n", "3")
    assert played.stdout.count("\n") == 3, played.stderr
    checked = packaged.run(*NOBODY, "understudy-agent", "check", "--config", "/etc/understudy/agent.toml")
    assert checked.returncode == 78
    assert "/etc/understudy/front-door.npz: cannot be read" in checked.stderr + checked.stdout
    assert packaged.run("find", "/opt/understudy", "-perm", "/022", "!", "-type", "l").stdout == ""


def test_it_starts_with_the_machine_and_says_what_comes_next(packaged: Root):
    assert packaged.run("systemctl", "is-enabled", UNIT).stdout.strip() == "enabled"
    assert packaged.run("systemd-analyze", "verify", "understudy-agent@garden.service").stderr == ""
    said = packaged.path("home/pi/said").read_text()
    assert "start it with: sudo systemctl restart understudy-agent" in said


def test_on_debian_12_it_loads_beside_apts_picamera2(packaged: Root):
    python = "/opt/understudy/current/bin/python"
    assert packaged.run(python, "-c", "import numpy; print(numpy.__version__)").stdout.startswith("1.")


def test_removing_it_keeps_configuration_password_and_state_and_purging_it_leaves_the_machine_as_it_was(
    fresh, packaged: Root, clean: Root
):
    root = fresh(packaged)
    for name in KEPT:
        root.write(name, "kept")
    assert root.run("dpkg", "--remove", "understudy-agent").returncode == 0
    assert not root.path("opt/understudy").exists()
    assert all(root.path(name).exists() for name in (*KEPT, "etc/understudy/agent.toml"))
    purged = root.run("dpkg", "--purge", "understudy-agent")
    assert purged.returncode == 0, purged.stderr
    root.path("home/pi/said").unlink()
    assert contents(root) == contents(clean)


def test_it_does_not_install_over_what_the_installer_has_installed(fresh, clean: Root, package):
    root = fresh(clean)
    root.write(f"usr/local/lib/systemd/system/{UNIT}", "")
    before = contents(root)
    done = install(root, package)
    assert done.returncode == 1
    assert "sudo deploy/install.sh --uninstall" in done.stderr
    assert contents(root) == before


def test_purging_what_is_left_of_it_leaves_alone_what_the_installer_has_installed_since(
    fresh, packaged: Root, checkout, wheelhouse
):
    root = fresh(packaged)
    bring_checkout(root, checkout, wheelhouse)
    assert root.run("dpkg", "--remove", "understudy-agent").returncode == 0
    done = root.run(*INSTALLER, "--yes", "--wheelhouse", "/home/pi/wheelhouse")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in KEPT:
        root.write(name, "kept")
    before = contents(root)
    purged = root.run("dpkg", "--purge", "understudy-agent")
    assert purged.returncode == 0, purged.stderr
    assert contents(root) == before
    assert root.run("systemctl", "is-enabled", UNIT).stdout == "enabled\n"


def test_the_installer_leaves_alone_a_package_whose_configuration_failed(fresh, clean: Root, package, checkout):
    root = fresh(clean)
    root.write("usr/local/bin/df", "#!/bin/sh\necho Avail; echo 12\n", 0o755)
    assert install(root, package).returncode == 1
    root.path("usr/local/bin/df").unlink()
    shutil.copytree(checkout, root.path("home/pi/understudy"), symlinks=True)
    before = contents(root)
    for word in ("--yes", "--uninstall"):
        done = root.run(*INSTALLER, word)
        assert "the Debian package understudy-agent is installed here" in done.stderr
        assert done.returncode == 1
    assert contents(root) == before


def test_removing_it_leaves_alone_what_the_installer_and_others_have_put_there(fresh, packaged: Root):
    root = fresh(packaged)
    root.write(f"usr/local/lib/systemd/system/{UNIT}", "")
    assert root.run("dpkg", "--remove", "understudy-agent").returncode == 0
    assert root.path("opt/understudy/current/bin").exists()

    root = fresh(packaged)
    root.write("opt/understudy/recording.csv", "another's")
    assert root.run("dpkg", "--remove", "understudy-agent").returncode == 0
    assert root.run("ls", "/opt/understudy").stdout == "recording.csv\n"

    root.write("var/lib/understudy-agent-backups/yesterday", "another's")
    root.write("etc/credstore/understudy-agent-watch.password", "another's")
    assert root.run("dpkg", "--purge", "understudy-agent").returncode == 0
    assert root.path("var/lib/understudy-agent-backups/yesterday").exists()
    assert root.path("etc/credstore/understudy-agent-watch.password").exists()


def test_an_upgrade_that_fails_leaves_the_old_version_playing_until_it_is_tried_again(machine, package, newer):
    old, new = (path.name.split("_")[1].split("-")[0].replace("~", "") for path in (package, newer))
    process = machine.show(UNIT, "MainPID")
    config = machine.root.path("etc/understudy/agent.toml")
    good = config.read_text()

    config.write_text(f"sed = 7\n{good}")
    done = machine.run("dpkg", "--install", "/home/pi/newer.deb")
    assert done.returncode == 1
    assert f"the new version cannot play what {UNIT} plays" in done.stderr
    assert "half-configured" in status(machine)
    assert plays(machine, old)
    assert machine.show(UNIT, "MainPID") == process

    config.write_text(good)
    dropin = f"etc/systemd/system/{UNIT}.d/test.conf"
    machine.root.write(
        dropin, f'[Service]\nExecStartPre=/bin/sh -c "readlink /opt/understudy/current | grep /{old}-"\n'
    )
    done = machine.run("dpkg", "--configure", "understudy-agent")
    assert done.returncode == 1
    assert f"Understudy {new} does not start" in done.stderr
    assert plays(machine, old)

    machine.root.path(dropin).unlink()
    done = machine.run("dpkg", "--configure", "understudy-agent")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "install ok installed 99.1.0~rc1-1+deb12" in status(machine)
    assert plays(machine, new)
    assert len(machine.run("ls", "/opt/understudy/releases").stdout.split()) == 1
    assert machine.show(UNIT, "Description") == "The new one"
    assert config.read_text() == good

    assert machine.run("dpkg", "--purge", "understudy-agent").returncode == 0
    assert machine.run("systemctl", "list-units", "--plain", "--no-legend", "understudy*").stdout == ""
    left = "/etc /opt/ /usr /var/lib -path *understudy* -not -path /var/lib/private"
    assert machine.run("find", *left.split()).stdout == ""
