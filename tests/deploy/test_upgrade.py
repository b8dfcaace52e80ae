"""Installation and upgrades under a real systemd. It needs no broker: an agent is ready without one."""

import re
import shutil
from collections.abc import Iterator

import pytest

from tests.deploy.conftest import CHECKOUT, WHEELHOUSE
from tests.deploy.machine import Machine, Root, Workshop, booted

UNIT, ATTIC, ZED = (f"understudy-agent{name}.service" for name in ("", "@attic", "@zed"))
UNIT_FILE = "usr/local/lib/systemd/system/understudy-agent.service"
INSTALL = f"{CHECKOUT}/deploy/install.sh"
POWER_CUT = '#!/bin/sh\ncase "$*" in "restart "*) kill -9 $PPID; exit 1 ;; esac\nexec /usr/bin/systemctl "$@"\n'
READY = r"(?m)^        self\._notify\.ready\(.*\n"


@pytest.fixture
def root(shop: Workshop, installed: Root, request: pytest.FixtureRequest) -> Root:
    """An agent that can be played, and next to it a newer checkout."""
    root = shop.root(request.node.name.replace("/", "-"), *installed.layers)
    shutil.copy(root.path("home/pi/front-door.npz"), root.path("etc/understudy"))
    config = root.path("etc/understudy/agent.toml")
    config.write_text(f"seed = 7\n{config.read_text()}")
    edit(root, "pyproject.toml", r'(?m)^version = ".*"', 'version = "99.1.0"')
    edit(root, f"systemd/{UNIT}", "Description=.*", "Description=The new one")
    return root


@pytest.fixture
def machine(root: Root) -> Iterator[Machine]:
    """As `root`, and it plays."""
    with booted(root) as machine:
        machine.wait_for(UNIT, "SubState", "running")
        yield machine


def edit(root: Root, name: str, pattern: str, text: str) -> None:
    path = root.path(f"home/pi/understudy/{name}")
    path.write_text(re.sub(pattern, text, path.read_text(), count=1))


def releases(machine: Machine) -> list[str]:
    return machine.run("ls", "/opt/understudy/releases").stdout.split()


def plays(machine: Machine, release: str, unit: str = UNIT) -> bool:
    """Whether a service is ready, and runs the programs of a release."""
    command = machine.run("cat", f"/proc/{machine.show(unit, 'MainPID')}/cmdline").stdout
    return machine.show(unit, "SubState") == "running" and f"/opt/understudy/releases/{release}/bin/" in command


def dropin(root: Root, unit: str, line: str) -> None:
    root.write(f"etc/systemd/system/{unit}.d/test.conf", f"[Service]\n{line}\n")


def play_too(machine: Machine, name: str) -> None:
    """One more agent, with the same configuration."""
    shutil.copy(machine.root.path("etc/understudy/agent.toml"), machine.root.path(f"etc/understudy/{name}.toml"))
    machine.run("systemctl", "start", f"understudy-agent@{name}.service")
    machine.wait_for(f"understudy-agent@{name}.service", "SubState", "running")


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


