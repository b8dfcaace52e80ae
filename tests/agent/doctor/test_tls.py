"""Certificates of every sort, with a real Mosquitto; and ports behind which there is none."""

import socket
import threading
import time

import pytest

from agent.doctor.authorised import ANSWER_S, authorised
from agent.doctor.checks import CHECKS
from agent.doctor.clock import clock
from agent.doctor.doctor import look
from agent.doctor.finding import Skipped
from agent.doctor.network import name
from agent.doctor.tls import tls
from agent.outputs.mqtt import MqttOutput
from agent.outputs.output import Disconnected
from tests.agent.doctor.patients import configured, patient
from tests.e2e.broker import MISSING, Broker
from tests.e2e.credentials import made, needs_faketime

pytestmark = pytest.mark.skipif(bool(MISSING), reason=str(MISSING))
CA = 'ca_file = "ca.pem"'
OURS = f'{CA}\ncert_file = "clients/pi.pem"\nkey_file = "clients/pi.key"'


@pytest.fixture
def serve(tmp_path):
    """Starts a broker with the certificates that are in the folder; with `mutual`, it wants the client's, too."""
    started = []

    def serve(mutual: bool = False) -> str:
        options = ("require_certificate true", "use_identity_as_username true")
        broker = Broker(tmp_path, secure=True, options=options if mutual else ())
        broker.start()
        started.append(broker)
        return broker.url

    yield serve
    for broker in started:
        broker.stop()


def silent():
    """A port that takes connections and never answers."""
    server = socket.create_server(("127.0.0.1", 0))
    return server, server.getsockname()[1]


