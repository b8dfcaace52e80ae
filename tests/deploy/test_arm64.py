"""The agent in a Debian for 64-bit Arm, emulated: its wheels, its installer and its package. Not how it is hardened."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.conftest import cut_off
from tests.deploy.machine import Root, Workshop
from tests.deploy.wheels import ROOT, build, copy_project, dependencies, download, is_offline
from tests.e2e.broker import MISSING, Broker

pytestmark = pytest.mark.skipif(
    "UNDERSTUDY_ARM64" not in os.environ, reason="emulation takes minutes; run these with: make test-arm64"
)

KERNEL = "/proc/sys/fs/binfmt_misc"
EMULATORS = ("qemu-aarch64-static", "qemu-aarch64")
MAGIC = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
OPEN_AT_ONCE = "F"  # before any change of root, in which the emulator would not be found
CONFIG = """
[mqtt]
url = "{url}"
[device]
id = "arm"
[[sensor]]
name = "climate"
bundle = "/home/pi/climate.npz"
interval_s = 0.5
"""


@pytest.fixture(scope="module")
def emulated(shop: Workshop) -> Iterator[None]:
    """Programs for 64-bit Arm run on this machine, by what it has set up or until the tests end."""
    if os.uname().machine == "aarch64":
        yield
        return
    emulator = next(filter(None, map(shutil.which, EMULATORS)), None)
    if emulator is None:
        pytest.skip("qemu-aarch64-static is not installed: apt install qemu-user-static")
    shop.run("sh", "-c", f"test -e {KERNEL}/register || mount -t binfmt_misc binfmt_misc {KERNEL}", check=True)
    if shop.run("sh", "-c", f"grep -l '^enabled' {KERNEL}/*aarch64*").returncode == 0:
        yield
        return
    rule = f":understudy-aarch64:M::{MAGIC}:{MASK}:{emulator}:{OPEN_AT_ONCE}"
    shop.run("sh", "-c", f'printf %s "$0" > {KERNEL}/register', rule, check=True)
    yield
    shop.run("sh", "-c", f"echo -1 > {KERNEL}/understudy-aarch64", check=True)


@pytest.fixture(scope="module")
def pi(shop: Workshop, emulated: None) -> Root:
    return cut_off(shop, "pi", "climate.npz", "arm64")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if MISSING:
        pytest.skip(MISSING)
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


def publishes(root: Root, broker: Broker) -> None:
    """See the first messages of an agent that is installed, and its goodbye."""
    root.write("etc/understudy/agent.toml", CONFIG.format(url=broker.url))
    with broker.subscriber() as subscriber:
        with root.running("understudy-agent", "run", "--config", "/etc/understudy/agent.toml"):
            subscriber.wait("understudy/arm/climate", 3, timeout_s=120)
        last = subscriber.wait("understudy/arm/status", 2, timeout_s=30)[-1]
    assert subscriber.seqs("understudy/arm/climate")[:3] == [1, 2, 3]
    assert '"offline"' in last["payload"] or last["payload"] == "offline"


def test_the_installer_installs_an_agent_that_publishes(pi: Root, fresh, broker, tmp_path):
    fetched = download(tmp_path / "wheels", "3.11", "aarch64", *dependencies())
    if is_offline(fetched):
        pytest.skip("the package index cannot be reached")
    assert fetched.returncode == 0, fetched.stderr
    build(copy_project(tmp_path / "understudy"), tmp_path / "wheels")
    root = fresh(pi)
    copy_project(root.path("home/pi/understudy"))
    shutil.copytree(tmp_path / "wheels", root.path("home/pi/wheelhouse"))
    assert root.run("uname", "-m").stdout == "aarch64\n"
    done = root.run("/home/pi/understudy/deploy/install.sh", "--yes", "--wheelhouse", "/home/pi/wheelhouse")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", arm64, Python 3.11" in done.stdout
    publishes(root, broker)


def test_the_package_installs_an_agent_that_publishes(pi: Root, fresh, broker, tmp_path):
    command = [str(ROOT / "deploy/deb/build.sh"), "arm64", "bookworm", str(tmp_path)]
    built = subprocess.run(
        command, check=False, text=True, capture_output=True, timeout=600, env=os.environ | {"PYTHON": sys.executable}
    )
    if is_offline(built):
        pytest.skip("the package index cannot be reached")
    assert built.returncode == 0, built.stderr
    root = fresh(pi)
    shutil.copy(built.stdout.strip(), root.path("home/pi/understudy-agent.deb"))
    done = root.run("dpkg", "--install", "/home/pi/understudy-agent.deb")
    assert done.returncode == 0, done.stdout + done.stderr
    publishes(root, broker)
    purged = root.run("dpkg", "--purge", "understudy-agent")
    assert purged.returncode == 0, purged.stderr
    assert root.run("sh", "-c", "ls -d /opt/understudy* /etc/understudy* 2> /dev/null").stdout == ""
