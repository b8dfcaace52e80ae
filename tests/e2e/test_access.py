"""The broker's configuration in deploy/mosquitto, with files that its script makes, and a real Mosquitto."""

import json
import os
import pwd
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.broker import FORMAT, MISSING, MOSQUITTO, Subscriber, free_port, wait_until
from tests.e2e.credentials import DEPLOY, made, make_credentials, needs_faketime

INSTALLED = "/etc/mosquitto/understudy"
pytestmark = pytest.mark.skipif(bool(MISSING), reason=str(MISSING))


@dataclass
class Access:
    """A Mosquitto as it would be installed, but for ports and paths."""

    folder: Path
    process: subprocess.Popen[bytes]
    certificates: int  # the ports
    passwords: int

    @property
    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text()

    def client(self, program: str, name: str, *words: str) -> list[str]:
        files = ["--cafile", f"{self.folder}/ca.pem", "--cert", self.path(name, "pem"), "--key", self.path(name, "key")]
        return [program, "-h", "localhost", "-p", str(self.certificates), "-V", "5", "-q", "1", *files, *words]

    def path(self, name: str, kind: str) -> str:
        return str(self.folder / "clients" / f"{name}.{kind}")

    def publish(self, name: str, topic: str) -> str:
        """What mosquitto_pub says of a message; empty: it arrived."""
        command = self.client("mosquitto_pub", name, "-t", topic, "-m", "x")
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30).stderr


