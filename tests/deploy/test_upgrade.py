"""Installation and upgrades under a real systemd. It needs no broker: an agent is ready without one."""

import re
import shutil
from collections.abc import Iterator

import pytest

from tests.deploy.conftest import CHECKOUT, WHEELHOUSE
from tests.deploy.machine import Machine, Root, Workshop, booted

UNIT = "understudy-agent.service"
UNIT_FILE = "usr/local/lib/systemd/system/understudy-agent.service"
INSTALL = f"{CHECKOUT}/deploy/install.sh"


@pytest.fixture
def machine(shop: Workshop, installed: Root, request: pytest.FixtureRequest) -> Iterator[Machine]:
    """An agent that plays, and next to it a newer checkout."""
    root = shop.root(request.node.name, *installed.layers)
    shutil.copy(root.path("home/pi/front-door.npz"), root.path("etc/understudy"))
    config = root.path("etc/understudy/agent.toml")
    config.write_text(f"seed = 7\n{config.read_text()}")
    edit(root, "pyproject.toml", r'(?m)^version = ".*"', 'version = "99.1.0"')
    edit(root, f"systemd/{UNIT}", "Description=.*", "Description=The new one")
    with booted(root) as machine:
        machine.wait_for(UNIT, "SubState", "running")
        yield machine


def edit(root: Root, name: str, pattern: str, text: str) -> None:
    path = root.path(f"home/pi/understudy/{name}")
    path.write_text(re.sub(pattern, text, path.read_text(), count=1))


def releases(machine: Machine) -> list[str]:
    return machine.run("ls", "/opt/understudy/releases").stdout.split()


def plays(machine: Machine, release: str) -> bool:
    """Whether the service is ready, and runs the programs of a release."""
    command = machine.run("cat", f"/proc/{machine.show(UNIT, 'MainPID')}/cmdline").stdout
    return machine.show(UNIT, "SubState") == "running" and f"/opt/understudy/releases/{release}/bin/" in command


def test_a_first_installation_starts_what_can_be_played(shop, prepared, request):
    root = shop.root(request.node.name, *prepared.layers)
    folder = root.path("etc/understudy")
    folder.mkdir()
    for name in ("understudy/deploy/agent.toml", "front-door.npz"):
        shutil.copy(root.path(f"home/pi/{name}"), folder)
    root.cut_off()
    with booted(root) as machine:
        done = machine.run(INSTALL, "--yes", "--wheelhouse", WHEELHOUSE)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"It plays: {UNIT}" in done.stdout
        assert plays(machine, *releases(machine))


def test_an_upgrade_plays_the_configuration_on_with_the_new_version_and_removes_the_old_one(machine):
    done = machine.run(INSTALL, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    (release,) = releases(machine)
    assert release.startswith("99.1.0-")
    assert plays(machine, release)
    assert machine.show(UNIT, "Description") == "The new one"
    assert machine.root.path("etc/understudy/agent.toml").read_text().startswith("seed = 7\n")


def test_a_new_version_that_does_not_start_makes_way_for_the_old_one(machine):
    (old,) = releases(machine)
    unit = machine.root.path(UNIT_FILE).read_text()
    edit(machine.root, "agent/daemon.py", r"(?m)^        self\._notify\.ready\(.*\n        signal", "        signal")
    edit(machine.root, f"systemd/{UNIT}", "TimeoutStartSec=.*", "TimeoutStartSec=2s")
    done = machine.run(INSTALL, "--yes")
    assert done.returncode == 1
    assert "install.sh: Understudy 99.1.0 does not start; see why with: journalctl" in done.stderr
    assert "what was installed before is as it was" in done.stderr
    assert releases(machine) == [old]
    assert plays(machine, old)
    assert machine.root.path(UNIT_FILE).read_text() == unit
    assert machine.show(UNIT, "Description") == "Understudy agent"


def test_a_new_version_that_cannot_play_the_configuration_interrupts_nothing(machine):
    (old,) = releases(machine)
    process = machine.show(UNIT, "MainPID")
    edit(
        machine.root,
        "agent/check.py",
        r"(?m)^    settings, sensors, problems = .*$",
        '    raise ConfigError("no more")',
    )
    done = machine.run(INSTALL, "--yes")
    assert done.returncode == 1
    assert "the new version cannot play what the old one plays" in done.stderr
    assert "no more" in done.stderr
    assert releases(machine) == [old]
    assert plays(machine, old)
    assert machine.show(UNIT, "MainPID") == process


def test_removing_it_stops_every_agent(machine):
    shutil.copy(machine.root.path("etc/understudy/agent.toml"), machine.root.path("etc/understudy/attic.toml"))
    machine.run("systemctl", "enable", "--now", "understudy-agent@attic.service")
    assert machine.run(INSTALL, "--purge", "--yes").returncode == 0
    assert machine.run("systemctl", "list-units", "--plain", "--no-legend", "understudy*").stdout == ""
    left = "/etc /opt /usr/local /var/lib -path *understudy* -not -path /var/lib/private"
    assert machine.run("find", *left.split()).stdout == ""
