"""`doctor` as a user runs it: beside a real broker and a real agent, or where one of them is not well."""

import json
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.commands import run, run_as_mortal
from tests.e2e.broker import PASSWORD, USER, Broker, free_port
from tests.e2e.credentials import made, needs_faketime
from tests.scenes import write_scenes

TOPIC = "understudy/pi/cam"
STATUSES = {"ok", "note", "failed", "skipped"}
CHECKS = ["configuration", "bundles", "readable", "name", "port", "tls", "authorised"]
CHECKS += ["clock", "disk", "state", "camera", "service", "versions"]
LOGIN = f'username = "{USER}"\npassword_file = "secret"\nca_file = "ca.pem"'


@pytest.fixture
def configured(tmp_path):
    """Writes a configuration of a sensor with pictures."""

    def configured(url: str, mqtt: str = "", camera: str = 'kind = "fake"', head: str = ""):
        (tmp_path / "secret").write_text(PASSWORD)
        path = tmp_path / "agent.toml"
        path.write_text(f"""
            seed = 7
            mode = "aggregator"
            {head}
            [device]
            id = "pi"
            [mqtt]
            url = "{url}"
            {mqtt}
            [camera]
            {camera}
            [aggregator]
            batch_s = 0.5
            [[sensor]]
            name = "cam"
            bundle = "{write_scenes(tmp_path / "cam.npz")}"
            interval_s = 0.1
            [sensor.pictures]
        """)
        return path

    return configured


def doctor(path, status: int, mortal: bool = False, **env: str) -> dict[str, dict[str, str]]:
    """What it found, by check, told as JSON; every check has said something, and all it says is in order."""
    run_it, start_s = run_as_mortal if mortal else run, time.monotonic()
    done = run_it("agent", "doctor", "--config", str(path), "--json", env=os.environ | env)
    assert (done.returncode, done.stderr) == (status, ""), done
    assert time.monotonic() - start_s < 40
    found = json.loads(done.stdout)
    assert [finding["check"] for finding in found] == CHECKS
    for finding in found:
        assert set(finding) == {"check", "status", "said", "remedy"}
        assert finding["status"] in STATUSES
        assert finding["said"]
        assert finding["remedy"] or finding["status"] != "failed"
    return {finding["check"]: finding for finding in found}


def failed(found: dict[str, dict[str, str]]) -> list[str]:
    return [name for name, finding in found.items() if finding["status"] == "failed"]


@pytest.mark.parametrize("broker", [True], indirect=True, ids=["tls"])
def test_where_all_is_well_nothing_fails_and_nothing_is_left_behind(broker, configured, tmp_path):
    path = configured(broker.url, LOGIN, head='state_dir = "state"')
    before = sorted(path.name for path in tmp_path.iterdir())
    found = doctor(path, 0)
    assert not failed(found)
    assert "played by" not in found["configuration"]["said"]
    assert found["tls"]["status"] == "note"  # the broker's certificate lasts two days
    assert "connected as client understudy-pi-doctor with user 'pi'" in found["authorised"]["said"]
    assert found["camera"]["said"] == "fake gives frames of 160x120"
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("broker", [True], indirect=True, ids=["tls"])
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_people_get_a_line_a_check(broker, configured, protocol):
    path = configured(broker.url, f'{LOGIN}\nprotocol = "{protocol}"')
    done = run("agent", "doctor", "--config", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[1] for line in done.stdout.splitlines()] == CHECKS
    assert all(line.split()[0] in STATUSES for line in done.stdout.splitlines())


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_beside_a_running_agent_it_disturbs_neither_agent_nor_subscribers(broker, run_agent, configured, protocol):
    camera = 'kind = "fake"\nscript = ["closed: Device or resource busy"]\nfallback = "cam.png"'
    path = configured(broker.url, f'protocol = "{protocol}"', camera)
    from PIL import Image

    Image.new("RGB", (64, 48)).save(path.parent / "cam.png")
    state = path.parent / "state"
    with broker.subscriber() as subscriber:
        agent = run_agent(path.read_text(), STATE_DIRECTORY=str(state))
        subscriber.wait(TOPIC, 2)
        while not (state / "progress.json").exists():
            time.sleep(0.05)
        found = doctor(path, 0)
        count = len(subscriber.seen(TOPIC))
        subscriber.wait(TOPIC, count + 2)
        assert agent.stop() == 0
        topics = {message["topic"] for message in subscriber.seen()}
        states = [message["payload"] for message in subscriber.wait("understudy/pi/status", 2)]
    assert states == ["online", "offline"]
    assert topics <= {TOPIC, f"{TOPIC}/image", "understudy/pi/status", "understudy/pi/health"}
    assert agent.text().count("connected to") == 1
    pid = agent.process.pid
    assert found["configuration"]["said"].endswith(f"played by process {pid}")
    assert found["state"]["said"].endswith(f"the running agent has it (process {pid})")  # as it alone was told
    assert found["disk"]["status"] == "ok"
    assert found["camera"]["status"] == "note"
    assert str(pid) in found["camera"]["said"]  # perhaps beside agents of other tests
    assert broker.log.read_text().count("understudy-pi-doctor") >= 2  # it came, and it said goodbye
    assert "Client understudy-pi-doctor disconnected" in broker.log.read_text()