def test_a_first_installation_that_does_not_start_is_tried_again(shop, prepared, request):
    root = shop.root(request.node.name, *prepared.layers)
    for name in ("understudy/deploy/agent.toml", "front-door.npz"):
        root.path("etc/understudy").mkdir(exist_ok=True)
        shutil.copy(root.path(f"home/pi/{name}"), root.path("etc/understudy"))
    dropin(root, UNIT, "ExecStartPre=/bin/false\nRestart=no")
    with booted(root) as machine:
        for _ in range(2):
            done = machine.run(INSTALL, "--yes")
            assert done.returncode == 1
            assert f"Understudy 0.1.0 does not start as {UNIT}; see why with: journalctl -u {UNIT}" in done.stderr
            assert len(releases(machine)) == 1
        dropin(root, UNIT, "Restart=always")
        done = machine.run(INSTALL, "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"It plays: {UNIT}\n" in done.stdout
        assert plays(machine, *releases(machine))
        assert machine.run("systemctl", "is-enabled", UNIT).stdout == "enabled\n"


def test_an_upgrade_plays_the_configuration_on_with_the_new_version_and_removes_the_old_one(machine):
    done = machine.run(INSTALL, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    (release,) = releases(machine)
    assert release.startswith("99.1.0-")
    assert plays(machine, release)
    assert machine.show(UNIT, "Description") == "The new one"
    assert machine.root.path("etc/understudy/agent.toml").read_text().startswith("seed = 7\n")


@pytest.mark.parametrize("opt", ["/opt", "/data/opt"])
def test_a_new_version_that_does_not_start_makes_way_for_the_old_one(root, opt):
    edit(root, "agent/daemon.py", READY + "        signal", "        signal")
    edit(root, f"systemd/{UNIT}", "TimeoutStartSec=.*", "TimeoutStartSec=2s")
    if opt != "/opt":  # another disk
        root.run("sh", "-c", f"mkdir /data && mv /opt {opt} && ln -s {opt} /opt")
    unit = root.path(UNIT_FILE).read_text()
    with booted(root) as machine:
        machine.wait_for(UNIT, "SubState", "running")
        (old,) = releases(machine)
        done = machine.run(INSTALL, "--yes")
        assert done.returncode == 1
        assert (
            f"install.sh: Understudy 99.1.0 does not start as {UNIT}; see why with: journalctl -u {UNIT}" in done.stderr
        )
        assert "what was installed before is as it was" in done.stderr
        assert releases(machine) == [old]
        assert plays(machine, old)
        assert root.path(UNIT_FILE).read_text() == unit
        assert machine.show(UNIT, "Description") == "Understudy agent"


def test_a_new_version_that_gets_ready_and_soon_ends_makes_way_for_the_old_one(machine):
    (old,) = releases(machine)
    soon = "        import os, threading\n        threading.Timer(1.0, os._exit, [3]).start()\n"
    edit(machine.root, "agent/daemon.py", READY, rf"\g<0>{soon}")
    done = machine.run(INSTALL, "--yes")
    assert done.returncode == 1
    assert f"Understudy 99.1.0 starts as {UNIT} and soon ends" in done.stderr
    assert releases(machine) == [old]
    assert plays(machine, old)


def test_one_agent_of_several_that_does_not_start_is_named_and_brings_all_of_them_back(machine):
    (old,) = releases(machine)
    dropin(machine.root, ZED, f'ExecStartPre=/bin/sh -c "readlink /opt/understudy/current | grep {old}"')
    machine.run("systemctl", "daemon-reload")
    play_too(machine, "zed")
    done = machine.run(INSTALL, "--yes")
    assert done.returncode == 1
    assert f"Understudy 99.1.0 does not start as {ZED}; see why with: journalctl -u {ZED}" in done.stderr
    assert releases(machine) == [old]
    assert plays(machine, old)
    assert plays(machine, old, ZED)


def test_an_agent_that_does_not_start_either_way_is_named_and_the_others_play_on(machine):
    (old,) = releases(machine)
    for name in ("attic", "zed"):
        play_too(machine, name)
    dropin(machine.root, ATTIC, "ExecStartPre=/bin/false")
    done = machine.run(INSTALL, "--yes")
    assert done.returncode == 1
    assert (
        f"to which this went back, does not start as {ATTIC} either; see why with: journalctl -u {ATTIC}" in done.stderr
    )
    assert "as it was" not in done.stderr
    assert releases(machine) == [old]
    assert plays(machine, old)
    assert plays(machine, old, ZED)


def test_what_was_cut_short_is_taken_back_and_done_anew(machine):
    (old,) = releases(machine)
    process = machine.show(UNIT, "MainPID")
    machine.root.write("usr/local/bin/systemctl", POWER_CUT, 0o755)
    assert machine.run(INSTALL, "--yes").returncode == -9
    machine.root.path("usr/local/bin/systemctl").unlink()
    assert plays(machine, old)

    config = machine.root.path("etc/understudy/agent.toml")
    good = config.read_text()
    config.write_text(f"sed = 7\n{good}")
    assert machine.run(INSTALL, "--yes").returncode == 1
    assert machine.run("readlink", "/opt/understudy/current").stdout == f"releases/{old}\n"
    assert machine.show(UNIT, "Description") == "Understudy agent"
    assert machine.show(UNIT, "MainPID") == process

    config.write_text(good)
    done = machine.run(INSTALL, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    (release,) = releases(machine)
    assert plays(machine, release)
    assert "nothing to do" in machine.run(INSTALL, "--yes").stdout


def test_a_configuration_that_was_spoilt_while_it_is_played_interrupts_nothing(machine):
    """By hiding it from the agent's user, and by a mistake in that of another agent."""
    play_too(machine, "attic")
    processes = [machine.show(unit, "MainPID") for unit in (UNIT, ATTIC)]
    machine.run("chmod", "600", "/etc/understudy/agent.toml")
    done = machine.run(INSTALL, "--yes")
    assert done.returncode == 1
    assert f"the new version cannot play what {UNIT} plays" in done.stderr
    assert "/etc/understudy/agent.toml: cannot be read" in done.stderr

    machine.run("chmod", "644", "/etc/understudy/agent.toml")
    machine.root.write("etc/understudy/attic.toml", "seed = \n")
    done = machine.run(INSTALL, "--yes")
    assert done.returncode == 1
    assert f"the new version cannot play what {ATTIC} plays" in done.stderr
    assert "/etc/understudy/attic.toml: " in done.stderr
    assert [machine.show(unit, "MainPID") for unit in (UNIT, ATTIC)] == processes
    assert len(releases(machine)) == 1


def test_an_upgrade_minds_the_environment_of_what_plays_and_not_what_fails_again_and_again(root):
    config = root.path("etc/understudy/agent.toml")
    config.write_text(config.read_text().replace("url =", "# url ="))
    for unit in (UNIT, ZED):
        dropin(root, unit, "Environment=UNDERSTUDY_MQTT__URL=mqtt://localhost")
    dropin(root, ATTIC, "ExecStart=\nExecStart=/bin/false\nRestartSec=1s\n[Unit]\nStartLimitIntervalSec=0")
    with booted(root) as machine:
        machine.wait_for(UNIT, "SubState", "running")
        play_too(machine, "zed")
        machine.run("systemctl", "start", "--no-block", ATTIC)
        machine.wait_for(ATTIC, "NRestarts", "1")
        done = machine.run(INSTALL, "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"It plays: {UNIT} {ZED}\n" in done.stdout
        (release,) = releases(machine)
        assert plays(machine, release)
        assert plays(machine, release, ZED)
        assert machine.show(ATTIC, "ActiveState") == "activating"


def test_what_an_agent_has_in_its_environment_is_done_by_nobody_who_may_do_more(root):
    for name in ("nsenter", "setpriv", "bash", "systemctl"):
        root.write(f"opt/theirs/{name}", f"#!/bin/sh\nid -u > /etc/done-by-{name}\n", 0o755)
    dropin(root, UNIT, "Environment=PATH=/opt/theirs:/usr/bin:/bin user=0 group=0 pid=1")
    with booted(root) as machine:
        machine.wait_for(UNIT, "SubState", "running")
        done = machine.run(INSTALL, "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert not list(root.path("etc").glob("done-by-*"))


def test_a_release_that_somebody_plays_from_by_hand_stays_until_he_has_ended(machine):
    (old,) = releases(machine)
    config = "/etc/understudy/agent.toml"
    machine.run(
        "systemd-run", "--unit=by-hand", "/opt/understudy/current/bin/understudy-agent", "run", "--config", config
    )
    machine.wait_for("by-hand", "SubState", "running")
    assert machine.run(INSTALL, "--yes").returncode == 0
    assert old in releases(machine)
    assert len(releases(machine)) == 2


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
    assert f"the new version cannot play what {UNIT} plays" in done.stderr
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