@pytest.fixture
def access(tmp_path):
    folder, port, other = tmp_path / "access", free_port(), free_port()
    made(folder, "--host", "localhost", "127.0.0.1", "--device", "attic", "porch", "--reader", "dashboard")
    made(folder, "--password", "--device", "shed")
    (tmp_path / "conf.d").mkdir()
    text = (DEPLOY / "understudy.conf").read_text().replace(INSTALLED, str(folder))
    text = text.replace("listener 8883", f"listener {port} 127.0.0.1").replace("listener 8884", f"listener {other}")
    (tmp_path / "conf.d" / "understudy.conf").write_text(text)
    (tmp_path / "mosquitto.conf").write_text(f"user root\nlog_type all\ninclude_dir {tmp_path}/conf.d\n")
    with (folder / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([MOSQUITTO, "-c", str(tmp_path / "mosquitto.conf")], stdout=log, stderr=log)
    access = Access(folder, process, port, other)
    wait_until(lambda: "running" in access.log or process.poll() is not None)
    yield access
    process.kill()
    process.wait()


@pytest.fixture
def reader(access, tmp_path):
    """Subscribed to everything, with the reader's certificate."""
    command = access.client("mosquitto_sub", "dashboard", "-t", "#", "-i", "reader", "-F", FORMAT)
    with (tmp_path / "reader.log").open("wb") as out, subprocess.Popen(command, stdout=out) as process:
        try:
            wait_until(lambda: "reader 1 #" in access.log)
            yield Subscriber(tmp_path / "reader.log")
        finally:
            process.kill()


@pytest.fixture
def config(access, bundle):
    """A configuration with a device's certificate, or a part of it."""

    def config(device: str = "attic", mqtt: str | None = None, port: int = access.certificates, head: str = "") -> str:
        ours = f'cert_file = "{access.path("attic", "pem")}"\nkey_file = "{access.path("attic", "key")}"'
        return f"""
            seed = 7
            {head}
            [device]
            id = "{device}"
            [mqtt]
            url = "mqtts://localhost:{port}"
            ca_file = "{access.folder}/ca.pem"
            health_s = 0.3
            {ours if mqtt is None else mqtt}
            [[sensor]]
            name = "climate"
            bundle = "{bundle}"
            interval_s = 0.05
        """

    return config


def test_an_agent_with_its_certificate_writes_its_topics_and_a_reader_reads_them(access, reader, config, run_agent):
    agent = run_agent(config())
    reader.wait("understudy/attic/climate", 5)
    wait_until(lambda: any(json.loads(m["payload"])["published"] > 4 for m in reader.seen("understudy/attic/health")))
    assert agent.stop() == 0
    assert [message["payload"] for message in reader.wait("understudy/attic/status", 2)] == ["online", "offline"]
    assert json.loads(reader.seen("understudy/attic/health")[-1]["payload"])["lost"] == 0
    assert "refused" not in agent.text()


def test_the_certificate_and_its_key_may_be_credentials(access, reader, config, run_agent, tmp_path):
    shutil.copy(access.path("attic", "pem"), tmp_path / "mqtt-cert.pem")
    shutil.copy(access.path("attic", "key"), tmp_path / "mqtt-key.pem")
    run_agent(config(mqtt=""), CREDENTIALS_DIRECTORY=str(tmp_path))
    reader.wait("understudy/attic/climate", 1)


def test_an_agent_with_a_password_writes_its_topics(access, reader, config, run_agent):
    password = f'username = "shed"\npassword_file = "{access.path("shed", "password")}"'
    run_agent(config("shed", password, access.passwords))
    reader.wait("understudy/shed/climate", 3)


@pytest.mark.parametrize(
    "topic", ["understudy/porch/climate", "understudy/climate", "other", "understudy/attic2/x", "$SYS/x"]
)
def test_a_device_cannot_write_anothers_topic(access, topic):
    assert "Not authorized" in access.publish("attic", topic) or topic.startswith("$")
    assert "Denied PUBLISH from" in access.log


@pytest.mark.parametrize("topic", ["climate", "climate/image", "climate/labels", "status", "health", "status/backfill"])
def test_a_device_can_write_all_that_an_agent_writes(access, reader, topic):
    assert access.publish("attic", f"understudy/attic/{topic}") == ""
    reader.wait(f"understudy/attic/{topic}", 1)


def test_an_agent_is_told_that_it_may_not_write_counts_it_and_says_it_once(access, reader, config, run_agent):
    agent = run_agent(config("porch"))  # with the certificate of attic
    wait_until(lambda: access.log.count("Denied PUBLISH") > 20)
    agent.wait_for("Not authorized")
    assert agent.stop() == 0
    assert agent.text().count("a message was refused and is lost") == 1
    assert "'Not authorized' to what was sent on the status topic" in agent.text()
    assert not reader.seen()


def test_a_device_reads_nothing(access, reader):
    command = access.client("mosquitto_sub", "porch", "-t", "#", "-i", "curious", "-W", "3")
    with subprocess.Popen(command, stdout=subprocess.PIPE) as curious:
        wait_until(lambda: "curious 1 #" in access.log)
        assert access.publish("attic", "understudy/attic/climate") == ""
        assert access.publish("porch", "understudy/porch/climate") == ""
        assert len(reader.wait("understudy/porch/climate", 1)) == 1
        assert curious.communicate()[0] == b""


@pytest.mark.parametrize("topic", ["understudy/attic/climate", "understudy/dashboard/x", "other"])
def test_a_reader_cannot_write(access, topic):
    assert "Not authorized" in access.publish("dashboard", topic)


def test_nobody_connects_without_credentials(access, config, run_agent):
    agent = run_agent(config(mqtt=""))
    wait_until(lambda: "peer did not return a certificate" in access.log)
    agent.wait_for("closed without an answer")
    assert agent.text().count("over mqtts it so refuses [mqtt] cert_file, or that there is none") == 1
    assert "connected to" not in agent.text()
    anonymous = run_agent(config(mqtt="", port=access.passwords))
    anonymous.wait_for("the broker refused the connection")
    wrong = access.folder / "wrong"
    wrong.write_text("x")
    guessing = run_agent(config("shed", f'username = "shed"\npassword_file = "{wrong}"', access.passwords))
    guessing.wait_for("the broker refused the connection: Not authorized")


def test_anothers_certificate_is_of_no_use(access, config, run_agent, tmp_path):
    made(tmp_path / "other", "--host", "localhost", "--device", "attic")
    other = tmp_path / "other" / "clients"
    agent = run_agent(config(mqtt=f'cert_file = "{other}/attic.pem"\nkey_file = "{other}/attic.key"'))
    wait_until(lambda: access.log.count("verify failed") > 1)
    assert agent.text().count("closed without an answer") == 1
    assert "connected to" not in agent.text()


def test_another_brokers_certificate_is_not_believed(access, config, run_agent, tmp_path):
    made(tmp_path / "other", "--host", "localhost")
    agent = run_agent(config().replace(f"{access.folder}/ca.pem", f"{tmp_path}/other/ca.pem"))
    agent.wait_for("certificate verify failed")


def test_the_brokers_certificate_is_not_a_clients(access):
    shutil.copy(access.folder / "server.pem", access.path("server", "pem"))
    shutil.copy(access.folder / "server.key", access.path("server", "key"))
    access.publish("server", "understudy/server/x")
    wait_until(lambda: "unsupported certificate purpose" in access.log or "certificate verify failed" in access.log)
    assert "understudy/server/x" not in access.log


@needs_faketime
def test_an_expired_certificate_is_of_no_use_and_told_at_once(access, config, run_agent):
    made(access.folder, "--device", "old", "--days", "1", day=-3)
    access.publish("old", "understudy/old/x")
    wait_until(lambda: "certificate verify failed" in access.log)
    old = f'cert_file = "{access.path("old", "pem")}"\nkey_file = "{access.path("old", "key")}"'
    agent = run_agent(config("old", old))
    assert agent.process.wait(15) == 78
    assert "has expired on" in agent.text()


def test_a_reload_reads_a_renewed_certificate_of_the_same_name(access, reader, config, run_agent):
    agent = run_agent(config())
    reader.wait("understudy/attic/status", 1)
    Path(access.path("attic", "pem")).unlink()
    made(access.folder, "--device", "attic")
    agent.signal(1)
    agent.wait_for("reloaded")
    states = [message["payload"] for message in reader.wait("understudy/attic/status", 3)]
    assert states == ["online", "offline", "online"]
    agent.signal(1)  # and what did not change keeps its connection
    wait_until(lambda: agent.text().count("reloaded") == 2)
    assert agent.stop() == 0
    assert len(reader.wait("understudy/attic/status", 4)) == 4


def state(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mode & 0o777, path.stat().st_mtime_ns) for path in paths}