def closing():
    """A port that closes every connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def close() -> None:
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return

    threading.Thread(target=close, daemon=True).start()
    return server, server.getsockname()[1]


def test_both_certificates_and_their_ends_are_told(tmp_path, serve):
    made(tmp_path, "--host", "localhost", "--device", "pi", "--days", "100")
    finding = tls(patient(configured(tmp_path, serve(mutual=True), mqtt=OURS)))
    assert finding.status == "ok"
    assert finding.said.startswith("TLSv1.3; the broker's certificate is valid until 20")
    assert "the agent's certificate is valid until 20" in finding.said


@pytest.mark.parametrize(
    ("broker_days", "agent_days", "left"), [(10, 99, 9), (99, 10, 9), (14, 99, 13), (2, 99, 1), (15, 15, None)]
)
def test_a_certificate_that_ends_within_two_weeks_is_noted(tmp_path, serve, broker_days, agent_days, left):
    made(tmp_path, "--host", "localhost", "--days", str(broker_days))
    made(tmp_path, "--device", "pi", "--days", str(agent_days))
    finding = tls(patient(configured(tmp_path, serve(mutual=True), mqtt=OURS)))
    assert finding.status == ("ok" if left is None else "note")
    assert finding.remedy == ("" if left is None else "have the CA make another in time")
    if left is not None:
        assert finding.said.endswith(f": that is {left} day{'s' * (left > 1)} from now")


@needs_faketime
@pytest.mark.parametrize(
    ("day", "said", "remedy"),
    [
        (-30, "the broker's certificate has expired on 20", "have its CA make another"),
        (30, "the broker's certificate is valid only from 20", "set the clock: `timedatectl set-ntp true`"),
    ],
)
def test_a_brokers_certificate_of_another_time_is_told_with_its_date(tmp_path, serve, day, said, remedy):
    made(tmp_path, "--host", "localhost")
    (tmp_path / "server.pem").unlink()
    made(tmp_path, "--host", "localhost", "--days", "1", day=day)
    finding = tls(patient(configured(tmp_path, serve(), mqtt=CA)))
    assert finding.status == "failed"
    assert finding.said.startswith(said)
    assert finding.remedy == remedy


@needs_faketime
def test_a_clock_before_the_brokers_certificate_is_wrong(tmp_path, serve):
    made(tmp_path, "--host", "localhost", day=30)
    finding = clock(patient(configured(tmp_path, serve(), mqtt=CA)))
    assert finding.status == "failed"
    assert "is before the broker's certificate was made (20" in finding.said


def test_a_certificate_for_another_host_or_of_another_ca_is_told(tmp_path, serve):
    made(tmp_path, "--host", "broker.lan", "127.0.0.1")
    url = serve()
    finding = tls(patient(configured(tmp_path, url, mqtt=CA)))
    assert finding.said == "the broker's certificate is not for localhost"
    finding = tls(patient(configured(tmp_path, url.replace("localhost", "127.0.0.1"), mqtt=CA)))
    assert finding.status == "ok"
    made(tmp_path / "other", "--host", "x")
    finding = tls(patient(configured(tmp_path, url, mqtt='ca_file = "other/ca.pem"')))
    assert (finding.status, finding.remedy) == ("failed", f"its CA has to be that of {tmp_path}/other/ca.pem")
    finding = tls(patient(configured(tmp_path, url)))
    assert finding.remedy.endswith("one that the system knows; set [mqtt] ca_file")


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_broker_that_wants_a_certificate_or_another_one_is_told(tmp_path, serve, version, mocker):
    made(tmp_path, "--host", "localhost", "--device", "pi")
    url = serve(mutual=True)
    if version == "1.2":
        limit_to_1_2(mocker)
    finding = tls(patient(configured(tmp_path, url, mqtt=CA)))
    assert finding.said.startswith("the broker refuses the handshake (")
    assert finding.remedy == "it may want a certificate: set [mqtt] cert_file and key_file"
    made(tmp_path / "other", "--host", "x", "--device", "pi")
    other = f'{CA}\ncert_file = "other/clients/pi.pem"\nkey_file = "other/clients/pi.key"'
    finding = tls(patient(configured(tmp_path, url, mqtt=other)))
    assert finding.remedy.startswith("have the CA that the broker trusts make another certificate than")


def limit_to_1_2(mocker):
    import ssl

    from agent.settings.mqtt import Mqtt

    whole = Mqtt.tls_context

    def limited(self):
        context = whole(self)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    mocker.patch.object(Mqtt, "tls_context", limited)


def test_a_port_without_tls_is_told(tmp_path):
    broker = Broker(tmp_path)
    broker.start()
    try:
        finding = tls(patient(configured(tmp_path, broker.url.replace("mqtt:", "mqtts:"))))
        assert finding.status == "failed"
        assert "this port is for TLS" in finding.remedy
    finally:
        broker.stop()


def test_a_port_that_closes_every_connection_is_told(tmp_path):
    server, port = closing()
    with server:
        finding = tls(patient(configured(tmp_path, f"mqtts://localhost:{port}")))
        assert "refuses the handshake" in finding.said
        finding = authorised(patient(configured(tmp_path, f"mqtt://localhost:{port}")))
        assert finding.status == "failed"
        assert finding.remedy


@pytest.mark.parametrize(("scheme", "check"), [("mqtts", "tls"), ("mqtt", "authorised")])
def test_a_port_that_never_answers_is_not_waited_for_for_long(tmp_path, scheme, check):
    server, port = silent()
    with server:
        (found,) = [found for found in CHECKS if found.name == check]
        finding = look(found, patient(configured(tmp_path, f"{scheme}://localhost:{port}")))
    assert finding.status == "failed"
    assert "answer" in finding.said
    assert "for TLS" in finding.remedy


def test_a_clock_is_looked_at_though_the_broker_hangs(tmp_path):
    server, port = silent()
    with server:
        finding = clock(patient(configured(tmp_path, f"mqtts://localhost:{port}")))
    assert finding.status == "note"


def test_a_password_in_clear_is_noted_where_others_could_read_it(tmp_path):
    (tmp_path / "p").write_text("x")
    user = 'username = "u"\npassword_file = "p"'
    finding = tls(patient(configured(tmp_path, "mqtt://broker.lan", mqtt=user)))
    assert (finding.status, finding.remedy) == ("note", "let [mqtt] url begin with mqtts://")
    for url, mqtt in (("mqtt://localhost", user), ("mqtt://broker.lan", "")):
        with pytest.raises(Skipped):
            tls(patient(configured(tmp_path, url, mqtt=mqtt)))


def test_an_address_is_no_name_and_a_local_one_wants_avahi(tmp_path):
    assert name(patient(configured(tmp_path, "mqtt://192.0.2.1"))).said == "192.0.2.1 is an address"
    assert name(patient(configured(tmp_path, "mqtt://[::1]"))).said == "::1 is an address"
    assert "avahi-daemon" in name(patient(configured(tmp_path, "mqtt://surely-nobody.local"))).remedy
    assert "avahi" not in name(patient(configured(tmp_path, "mqtt://surely-nobody.invalid"))).remedy


def test_a_password_that_only_systemd_knows_is_missed(tmp_path):
    made(tmp_path, "--host", "localhost", "--password", "--device", "pi")
    broker = Broker(tmp_path, secure=True)
    broker.start()
    try:
        finding = authorised(patient(configured(tmp_path, broker.url, mqtt=f'{CA}\nusername = "pi"')))
    finally:
        broker.stop()
    assert (
        "the broker refused the connection: Not authorized (as client understudy-pi-doctor with user 'pi')"
        in finding.said
    )
    assert finding.remedy.startswith("no password was found; set [mqtt] password_file")


def test_a_refusal_is_told_at_once(tmp_path):
    made(tmp_path, "--host", "localhost", "--password", "--device", "pi")
    (tmp_path / "wrong").write_text("x")
    broker = Broker(tmp_path, secure=True)
    broker.start()
    try:
        mqtt = f'{CA}\nusername = "pi"\npassword_file = "wrong"'
        start_s = time.monotonic()
        finding = authorised(patient(configured(tmp_path, broker.url, mqtt=mqtt)))
        assert time.monotonic() - start_s < ANSWER_S
    finally:
        broker.stop()
    assert finding.remedy.startswith("check [mqtt] username and password_file")


def test_an_output_that_is_closed_before_it_connected_has_no_trouble(tmp_path, caplog):
    server, port = silent()
    with server:
        output = MqttOutput(
            patient(configured(tmp_path, f"mqtt://localhost:{port}")).settings.mqtt, "x", None, lambda: None
        )
        output.open()
        server.accept()[0].close()
        output.close()
        told = []
        end_s = time.monotonic() + 5
        while Disconnected() not in told and time.monotonic() < end_s:
            told += output.poll()
    assert output.closed
    assert (output.trouble, caplog.text) == ("", "")


def test_where_no_tls_is_spoken_no_certificate_is_blamed(tmp_path):
    server, number = closing()
    with server:
        finding = authorised(patient(configured(tmp_path, f"mqtt://localhost:{number}")))
    assert finding.status == "failed"
    assert finding.remedy == "the broker's log tells why; if that port is for TLS, let [mqtt] url begin with mqtts://"
