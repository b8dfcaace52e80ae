"""What every check keeps to, over a setup that is well and one that is broken."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.doctor.checks import CHECKS
from agent.doctor.doctor import look
from agent.doctor.patient import Patient
from tests.agent.doctor.patients import configured, installed, locked, patient, process, program
from tests.e2e.broker import MISSING, Broker, free_port
from tests.e2e.credentials import made

BY_NAME = {check.name: check for check in CHECKS}
SECURE = 'username = "pi"\npassword_file = "clients/pi.password"\nca_file = "ca.pem"'
ACTIVE = "LoadState=loaded\\nActiveState=active\\nSubState=running\\nNRestarts=0\\nExecMainStatus=0\\n"


@pytest.fixture
def broker(tmp_path):
    """With TLS and a password."""
    if MISSING:
        pytest.skip(MISSING)
    made(tmp_path, "--host", "localhost", "--password", "--device", "pi")
    broker = Broker(tmp_path, secure=True)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def with_state(folder: Path, progress: str) -> Patient:
    (folder / "state").mkdir()
    (folder / "state" / "seed").write_text("7\n")
    (folder / "state" / "lock").touch()
    (folder / "state" / "progress.json").write_text(progress)
    path = configured(folder, head='state_dir = "state"')
    process(folder / "machine", 77, "/usr/bin/python3", "/opt/bin/understudy-agent", "run", "--config", str(path))
    locked(folder / "machine", 77, folder / "state" / "lock")
    return patient(path, folder / "machine")


def with_service(folder: Path, said: str) -> Patient:
    return patient(*installed(folder), PATH=program(folder, "systemctl", f"printf '{said}'"))


def with_modes(folder: Path, mode: int) -> Patient:
    path, root = installed(folder)
    (path.parent / "climate.npz").chmod(mode)
    return patient(path, root, PATH=program(folder, "systemctl", "echo DynamicUser=yes"))


def with_clock(folder: Path, synchronized: bool) -> Patient:
    if synchronized:
        (folder / "synchronized").touch()
    return patient(configured(folder, more='[clock]\nsynchronized = "synchronized"'))


def with_state_dir(folder: Path, path: str) -> Patient:
    return patient(configured(folder, head=f'state_dir = "{path}"'))


def with_camera(folder: Path, does: str) -> Patient:
    return patient(configured(folder, pictures=f'kind = "fake"\nscript = ["{does}"]'))


def without_bundle(folder: Path) -> Patient:
    path = configured(folder)
    (folder / "climate.npz").unlink()
    return patient(path)


Setup = Callable[[Path, Broker], Patient]
HEALTHY: dict[str, Setup] = {
    "configuration": lambda folder, _: patient(configured(folder)),
    "bundles": lambda folder, _: patient(configured(folder)),
    "readable": lambda folder, _: with_modes(folder, 0o644),
    "name": lambda folder, _: patient(configured(folder)),
    "port": lambda folder, broker: patient(configured(folder, broker.url)),
    "tls": lambda folder, broker: patient(configured(folder, broker.url, mqtt=SECURE)),
    "authorised": lambda folder, broker: patient(configured(folder, broker.url, mqtt=SECURE)),
    "clock": lambda folder, _: with_clock(folder, True),
    "disk": lambda folder, _: with_state_dir(folder, "."),
    "state": lambda folder, _: with_state(folder, '{"run":"1","sensors":{"climate":[12,5]}}'),
    "camera": lambda folder, _: with_camera(folder, "frame"),
    "service": lambda folder, _: with_service(folder, ACTIVE),
    "versions": lambda folder, _: patient(configured(folder)),
}
BROKEN: dict[str, Setup] = {
    "configuration": lambda folder, _: patient(configured(folder, mqtt="qos = 9")),
    "bundles": lambda folder, _: without_bundle(folder),
    "readable": lambda folder, _: with_modes(folder, 0o640),
    "name": lambda folder, _: patient(configured(folder, "mqtt://no.such.invalid")),
    "port": lambda folder, _: patient(configured(folder, f"mqtt://localhost:{free_port()}")),
    "tls": lambda folder, broker: patient(configured(folder, broker.url)),
    "authorised": lambda folder, broker: patient(configured(folder, broker.url, mqtt='ca_file = "ca.pem"')),
    "clock": lambda folder, _: with_clock(folder, False),
    "disk": lambda folder, _: with_state_dir(folder, "agent.toml"),
    "state": lambda folder, _: with_state(folder, "{"),
    "camera": lambda folder, _: with_camera(folder, "closed: for good"),
    "service": lambda folder, _: with_service(folder, ACTIVE.replace("active", "failed")),
    "versions": lambda folder, _: patient(configured(folder)),
}
TOLD = {
    "configuration": ("failed", "qos = 9"),
    "bundles": ("failed", "climate.npz: cannot be read"),
    "readable": ("failed", "the service's user cannot read"),
    "name": ("failed", "no.such.invalid is not known"),
    "port": ("failed", "nothing listens"),
    "tls": ("failed", "is not believed"),
    "authorised": ("failed", "Not authorized"),
    "clock": ("note", "no time service has set it"),
    "disk": ("failed", "Not a directory"),
    "state": ("failed", "state/progress.json: is damaged"),
    "camera": ("failed", "fake camera: for good"),
    "service": ("failed", "is failed"),
    "versions": ("ok", "Python"),  # nothing is ever wrong with them
}


def held(folder: Path) -> dict[str, tuple[int, int]]:
    """Everything in a folder but logs, with its mode and time of change."""
    paths = [path for path in folder.rglob("*") if path.suffix != ".log"]
    return {str(path): (path.stat().st_mode, path.stat().st_mtime_ns) for path in paths if path.is_file()}


def test_each_has_a_setup_that_is_well_and_one_that_is_broken():
    assert list(HEALTHY) == list(BROKEN) == list(TOLD) == list(BY_NAME)


@pytest.mark.parametrize("name", BY_NAME)
def test_where_all_is_well_it_says_so_and_changes_nothing(folder, broker, name):
    healthy = HEALTHY[name](folder, broker)
    before = held(folder)
    finding = look(BY_NAME[name], healthy)
    assert (finding.status, finding.remedy) == ("ok", ""), finding
    assert finding.said
    assert held(folder) == before


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_broken_is_told_with_its_remedy_and_in_time(folder, broker, name):
    status, said = TOLD[name]
    broken = BROKEN[name](folder, broker)
    before, start_s = held(folder), time.monotonic()
    finding = look(BY_NAME[name], broken)
    assert finding.status == status, finding
    assert said in finding.said
    assert bool(finding.remedy) == (status != "ok")
    assert not finding.said.endswith(".")
    assert "the check itself" not in finding.said
    assert held(folder) == before
    assert time.monotonic() - start_s < BY_NAME[name].limit_s


@pytest.mark.parametrize(
    "name", [name for name in BY_NAME if name not in ("configuration", "bundles", "service", "versions")]
)
def test_where_the_configuration_is_wrong_there_is_nothing_to_look_at(folder, name):
    finding = look(BY_NAME[name], patient(configured(folder, mqtt="qos = 9")))
    assert (finding.status, finding.said) == ("skipped", "the configuration has to be right first")


def test_what_a_check_waits_for_stands_before_it():
    names = [check.name for check in CHECKS]
    assert all(check.after in names[: names.index(check.name)] for check in CHECKS if check.after)


def test_a_pipe_for_a_bundle_is_told_at_once(folder):
    path = configured(folder)
    (folder / "climate.npz").unlink()
    os.mkfifo(folder / "climate.npz")
    start_s = time.monotonic()
    finding = look(BY_NAME["bundles"], patient(path))
    assert "climate.npz: is a pipe or a device; give the path of a bundle" in finding.said
    assert time.monotonic() - start_s < 2
