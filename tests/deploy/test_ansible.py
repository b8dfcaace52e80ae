"""The playbook against clean Debians: two roots by chroot, and one that is booted. Run by `make test-ansible`."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bundles import write_bundle
from tests.deploy.machine import Machine, Root, Workshop, booted
from tests.deploy.wheels import ROOT
from tests.e2e.broker import PASSWORD, USER, Broker

ANSIBLE = os.environ.get("UNDERSTUDY_ANSIBLE", "")
pytestmark = pytest.mark.skipif(not ANSIBLE, reason="ansible takes half a gigabyte; run these with: make test-ansible")

HOSTS = ("attic", "porch")
PLAYBOOK = ROOT / "deploy" / "ansible" / "site.yml"
CHROOT = {"ansible_connection": "community.general.chroot", "ansible_python_interpreter": "/usr/bin/python3"}
UNIT = "understudy-agent.service"
CONFIGURATION, BUNDLE = "etc/understudy/agent.toml", "etc/understudy/climate.npz"
SECRET = "etc/credstore/understudy-agent.mqtt-password"


class Fleet:
    """Devices by the name of their host, and what is set for each.

    `enter` gives the command that runs another one where the devices are; `reach` what Ansible needs to get into one.
    """

    def __init__(self, folder: Path, enter: Callable[..., list[str]], reach: dict[str, dict[str, str]]) -> None:
        self.folder, self._enter, self._reach = folder, enter, reach
        self.bundle = write_bundle(folder / "climate.npz", periods={"day": 60.0})
        self.set: dict[str, dict[str, Any]] = {
            name: {
                "understudy_settings": {"seed": place, "mqtt": {"url": "mqtt://localhost", "username": name}},
                "understudy_sensors": [{"name": f"of-{name}", "bundle": str(self.bundle), "interval_s": 1.5 + place}],
                "understudy_mqtt_password": f"secret of {name}",
            }
            for place, name in enumerate(reach)
        }

    def play(self, *words: str, at_once: int = 2) -> subprocess.CompletedProcess[str]:
        """Run the playbook on all hosts."""
        hosts = {name: CHROOT | reach | self.set[name] for name, reach in self._reach.items()}
        inventory = self.folder / "inventory.json"
        inventory.write_text(json.dumps({"understudy": {"hosts": hosts}}))
        return self.run(
            "ansible-playbook", "-i", str(inventory), str(PLAYBOOK), "-e", f"understudy_at_once={at_once}", *words
        )

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of Ansible's programs where the devices are."""
        env = {"ANSIBLE_LOCAL_TEMP": str(self.folder), "TMPDIR": str(self.folder), "HOME": str(self.folder)}
        env |= {"PATH": f"{ANSIBLE}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        env |= {"ANSIBLE_REMOTE_TEMP": "/tmp/ansible"}
        command = self._enter(f"{ANSIBLE}/{program}", *words)
        return subprocess.run(command, check=False, text=True, capture_output=True, timeout=500, env=env)


def changed(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """How much was changed on each host."""
    lines = [line for line in done.stdout.splitlines() if ": ok=" in line]
    return {line.split()[0]: int(line.split("changed=")[1].split()[0]) for line in lines}


@pytest.fixture(scope="module")
def roots(shop: Workshop, prepared: Root) -> dict[str, Root]:
    """Two clean Debians without systemd."""
    made = {name: shop.root(f"fleet-{name}", *prepared.layers) for name in HOSTS}
    for root in made.values():
        shop.run("mount", "--bind", "/proc", f"{root.place}/proc", check=True)
        shop.run("mount", "--rbind", "/dev", f"{root.place}/dev", check=True)
    return made


@pytest.fixture(scope="module")
def fleet(shop: Workshop, roots: dict[str, Root], tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    reach = {name: {"ansible_host": str(root.place)} for name, root in roots.items()}
    return Fleet(tmp_path_factory.mktemp("ansible"), shop.enter, reach)


def test_check_mode_tells_what_would_be_done_on_a_clean_host(fleet, roots):
    before = {name: root.contents() for name, root in roots.items()}
    done = fleet.play("--check", "--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    assert min(changed(done).values()) > 0
    assert {name: root.contents() for name, root in roots.items()} == before


def test_an_installation_that_failed_is_tried_again(fleet, roots):
    for root in roots.values():
        root.path("etc/pip.conf").rename(root.path("etc/pip.conf.away"))
        root.cut_off()
    assert fleet.play().returncode != 0
    assert not any(root.path(CONFIGURATION).exists() for root in roots.values())
    for root in roots.values():
        root.path("etc/pip.conf.away").rename(root.path("etc/pip.conf"))
    done = fleet.play("--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "secret of" not in done.stdout


def test_each_device_has_its_configuration_and_its_secret(roots):
    for place, (name, root) in enumerate(roots.items()):
        checked = root.run("understudy-agent", "check", "--config", f"/{CONFIGURATION}")
        assert f"of-{name}" in checked.stdout, checked.stderr
        assert f"every {1.5 + place:g} s" in checked.stdout
        secret = root.path(SECRET)
        assert (secret.read_text(), secret.stat().st_mode & 0o777) == (f"secret of {name}", 0o600)
        assert f'id = "{name}"' in root.path(CONFIGURATION).read_text()


def test_a_second_run_changes_nothing(fleet, roots):
    before = {name: root.contents() for name, root in roots.items()}
    done = fleet.play()
    assert changed(done) == dict.fromkeys(HOSTS, 0), done.stdout
    after = {name: root.contents() for name, root in roots.items()}
    assert after == before


def test_nothing_of_the_checkout_stays_on_this_machine(fleet):
    assert not list(fleet.folder.glob("*.tar.gz"))


def test_a_configuration_that_the_agent_refuses_leaves_the_old_one_and_ends_it_all(fleet, roots):
    before = {name: root.path(CONFIGURATION).read_text() for name, root in roots.items()}
    good = {name: fleet.set[name]["understudy_settings"] for name in HOSTS}
    for name in HOSTS:
        fleet.set[name]["understudy_settings"] = good[name] | {"seed": 77}
    fleet.set["attic"]["understudy_settings"] |= {"mode": "orchestra"}
    done = fleet.play(at_once=1)
    for name in HOSTS:
        fleet.set[name]["understudy_settings"] = good[name]
    assert done.returncode != 0
    assert "orchestra" in done.stdout
    assert {name: root.path(CONFIGURATION).read_text() for name, root in roots.items()} == before


def test_the_first_device_that_is_not_well_ends_it_for_those_beside_it(fleet):
    good = fleet.set["attic"]["understudy_settings"]
    fleet.set["attic"]["understudy_settings"] = good | {"mode": "orchestra"}
    done = fleet.play()
    fleet.set["attic"]["understudy_settings"] = good
    assert done.returncode != 0
    assert "Put it in place" not in done.stdout


def test_a_bundle_that_is_none_leaves_the_old_one(fleet, roots):
    before, good = roots["attic"].path(BUNDLE).read_bytes(), fleet.bundle.read_bytes()
    fleet.bundle.write_bytes(good[:-100])
    done = fleet.play("--limit", "attic")
    fleet.bundle.write_bytes(good)
    assert done.returncode != 0
    assert roots["attic"].path(BUNDLE).read_bytes() == before


def test_a_whole_bundle_that_the_configuration_cannot_play_leaves_the_old_one(fleet, roots):
    (sensor,) = sensors = fleet.set["attic"]["understudy_sensors"]
    sensors[0] = {"name": sensor["name"], "bundle": sensor["bundle"], "period": "day"}
    assert fleet.play("--limit", "attic").returncode == 0
    before, good = roots["attic"].path(BUNDLE).read_bytes(), fleet.bundle.read_bytes()
    write_bundle(fleet.bundle)
    done = fleet.play("--limit", "attic")
    fleet.bundle.write_bytes(good)
    sensors[0] = sensor
    assert done.returncode != 0
    assert "day" in done.stdout
    assert roots["attic"].path(BUNDLE).read_bytes() == before


def test_a_secret_that_the_agent_refuses_leaves_the_old_one(fleet, roots):
    good = fleet.set["attic"]["understudy_settings"]
    fleet.set["attic"]["understudy_settings"] = good | {"mqtt": {"url": "mqtts://localhost", "username": "attic"}}
    fleet.set["attic"] |= {"understudy_mqtt_cert": "no certificate", "understudy_mqtt_password": "newer"}
    done = fleet.play("--limit", "attic")
    fleet.set["attic"] |= {"understudy_settings": good, "understudy_mqtt_password": "secret of attic"}
    del fleet.set["attic"]["understudy_mqtt_cert"]
    assert done.returncode != 0
    assert "cert_file" in done.stdout
    assert roots["attic"].path(SECRET).read_text() == "secret of attic"


def test_two_bundles_of_one_name_are_refused(fleet):
    sensors = fleet.set["attic"]["understudy_sensors"]
    (fleet.folder / "other").mkdir()
    other = write_bundle(fleet.folder / "other" / "climate.npz", periods={"day": 60.0})
    sensors.append({"name": "more", "bundle": str(other)})
    done = fleet.play("--limit", "attic")
    sensors.pop()
    assert done.returncode != 0
    assert "have one name" in done.stdout


def test_a_schedule_is_written_as_toml_has_it(fleet, roots):
    (sensor,) = fleet.set["attic"]["understudy_sensors"]
    interval_s = sensor.pop("interval_s")
    sensor["schedule"] = [{"days": ["mon", "tue"], "from": "09:00", "to": "10:00", "per_hour": 60.5}]
    done = fleet.play("--limit", "attic")
    del sensor["schedule"]
    sensor["interval_s"] = interval_s
    assert done.returncode == 0, done.stdout
    checked = roots["attic"].run("understudy-agent", "check", "--config", f"/{CONFIGURATION}")
    assert "by a schedule of 1 windows" in checked.stdout


def test_what_is_null_is_left_out_and_a_sensor_without_a_bundle_is_told(fleet, roots):
    sensors, settings = (fleet.set["attic"][f"understudy_{what}"] for what in ("sensors", "settings"))
    settings["mode"], sensors[0]["timezone"] = None, None
    assert fleet.play("--limit", "attic").returncode == 0
    del settings["mode"], sensors[0]["timezone"]
    sensors.append({"name": "bare"})
    done = fleet.play("--limit", "attic")
    sensors.pop()
    assert "'bare'" in done.stdout
    assert "bundle: missing" in done.stdout


def test_a_secret_that_is_set_no_more_is_taken_away(fleet, roots):
    kept = fleet.set["porch"]["understudy_mqtt_password"]
    fleet.set["porch"]["understudy_mqtt_password"] = None
    done = fleet.play("--limit", "porch")
    fleet.set["porch"]["understudy_mqtt_password"] = kept
    assert done.returncode == 0, done.stdout
    assert not roots["porch"].path(SECRET).exists()


def test_the_example_inventory_is_played_with_passwords_from_a_vault(fleet, roots):
    vault, word = fleet.folder / "vault.json", fleet.folder / "word"
    vault.write_text(json.dumps({"vault_understudy_passwords": {name: f"kept for {name}" for name in HOSTS}}))
    word.write_text("open sesame")
    unlock = ("--vault-password-file", str(word))
    assert fleet.run("ansible-vault", "encrypt", *unlock, str(vault)).returncode == 0
    assert "kept for" not in vault.read_text()
    reach = {
        name: CHROOT | {"ansible_host": str(root.place), "understudy_packages": []} for name, root in roots.items()
    }
    reached = fleet.folder / "reached.json"
    reached.write_text(json.dumps({"understudy": {"hosts": reach}}))
    example = PLAYBOOK.with_name("inventory.example.yml")
    words = ("-i", str(example), "-i", str(reached), str(PLAYBOOK), "-e", f"@{vault}", *unlock, "--diff")
    done = fleet.run("ansible-playbook", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kept for" not in done.stdout
    assert {name: root.path(SECRET).read_text() for name, root in roots.items()} == {n: f"kept for {n}" for n in HOSTS}
    assert roots["porch"].path("etc/understudy/sprites").is_dir()


@pytest.fixture(scope="module")
def machine(shop: Workshop, prepared: Root) -> Iterator[Machine]:
    """A clean Debian that is booted."""
    with booted(shop.root("fleet-live", *prepared.layers)) as machine:
        yield machine


@pytest.fixture(scope="module")
def live(machine: Machine, broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """A fleet of that one machine: what is a chroot elsewhere enters its namespaces."""
    folder = tmp_path_factory.mktemp("live")
    enter = folder / "enter"
    enter.write_text(f'#!/bin/sh\nshift\nexec nsenter --all --target={machine.init} "$@"\n')
    enter.chmod(0o755)
    reach = {"ansible_host": str(machine.root.path("")), "ansible_chroot_exe": str(enter)}
    fleet = Fleet(folder, lambda *words: list(words), {"attic": reach})
    mqtt = {"url": broker.url, "username": USER, "ca_file": "ca.pem"}
    ca = broker.folder / "ca.pem"
    port = str(broker.port)
    (folder / ".config").mkdir()
    (folder / ".config" / "mosquitto_sub").write_text(f"-u {USER}\n-P {PASSWORD}\n")
    fleet.set["attic"] |= {
        "understudy_settings": {"seed": 1, "mqtt": mqtt},
        "understudy_files": [str(ca)],
        "understudy_mqtt_password": PASSWORD,
        "understudy_listen": ["-h", "localhost", "-p", port, "--cafile", str(ca)],
    }
    return fleet


def test_on_a_real_system_it_is_well_and_heard_to_be_online(live, machine):
    done = live.play()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Hear that it is online" in done.stdout
    assert machine.show(UNIT, "ActiveState") == "active"
    assert PASSWORD not in done.stdout


def test_there_a_second_run_changes_nothing_and_what_plays_plays_on(live, machine):
    process = machine.show(UNIT, "MainPID")
    done = live.play()
    assert (done.returncode, changed(done)) == (0, {"attic": 0}), done.stdout
    assert machine.show(UNIT, "MainPID") == process


def test_another_configuration_is_reloaded(live, machine):
    process = machine.show(UNIT, "MainPID")
    live.set["attic"]["understudy_sensors"][0]["interval_s"] = 0.7
    done = live.play()
    assert done.returncode == 0, done.stdout
    assert machine.show(UNIT, "MainPID") == process
    assert "reloaded" in machine.journal(UNIT)


def test_what_an_earlier_run_brought_and_did_not_reload_is_reloaded(live, machine):
    process, before = machine.show(UNIT, "MainPID"), machine.journal(UNIT).count("reloaded")
    machine.run("touch", f"/{BUNDLE}")
    done = live.play()
    assert (done.returncode, changed(done)) == (0, {"attic": 1}), done.stdout
    assert machine.show(UNIT, "MainPID") == process
    assert machine.journal(UNIT).count("reloaded") > before


def test_what_was_stopped_is_started(live, machine):
    machine.run("systemctl", "stop", UNIT)
    assert live.play().returncode == 0
    assert machine.show(UNIT, "ActiveState") == "active"


def test_a_secret_that_the_broker_refuses_is_not_well(live, machine):
    process = machine.show(UNIT, "MainPID")
    listen = live.set["attic"].pop("understudy_listen")
    live.set["attic"]["understudy_mqtt_password"] = "wrong"
    done = live.play()
    live.set["attic"] |= {"understudy_mqtt_password": PASSWORD, "understudy_listen": listen}
    assert done.returncode != 0
    assert "See that it is well" in done.stdout
    assert machine.show(UNIT, "MainPID") != process
    assert live.play().returncode == 0


def test_a_secret_that_an_earlier_run_brought_is_taken_up_whoever_reloaded_meanwhile(live, machine):
    process = machine.show(UNIT, "MainPID")
    machine.run("touch", f"/{SECRET}")
    machine.run("systemctl", "reload", UNIT)
    assert live.play().returncode == 0
    assert machine.show(UNIT, "MainPID") != process


def test_one_that_is_not_heard_is_not_well(live):
    listen = live.set["attic"]["understudy_listen"]
    live.set["attic"]["understudy_settings"]["mqtt"]["status_topic"] = "elsewhere/{device}"
    try:
        assert live.play().returncode == 0  # the topic that is set is the one that is listened to
        live.set["attic"]["understudy_listen"] = [*listen, "-P", "wrong"]
        assert live.play().returncode != 0
    finally:
        live.set["attic"]["understudy_listen"] = listen
