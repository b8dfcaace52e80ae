import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.wheels import ROOT

UNITS = ROOT / "systemd"
SINGLE, INSTANCE = "understudy-agent.service", "understudy-agent@garden.service"
BOTH = pytest.mark.parametrize("unit", [SINGLE, INSTANCE])

NEEDED = {  # the unit says what for
    "RootDirectory=/RootImage=",
    "SupplementaryGroups=",
    "PrivateDevices=",
    "DeviceAllow=",
    "PrivateNetwork=",
    "IPAddressDeny=",
    "RestrictAddressFamilies=~AF_(INET|INET6)",
    "RestrictAddressFamilies=~AF_UNIX",
    "RestrictAddressFamilies=~AF_NETLINK",
}

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: apt install systemd"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As much of a root file system as systemd-analyze looks at."""
    shutil.copytree(UNITS, tmp_path / "etc/systemd/system", symlinks=True)
    (tmp_path / "etc/systemd/system/sysinit.target").write_text("[Unit]\n")
    for name in ("opt/understudy/current/bin/understudy-agent", "bin/sh"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch(0o755)
    return tmp_path


def analyze(root: Path, *words: str) -> str:
    command = ["systemd-analyze", f"--root={root}", "--no-pager", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def exposure(root: Path, unit: str) -> float:
    """How much of the machine a unit can reach, of 10."""
    said = analyze(root, "security", "--offline=true", unit)
    return float(re.findall(r"Overall exposure level .*: ([\d.]+)", said)[0])


def settings(name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(UNITS / name)
    return parser["Service"]


@BOTH
def test_systemd_finds_nothing_wrong_with_a_unit(root, unit):
    assert analyze(root, "--man=no", "verify", unit) == ""


@BOTH
def test_a_unit_that_reaches_the_camera_is_exposed_by_no_more_than_1_5(root, unit):
    assert exposure(root, unit) <= 1.5


@BOTH
def test_of_all_that_systemd_can_take_away_only_what_is_needed_is_left(root, unit):
    found = json.loads(analyze(root, "security", "--offline=true", "--json=short", unit))
    assert {check["name"] for check in found if check["set"] is False} == NEEDED


@BOTH
def test_without_the_camera_it_is_exposed_by_no_more_than_1_2(root, unit):
    template = re.sub("@.*[.]", "@.", unit)
    folder = root / f"etc/systemd/system/{template}.d"
    folder.mkdir(exist_ok=True)
    shutil.copy(UNITS / "no-camera.conf", folder)
    assert exposure(root, unit) <= 1.2


def test_an_agent_fits_into_a_pi_with_512_mb():
    service = settings(SINGLE)
    assert service["MemoryMax"] == "256M"
    assert int(service["TasksMax"]) <= 64
    assert service["Environment"] == "OPENBLAS_NUM_THREADS=1"


def test_what_crashes_again_and_again_is_given_up():
    text = (UNITS / SINGLE).read_text()
    assert "StartLimitIntervalSec=5min\nStartLimitBurst=10\n" in text  # and ten starts take less: RestartSec
    assert settings(SINGLE)["RestartSec"] == "3s"


def test_the_devices_of_a_camera_stay_within_reach():
    text = (UNITS / SINGLE).read_text()
    assert re.findall("DeviceAllow=char-(.*) rw", text) == ["video4linux", "media", "dma_heap"]
    assert settings(SINGLE)["SupplementaryGroups"] == "video"
    assert 'SUBSYSTEM=="dma_heap", GROUP="video"' in (UNITS / "60-understudy-camera.rules").read_text()


def test_an_instance_is_the_single_agent_but_for_its_name_and_configuration():
    folder = UNITS / "understudy-agent@.service.d"
    assert (folder / "10-agent.conf").resolve() == UNITS / SINGLE
    assert list(settings("understudy-agent@.service.d/20-instance.conf")) == ["ExecStart"]
    assert sorted(path.name for path in folder.iterdir()) == ["10-agent.conf", "20-instance.conf"]
