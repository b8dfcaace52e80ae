"""The playbook against two clean roots, through a connection that is a chroot. Run by `make test-ansible`."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bundles import write_bundle
from tests.deploy.machine import Root, Workshop
from tests.deploy.wheels import ROOT

ANSIBLE = os.environ.get("UNDERSTUDY_ANSIBLE", "")
pytestmark = pytest.mark.skipif(not ANSIBLE, reason="ansible takes half a gigabyte; run these with: make test-ansible")

HOSTS = ("attic", "porch")


class Fleet:
    """Roots by the name of their host, and what is set for each."""

    def __init__(self, shop: Workshop, roots: dict[str, Root], folder: Path) -> None:
        self.shop, self.roots, self.folder = shop, roots, folder
        bundle = write_bundle(folder / "climate.npz", periods={"day": 60.0})
        self.set: dict[str, dict[str, Any]] = {
            name: {
                "understudy_settings": {"seed": place, "mqtt": {"url": "mqtt://localhost", "username": name}},
                "understudy_sensors": [{"name": f"of-{name}", "bundle": str(bundle), "interval_s": 1.5 + place}],
                "understudy_mqtt_password": f"secret of {name}",
            }
            for place, name in enumerate(HOSTS)
        }

    def play(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the playbook on all hosts."""
        chroot = {"ansible_connection": "community.general.chroot", "ansible_python_interpreter": "/usr/bin/python3"}
        hosts = {name: chroot | {"ansible_host": str(root.place)} | self.set[name] for name, root in self.roots.items()}
        inventory = self.folder / "inventory.json"
        inventory.write_text(json.dumps({"understudy": {"hosts": hosts}}))
        site = ROOT / "deploy" / "ansible" / "site.yml"
        command = [f"{ANSIBLE}/ansible-playbook", "-i", str(inventory), str(site), "-e", "understudy_at_once=2", *words]
        env = {"ANSIBLE_LOCAL_TEMP": str(self.folder), "TMPDIR": str(self.folder), "HOME": str(self.folder)}
        env |= {"PATH": f"{ANSIBLE}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        env |= {"ANSIBLE_REMOTE_TEMP": "/tmp/ansible"}
        return subprocess.run(
            self.shop.enter(*command), check=False, text=True, capture_output=True, timeout=500, env=env
        )

    def changed(self, done: subprocess.CompletedProcess[str]) -> dict[str, int]:
        """How much was changed on each host."""
        lines = [line for line in done.stdout.splitlines() if ": ok=" in line]
        return {line.split()[0]: int(line.split("changed=")[1].split()[0]) for line in lines}


@pytest.fixture(scope="module")
def fleet(shop: Workshop, prepared: Root, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    roots = {name: shop.root(f"fleet-{name}", *prepared.layers) for name in HOSTS}
    for root in roots.values():
        shop.run("mount", "--bind", "/proc", f"{root.place}/proc", check=True)
        shop.run("mount", "--rbind", "/dev", f"{root.place}/dev", check=True)
    return Fleet(shop, roots, tmp_path_factory.mktemp("ansible"))


def test_check_mode_tells_what_would_be_done_on_a_clean_host(fleet):
    before = {name: root.contents() for name, root in fleet.roots.items()}
    done = fleet.play("--check", "--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    assert min(fleet.changed(done).values()) > 0
    assert {name: root.contents() for name, root in fleet.roots.items()} == before


def test_it_installs_configures_and_keeps_secrets(fleet):
    done = fleet.play("--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "secret of" not in done.stdout
    for place, name in enumerate(HOSTS):
        root = fleet.roots[name]
        checked = root.run("understudy-agent", "check", "--config", "/etc/understudy/agent.toml")
        assert f"of-{name}" in checked.stdout, checked.stderr
        assert f"every {1.5 + place:g} s" in checked.stdout
        secret = root.path("etc/credstore/understudy-agent.mqtt-password")
        assert (secret.read_text(), secret.stat().st_mode & 0o777) == (f"secret of {name}", 0o600)
        assert f'id = "{name}"' in root.path("etc/understudy/agent.toml").read_text()


def test_a_second_run_changes_nothing(fleet):
    before = {name: root.contents() for name, root in fleet.roots.items()}
    done = fleet.play()
    assert fleet.changed(done) == dict.fromkeys(HOSTS, 0), done.stdout
    assert {name: root.contents() for name, root in fleet.roots.items()} == before


def test_a_configuration_that_the_agent_refuses_leaves_the_old_one(fleet):
    path = fleet.roots["porch"].path("etc/understudy/agent.toml")
    before, good = path.read_text(), fleet.set["porch"]["understudy_settings"]
    fleet.set["porch"]["understudy_settings"] = good | {"mode": "orchestra"}
    done = fleet.play()
    fleet.set["porch"]["understudy_settings"] = good
    assert done.returncode != 0
    assert "orchestra" in done.stdout
    assert path.read_text() == before


def test_a_schedule_is_written_as_toml_has_it(fleet):
    fleet.set["attic"]["understudy_sensors"][0] |= {
        "schedule": [{"days": ["mon", "tue"], "from": "09:00", "to": "10:00", "per_hour": 60.5}],
    }
    fleet.set["attic"]["understudy_sensors"][0].pop("interval_s")
    done = fleet.play("--limit", "attic")
    assert done.returncode == 0, done.stdout
    checked = fleet.roots["attic"].run("understudy-agent", "check", "--config", "/etc/understudy/agent.toml")
    assert "by a schedule of 1 windows" in checked.stdout
