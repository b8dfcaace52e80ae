"""The service under a real systemd, against a real broker that wants a password."""

import json
import shutil
import signal
import time
from collections.abc import Iterator

import pytest

from tests.deploy.machine import Machine, Root, Workshop, booted
from tests.deploy.wheels import ROOT
from tests.e2e.broker import PASSWORD, USER, Broker, Subscriber, wait_until
from tests.scenes import write_scenes

UNIT, HUNG, WRONG = "understudy-agent.service", "understudy-agent@hung.service", "understudy-agent@wrong.service"
STUDIO = "understudy-agent@studio.service"
RESTART_S = 3
READING, STATUS = "understudy/pi/front-door", "understudy/pi/status"


def configuration(broker: Broker, device: str, interval_s: float = 0.1) -> str:
    return f"""
        [device]
        id = "{device}"
        [mqtt]
        url = "{broker.url}"
        username = "{USER}"
        ca_file = "ca.pem"
        [[sensor]]
        name = "front-door"
        bundle = "front-door.npz"
        interval_s = {interval_s}
    """


PICTURES = """
    [mqtt]
    url = "mqtt://localhost:1"
    [camera]
    kind = "fake"
    [[sensor]]
    name = "cam"
    bundle = "scenes.npz"
    interval_s = 0.2
    [sensor.pictures]
    labels = "coco"
"""


@pytest.fixture(scope="module")
def configured(shop: Workshop, installed: Root, broker: Broker) -> Root:
    """An agent; instances that are to hang, without access to cameras; with pictures; with a wrong configuration."""
    root = shop.root("configured", *installed.layers)
    etc = root.path("etc/understudy")
    shutil.copy(root.path("home/pi/front-door.npz"), etc)
    shutil.copy(broker.folder / "ca.pem", etc)
    root.write("etc/understudy/agent.toml", configuration(broker, "pi"))
    root.write("etc/understudy/hung.toml", configuration(broker, "hung"))
    root.write("etc/understudy/wrong.toml", configuration(broker, "wrong").replace("interval_s", "intervals"))
    write_scenes(etc / "scenes.npz")
    root.write("etc/understudy/studio.toml", PICTURES)
    for name in ("mqtt-cert.pem", "mqtt-key.pem"):
        root.write(f"etc/credstore/understudy-agent@studio.{name}", name, 0o600)
    folder = root.path(f"etc/systemd/system/{HUNG}.d")
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "systemd/no-camera.conf", folder)
    for name in ("understudy-agent", "understudy-agent@hung"):
        root.write(f"etc/credstore/{name}.mqtt-password", PASSWORD + "\n", 0o600)
    return root


@pytest.fixture(scope="module")
def seen(broker: Broker) -> Iterator[Subscriber]:
    with broker.subscriber() as subscriber:
        yield subscriber


@pytest.fixture(scope="module")
def machine(configured: Root, seen: Subscriber) -> Iterator[Machine]:
    with booted(configured) as machine:
        machine.run("systemctl", "start", HUNG, WRONG, STUDIO)
        machine.run("systemctl", "kill", "--signal=SIGSTOP", HUNG)  # judged by the last test
        yield machine


@pytest.fixture
def playing(machine: Machine, seen: Subscriber) -> Machine:
    """A machine whose agent plays from now on."""
    machine.run("systemctl", "reset-failed", UNIT)
    machine.run("systemctl", "start", UNIT)
    machine.wait_for(UNIT, "ActiveState", "active")
    seen.wait(READING, len(seen.seen(READING)) + 1)
    return machine


def pid(machine: Machine, unit: str = UNIT) -> int:
    return int(machine.show(unit, "MainPID"))


def groups(machine: Machine, unit: str) -> list[str]:
    return machine.run("grep", "^Groups:", f"/proc/{pid(machine, unit)}/status").stdout.split()[1:]


def statuses(seen: Subscriber) -> list[str]:
    return [message["payload"] for message in seen.seen(STATUS)]


def test_the_service_starts_with_the_machine_and_gets_ready(machine):
    machine.wait_for(UNIT, "SubState", "running")
    assert machine.show(UNIT, "Type") == "notify"
    assert "1 sensor" in machine.show(UNIT, "StatusText")


def test_it_publishes_with_the_password_that_is_its_credential(playing, seen):
    message = seen.wait(READING, 5)[-1]
    assert json.loads(message["payload"])["device"] == "real-thing"
    assert PASSWORD not in playing.journal(UNIT)


def test_the_password_is_in_no_file_that_others_than_root_can_read(playing):
    look = ["grep", "--recursive", "--files-with-matches", "--fixed-strings", PASSWORD, "/etc", "/run", "/var", "/opt"]
    assert playing.run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *look).stdout == ""
    assert playing.run(*look).stdout.split()


def test_its_user_is_nobody_else_and_keeps_its_state_to_itself(playing):
    state = "/var/lib/private/understudy-agent"
    user, mode = playing.run("stat", "--format=%u %a", state).stdout.split()
    assert (user, mode) == (playing.run("stat", "--format=%u", f"/proc/{pid(playing)}").stdout.strip(), "700")
    assert 61184 <= int(user) <= 65519  # what systemd gives to dynamic users
    assert playing.run("ls", state).stdout.split() == ["seed"]