@pytest.fixture
def another_user():
    """Starts a shell that looks like an agent, as the user `nobody`, and waits in it."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    started = []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        (Path(folder) / "run").write_text("read nothing")  # what the shell takes for the name of a script

        def another_user(path, **env: str) -> subprocess.Popen[bytes]:
            words = ["understudy-agent", "run", "--config", str(path)]
            started.append(
                subprocess.Popen(words, executable="/bin/sh", user="nobody", env=env, cwd=folder, stdin=subprocess.PIPE)
            )
            return started[-1]

        yield another_user
        for process in started:
            process.communicate(timeout=10)


def test_another_users_process_is_no_agent_and_gets_no_password(broker, configured, another_user):
    path = configured(broker.url, f'username = "{USER}"\npassword_file = "secret"')
    with socket.create_server(("127.0.0.1", 0)) as server:
        another_user(path, UNDERSTUDY_MQTT__URL=f"mqtt://127.0.0.1:{server.getsockname()[1]}")
        found = doctor(path, 0)
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "played by" not in found["configuration"]["said"]


def test_a_broker_that_is_down_is_one_failure(configured):
    found = doctor(configured(f"mqtt://localhost:{free_port()}"), 1)
    assert failed(found) == ["port"]
    assert found["port"]["remedy"] == "start the broker, or correct the port in [mqtt] url"
    assert found["authorised"]["said"] == "port has to be right first"
    assert found["versions"]["status"] == "ok"


def test_a_name_that_nobody_knows_is_one_failure(configured):
    assert failed(doctor(configured("mqtt://no.such.invalid"), 1)) == ["name"]


@pytest.mark.parametrize("broker", [True], indirect=True, ids=["tls"])
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_wrong_password_is_told_and_not_shown(broker, configured, protocol):
    path = configured(broker.url, f'{LOGIN}\nprotocol = "{protocol}"')
    (path.parent / "secret").write_text("battery staple")
    found = doctor(path, 1)
    assert failed(found) == ["authorised"]
    assert "Not authorized" in found["authorised"]["said"]
    assert "check [mqtt] username and password_file" in found["authorised"]["remedy"]
    assert "battery" not in str(found)


@pytest.mark.parametrize("broker", [True], indirect=True, ids=["tls"])
def test_another_ca_is_told(broker, configured, tmp_path):
    made(tmp_path / "other", "--host", "x")
    found = doctor(configured(broker.url, LOGIN.replace("ca.pem", "other/ca.pem")), 1)
    assert failed(found) == ["tls"]
    assert "is not believed" in found["tls"]["said"]


@needs_faketime
def test_an_expired_certificate_of_the_broker_is_told(configured, tmp_path):
    made(tmp_path, "--host", "localhost", "--days", "1", day=-3)
    broker = Broker(tmp_path, secure=True)
    broker.start()
    try:
        found = doctor(configured(broker.url, LOGIN), 1)
    finally:
        broker.stop()
    assert failed(found) == ["tls"]
    assert "has expired on 20" in found["tls"]["said"]


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts"])
def test_a_broker_that_accepts_and_never_answers_is_not_waited_for(configured, scheme):
    with socket.create_server(("127.0.0.1", 0)) as server:
        start_s = time.monotonic()
        found = doctor(configured(f"{scheme}://localhost:{server.getsockname()[1]}"), 1)
        assert time.monotonic() - start_s < 20
    assert failed(found) == ["tls" if scheme == "mqtts" else "authorised"]


def test_a_broker_that_hangs_is_told(broker, configured):
    broker.process.send_signal(19)
    try:
        assert failed(doctor(configured(broker.url), 1)) == ["authorised"]
    finally:
        broker.process.send_signal(18)


def test_a_state_dir_of_somebody_else_is_told(broker, configured, tmp_path):
    path = configured(broker.url, head='state_dir = "state"')
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "seed").write_text("7")
    (tmp_path / "state").chmod(0o500)
    found = doctor(path, 1, mortal=True)
    assert failed(found) == ["disk"]
    assert "cannot be written (Permission denied)" in found["disk"]["said"]
    (tmp_path / "state").chmod(0)
    found = doctor(path, 1, mortal=True)
    (tmp_path / "state").chmod(0o700)
    assert failed(found) == ["disk", "state"]
    assert "cannot be read (Permission denied)" in found["state"]["said"]


def test_a_state_dir_that_cannot_be_made_is_told(broker, configured, tmp_path):
    (tmp_path / "above").mkdir()
    (tmp_path / "above").chmod(0o500)
    found = doctor(configured(broker.url, head='state_dir = "above/state"'), 1, mortal=True)
    assert failed(found) == ["disk"]
    assert found["disk"]["said"] == f"{tmp_path}/above/state: is not there, and {tmp_path}/above may not be written"


def test_a_missing_bundle_is_told_as_check_tells_it(broker, configured, tmp_path):
    path = configured(broker.url)
    (tmp_path / "cam.npz").unlink()
    found = doctor(path, 1)
    assert failed(found) == ["bundles"]
    assert "cam.npz: cannot be read (No such file or directory)" in found["bundles"]["said"]
    assert run("agent", "check", "--config", str(path)).returncode == 78


def test_a_broken_camera_is_told(broker, configured):
    found = doctor(configured(broker.url, camera='kind = "fake"\nscript = ["closed: no such device"]'), 1)
    assert failed(found) == ["camera"]
    assert "fake: fake camera: no such device" in found["camera"]["said"]
    assert "[camera] fallback" in found["camera"]["remedy"]


def test_a_wrong_configuration_is_78_and_the_machine_is_looked_at_all_the_same(broker, configured):
    path = configured(broker.url, "qos = 9\ntopik = 1")
    found = doctor(path, 78)
    assert failed(found) == ["configuration"]
    assert "2 problems" in found["configuration"]["said"]
    assert found["bundles"]["status"] == found["versions"]["status"] == "ok"
    assert found["name"]["said"] == "the configuration has to be right first"
    assert failed(doctor(path.parent / "none.toml", 78)) == ["configuration"]
    path.chmod(0)
    assert "Permission denied" in doctor(path, 78, mortal=True)["configuration"]["said"]


def test_a_fifo_for_a_configuration_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "agent.toml")
    assert "could not be read within 5 s" in doctor(tmp_path / "agent.toml", 78)["configuration"]["said"]