def test_the_script_run_again_changes_nothing(tmp_path):
    words = [
        ["--host", "localhost", "--device", "attic", "--reader", "dashboard"],
        ["--password", "--device", "shed", "--reader", "wall"],
    ]
    for some in words:
        made(tmp_path / "a", *some)
    before = state(tmp_path / "a")
    for some in words:
        made(tmp_path / "a", *some, "--days", "5")
    assert state(tmp_path / "a") == before
    modes = {Path(path).suffix: mode for path, (_, mode, _) in before.items()}
    assert modes == {".key": 0o600, ".password": 0o600, ".pem": 0o644, "": 0o600}
    made(tmp_path / "a", "--device", "porch")
    assert {path: held for path, held in state(tmp_path / "a").items() if "porch" not in path} == before


def test_a_mosquitto_that_is_no_longer_root_can_read_what_it_needs_and_no_more(tmp_path):
    try:
        mosquitto = pwd.getpwnam("mosquitto").pw_uid
    except KeyError:
        pytest.skip("there is no user mosquitto")
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    made(tmp_path / "a", "--host", "h", "--password", "--device", "shed")
    owners = {path.name: path.stat().st_uid for path in (tmp_path / "a").rglob("*") if path.is_file()}
    assert {name for name, owner in owners.items() if owner == mosquitto} == {"server.key", "passwords", "acl"}
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "a" / "clients").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--device", "a"], "say for which --host"),
        (["--host", "h", "--device", "a/b"], "a/b: must be 1 to 64 letters"),
        (["--host", "h", "--device", "+"], "+: must be"),
        (["--host", "h", "--device", "-a"], "-a: must be 1 to 64 letters"),
        (["--host", "h", "--device"], "--device needs a value"),
        (["--host", "h", "--days", "0"], "--days 0: is no number of days"),
        (["--host", "h,DNS:evil"], "--host h,DNS:evil: is no name or address"),
        (["--host", "h", "--device", "a", "--reader", "a"], "a: is a device and a reader"),
        (["h"], "'h' belongs to no option"),
        (["--hots", "h"], "there is no option '--hots'"),
    ],
)
def test_the_script_refuses_what_cannot_work_and_makes_nothing(tmp_path, words, said):
    done = make_credentials(tmp_path / "a", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert not (tmp_path / "a").exists()


def test_a_name_is_a_device_or_a_reader_for_good(tmp_path):
    made(tmp_path / "a", "--host", "h", "--device", "attic", "--reader", "wall")
    assert "attic: is a device already" in make_credentials(tmp_path / "a", "--reader", "attic").stderr
    assert "wall: is a reader already" in make_credentials(tmp_path / "a", "--device", "wall").stderr


def test_the_script_goes_on_where_it_was_interrupted(tmp_path):
    made(tmp_path / "a", "--host", "h", "--device", "attic")
    key = (tmp_path / "a" / "clients" / "attic.key").read_bytes()
    (tmp_path / "a" / "clients" / "attic.pem").unlink()
    assert "kept clients/attic.key" in made(tmp_path / "a", "--device", "attic")
    assert (tmp_path / "a" / "clients" / "attic.key").read_bytes() == key
    (tmp_path / "a" / "ca.key").unlink()
    done = make_credentials(tmp_path / "a", "--device", "other")
    assert "run this where the CA's key is" in done.stderr
    assert not list((tmp_path / "a").rglob("*other*"))


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_the_script_is_shellcheck_clean():
    subprocess.run(["shellcheck", str(DEPLOY / "make-credentials.sh")], check=True)


def test_a_name_is_not_taken_for_another_that_differs_by_a_dot(tmp_path):
    folder = tmp_path / "access"
    made(folder, "--host", "localhost", "--password", "--device", "pi-1")
    made(folder, "--password", "--device", "pi.1")
    assert [line.split(":")[0] for line in (folder / "passwords").read_text().splitlines()] == ["pi-1", "pi.1"]


@pytest.mark.parametrize("name", ["acl", "passwords"])
def test_a_file_whose_last_line_was_left_without_an_end_is_continued_on_the_next(tmp_path, name):
    folder = tmp_path / "access"
    made(folder, "--host", "localhost", "--password", "--device", "attic", "--reader", "dashboard")
    before = (folder / name).read_text()
    (folder / name).write_text(before.rstrip("\n"))
    made(folder, "--password", "--reader", "wall")
    assert (folder / name).read_text().startswith(before)


def test_several_at_once_take_turns_and_clean_up_after_one_that_was_killed(tmp_path):
    folder, names = tmp_path / "access", [f"pi-{number}" for number in range(6)]
    made(folder, "--host", "localhost")
    (folder / ".new.killed").mkdir()
    with ThreadPoolExecutor() as pool:
        said = pool.map(lambda name: made(folder, "--password", "--device", name, "--reader", f"of-{name}"), names)
    assert all("reload mosquitto" in text for text in said)
    accounts = {line.split(":")[0] for line in (folder / "passwords").read_text().splitlines()}
    assert accounts == {*names, *(f"of-{name}" for name in names)}
    assert not list(folder.glob(".new*"))


def test_a_certificate_that_would_outlive_its_ca_is_refused(tmp_path):
    folder = tmp_path / "access"
    made(folder, "--host", "localhost")
    refused = make_credentials(folder, "--device", "attic", "--days", "9000")
    assert refused.returncode == 1
    assert "the CA ends before clients/attic.pem would" in refused.stderr