def test_it_may_use_what_belongs_to_the_group_video_unless_there_is_no_camera(playing):
    video = playing.run("getent", "group", "video").stdout.split(":")[2]
    assert video in groups(playing, UNIT)
    assert video not in groups(playing, HUNG)


def test_pictures_are_composed_within_what_the_service_allows(machine):
    machine.wait_for(STUDIO, "SubState", "running")
    wait_until(lambda: " pictures" in machine.show(STUDIO, "StatusText"))
    assert "error" not in machine.journal(STUDIO)


def test_an_instance_is_handed_its_own_certificate_and_no_password(machine):
    machine.wait_for(STUDIO, "SubState", "running")
    assert machine.run("ls", f"/run/credentials/{STUDIO}").stdout.split() == ["mqtt-cert.pem", "mqtt-key.pem"]


def test_without_a_password_file_it_starts_all_the_same(playing):
    """`wrong` has none, and gets as far as its configuration."""
    playing.wait_for(WRONG, "ActiveState", "failed")
    assert "intervals" in playing.journal(WRONG)


def test_the_doctor_sees_what_the_service_sees(playing):
    doctor = ("understudy-agent", "doctor", "--config", "/etc/understudy/agent.toml", "--json")
    found = {finding["check"]: finding for finding in json.loads(playing.run(*doctor).stdout)}
    assert not [finding for finding in found.values() if finding["status"] == "failed"]
    assert f"played by process {pid(playing)}" in found["configuration"]["said"]
    assert f"user '{USER}'" in found["authorised"]["said"]
    assert f"{UNIT} is active" in found["service"]["said"]
    bundle = playing.root.path("etc/understudy/front-door.npz")
    bundle.chmod(0o600)
    found = {finding["check"]: finding for finding in json.loads(playing.run(*doctor).stdout)}
    bundle.chmod(0o644)
    assert [name for name, finding in found.items() if finding["status"] == "failed"] == ["readable"]
    assert "/etc/understudy/front-door.npz" in found["readable"]["said"]


def test_after_a_kill_it_plays_again(playing, seen):
    before, killed = len(seen.seen(READING)), pid(playing)
    playing.run("systemctl", "kill", "--signal=SIGKILL", UNIT)
    wait_until(lambda: pid(playing) not in (0, killed))
    seen.wait(READING, before + 20)
    assert playing.show(UNIT, "NRestarts") == "1"


def test_a_wrong_configuration_is_not_tried_again(machine):
    machine.wait_for(WRONG, "ActiveState", "failed")
    assert machine.show(WRONG, "ExecMainStatus") == "78"
    failed_s = int(machine.show(WRONG, "InactiveEnterTimestampMonotonic")) / 1e6
    wait_until(lambda: time.monotonic() > failed_s + RESTART_S + 1)
    assert machine.show(WRONG, "NRestarts") == "0"
    assert machine.show(WRONG, "ActiveState") == "failed"


def test_a_reload_with_a_mistake_leaves_the_old_configuration_playing(playing, seen, broker):
    process = pid(playing)
    playing.root.write("etc/understudy/agent.toml", configuration(broker, "pi", -1))
    try:
        assert playing.run("systemctl", "reload", UNIT).returncode == 0
        wait_until(lambda: "the old one plays on" in playing.journal(UNIT))
        seen.wait(READING, len(seen.seen(READING)) + 5)
        assert pid(playing) == process
    finally:
        playing.root.write("etc/understudy/agent.toml", configuration(broker, "pi"))


def test_a_reload_takes_the_new_configuration(playing, seen, broker):
    process = pid(playing)
    playing.root.write("etc/understudy/agent.toml", configuration(broker, "moved"))
    try:
        playing.run("systemctl", "reload", UNIT)
        seen.wait("understudy/moved/front-door", 2)
        assert pid(playing) == process
    finally:
        playing.root.write("etc/understudy/agent.toml", configuration(broker, "pi"))
        playing.run("systemctl", "restart", UNIT)


def test_a_stop_is_quick_and_leaves_offline(playing, seen):
    wait_until(lambda: statuses(seen)[-1:] == ["online"])
    began_s = time.monotonic()
    assert playing.run("systemctl", "stop", UNIT).returncode == 0
    assert time.monotonic() - began_s < 3
    assert playing.show(UNIT, "Result") == "success"
    wait_until(lambda: statuses(seen)[-1] == "offline")
    readings = len(seen.seen(READING))
    time.sleep(0.5)
    assert len(seen.seen(READING)) == readings


def test_a_loop_that_hangs_is_ended_by_the_watchdog_and_plays_again(machine, seen):
    machine.wait_for(HUNG, "NRestarts", "1", timeout_s=60)
    assert "Watchdog timeout" in machine.journal(HUNG)
    machine.wait_for(HUNG, "ActiveState", "active")
    before = len(seen.seen("understudy/hung/front-door"))
    seen.wait("understudy/hung/front-door", before + 3)
    assert signal.Signals.SIGABRT.name.removeprefix("SIG") in machine.journal(HUNG)
