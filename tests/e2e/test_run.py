import json
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.bundles import write_bundle
from tests.e2e.broker import PASSWORD, USER, Broker, free_port, wait_until

TOPIC, STATUS = "understudy/pi/climate", "understudy/pi/status"


def config(url: str, bundle: Path, *, mqtt: str = "", head: str = "", sensor: str = "interval_s = 0.1") -> str:
    return f"""
        seed = 7
        {head}
        [device]
        id = "pi"
        [mqtt]
        url = "{url}"
        {mqtt}
        [[sensor]]
        name = "climate"
        bundle = "{bundle}"
        {sensor}
    """


def test_sensor_mode_publishes_marked_messages_between_online_and_offline(broker, run_agent, bundle):
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, bundle))
        subscriber.wait(TOPIC, 5)
        assert agent.stop() == 0
        messages = subscriber.wait(STATUS, 2)
        assert [message["payload"] for message in messages] == ["online", "offline"]
    readings = subscriber.seen(TOPIC)
    assert [int(message["properties"]["seq"]) for message in readings] == list(range(1, len(readings) + 1))
    assert {message["properties"]["simulated"] for message in readings} == {"true"}
    assert len({message["properties"]["run"] for message in readings}) == 1
    payload = json.loads(readings[0]["payload"])
    assert list(payload) == ["n", "device", "time", "temperature", "state", "id", "exported"]
    assert abs(payload["time"] / 1e9 - time.time()) < 60
    assert payload["exported"] == payload["time"] + 1_000_000_000


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_every_protocol_and_quality_of_service_delivers(broker, run_agent, bundle, protocol, qos):
    with broker.subscriber() as subscriber:
        run_agent(config(broker.url, bundle, mqtt=f'protocol = "{protocol}"\nqos = {qos}'))
        messages = subscriber.wait(TOPIC, 3)
    assert ("seq" in messages[0]["properties"]) == (protocol == "5")


@pytest.mark.parametrize("broker", [True], indirect=True, ids=["tls"])
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_tls_and_a_password_from_the_credentials_directory(broker, run_agent, bundle, tmp_path, protocol):
    (tmp_path / "mqtt-password").write_text(PASSWORD + "\n")
    mqtt = f'protocol = "{protocol}"\nusername = "{USER}"\nca_file = "{tmp_path}/ca.pem"'
    with broker.subscriber() as subscriber:
        run_agent(config(broker.url, bundle, mqtt=mqtt), CREDENTIALS_DIRECTORY=str(tmp_path))
        subscriber.wait(TOPIC, 3)


@pytest.mark.parametrize("broker", [True], indirect=True, ids=["tls"])
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_wrong_password_is_told_once_and_tried_again(broker, run_agent, bundle, tmp_path, protocol):
    (tmp_path / "wrong").write_text("battery staple")
    mqtt = f'protocol = "{protocol}"\nusername = "{USER}"\nca_file = "ca.pem"\npassword_file = "wrong"'
    agent = run_agent(config(broker.url, bundle, mqtt=mqtt))
    agent.wait_for("check [mqtt] username and password_file")
    attempts = lambda: (tmp_path / "mosquitto.log").read_text().count("not authorised")  # noqa: E731
    wait_until(lambda: attempts() >= 2)
    assert agent.text().count("refused the connection") == 1
    assert "battery" not in agent.text()
    assert agent.stop() == 0


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_aggregator_mode_publishes_arrays_of_what_fell_due(broker, run_agent, bundle, protocol):
    head = 'mode = "aggregator"'
    text = config(broker.url, bundle, head=head, mqtt=f'protocol = "{protocol}"', sensor='period = "day"')
    with broker.subscriber() as subscriber:
        run_agent(text + "\n[aggregator]\nbatch_s = 1.2")
        batches = subscriber.wait(TOPIC, 3)
    before = 0
    for batch in batches:
        messages = json.loads(batch["payload"])
        times = [message["time"] for message in messages]
        assert times == sorted(times)
        (exported,) = {message["exported"] for message in messages}
        assert times[-1] + 1_000_000_000 <= exported <= times[-1] + 3_000_000_000
        if protocol == "5":
            first, last = (int(batch["properties"][key]) for key in ("seq_first", "seq_last"))
            assert first == before + 1
            assert last == before + len(messages)
            before = last


def test_an_aggregator_with_one_topic_names_sensor_and_seq_in_each_item(broker, run_agent, bundle):
    other = f'\n[[sensor]]\nname = "other"\nbundle = "{bundle}"\n[aggregator]\nbatch_s = 1.2\ntopic = "all/{{device}}"'
    with broker.subscriber() as subscriber:
        run_agent(config(broker.url, bundle, head='mode = "aggregator"', sensor="") + other)
        batches = subscriber.wait("all/pi", 3)
    items = [item for batch in batches for item in json.loads(batch["payload"])]
    assert [list(item) for item in items] == [["sensor", "seq", "message"]] * len(items)
    for name in ("climate", "other"):
        seqs = [item["seq"] for item in items if item["sensor"] == name]
        assert seqs == list(range(1, len(seqs) + 1))
    times = [item["message"]["time"] for item in items]
    assert times == sorted(times)


@pytest.mark.parametrize(("protocol", "qos"), [("5", 1), ("5", 2), ("3.1.1", 1)])
def test_no_seq_is_missing_after_the_broker_was_killed(broker, run_agent, bundle, protocol, qos):
    mqtt = f'protocol = "{protocol}"\nqos = {qos}'
    with broker.subscriber(TOPIC) as subscriber:
        agent = run_agent(config(broker.url, bundle, mqtt=mqtt, sensor="interval_s = 0.002"))
        subscriber.wait(TOPIC, 50)
        agent.signal(signal.SIGSTOP)  # with messages in flight, and acknowledgements unread
        time.sleep(0.3)
        broker.stop(kill=True)
    before = subscriber.seqs(TOPIC)
    broker.start()
    with broker.subscriber(TOPIC) as subscriber:
        agent.signal(signal.SIGCONT)
        subscriber.wait(TOPIC, 50)
        assert agent.stop() == 0
    first_seen = list(dict.fromkeys(before + subscriber.seqs(TOPIC)))
    assert first_seen == list(range(1, len(first_seen) + 1))
    assert "the connection was lost" in agent.text()
    assert "another agent of the same [device] id" in agent.text()


def test_messages_made_before_the_broker_is_up_arrive_in_order(tmp_path, run_agent, bundle):
    broker = Broker(tmp_path, port=free_port())
    agent = run_agent(config(broker.url, bundle))
    agent.wait_for("cannot connect")
    broker.start()
    try:
        agent.wait_for("connected to")
        with broker.subscriber(STATUS) as subscriber:
            assert subscriber.wait(STATUS, 1)[0]["payload"] == "online"
        assert agent.stop() == 0
    finally:
        broker.stop()


def test_the_broker_says_offline_for_an_agent_that_was_killed(broker, run_agent, bundle):
    agent = run_agent(config(broker.url, bundle))
    with broker.subscriber(STATUS) as subscriber:
        wait_until(lambda: [m["payload"] for m in subscriber.seen(STATUS)] == ["online"])
        agent.signal(signal.SIGKILL)
        assert subscriber.wait(STATUS, 2)[1]["payload"] == "offline"
    with broker.subscriber(STATUS) as late:
        message = late.wait(STATUS, 1)[0]
        assert (message["payload"], message["retain"]) == ("offline", 1)
        assert message["properties"]["simulated"] == "true"


def test_a_stop_is_over_in_two_seconds_though_the_broker_hangs(broker, run_agent, bundle):
    agent = run_agent(config(broker.url, bundle))
    agent.wait_for("connected to")
    broker.process.send_signal(signal.SIGSTOP)
    time.sleep(0.3)
    try:
        assert agent.stop(timeout_s=2.0) == 0
    finally:
        broker.process.send_signal(signal.SIGCONT)
    assert "not acknowledged" in agent.text()


def test_a_reload_keeps_what_did_not_change_and_refuses_what_is_bad(broker, run_agent, bundle, tmp_path):
    path = tmp_path / "agent.toml"
    text = config(broker.url, bundle)
    with broker.subscriber() as subscriber:
        agent = run_agent(text)
        subscriber.wait(TOPIC, 3)
        path.write_text(text.replace("interval_s", "intervall_s"))
        agent.signal(signal.SIGHUP)
        agent.wait_for("did you mean interval_s?")
        other = write_bundle(tmp_path / "other.npz")
        path.write_text(f'{text}\n[[sensor]]\nname = "other"\nbundle = "{other}"\ninterval_s = 0.1')
        agent.signal(signal.SIGHUP)
        subscriber.wait("understudy/pi/other", 3)
        path.write_text(text.replace("understudy", "x").replace("[mqtt]", '[mqtt]\ntopic = "moved/{sensor}"'))
        agent.signal(signal.SIGHUP)
        subscriber.wait("moved/climate", 3)
        assert agent.stop() == 0
        seqs = subscriber.seqs(TOPIC) + subscriber.seqs("moved/climate")
        assert seqs == list(range(1, len(seqs) + 1))
        states = [message["payload"] for message in subscriber.wait(STATUS, 4)]
    assert states == ["online", "offline", "online", "offline"]
    rows = [json.loads(message["payload"])["id"] for message in subscriber.seen() if "climate" in message["topic"]]
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("qos", [1, 2])
def test_a_broker_that_takes_one_message_at_a_time_gets_them_all(broker, run_agent, bundle, qos):
    broker.stop()
    broker.options = ("max_inflight_messages 1",)
    broker.start()
    with broker.subscriber(TOPIC) as subscriber:
        agent = run_agent(config(broker.url, bundle, mqtt=f"qos = {qos}", sensor="interval_s = 0.005"))
        subscriber.wait(TOPIC, 100)
        assert agent.stop() == 0
    assert subscriber.seqs(TOPIC) == list(range(1, len(subscriber.seqs(TOPIC)) + 1))
    assert "lost" not in agent.text()


def test_a_batch_that_is_too_large_for_the_broker_is_told_and_holds_up_nothing(broker, run_agent, bundle):
    broker.stop()
    broker.options = ("max_packet_size 1500",)
    broker.start()
    head = 'mode = "aggregator"'
    small = (
        f'\n[[sensor]]\nname = "door"\nbundle = "{write_bundle(bundle.with_name("b.npz"), periods={"day": 3600.0})}"'
    )
    agent = run_agent(config(broker.url, bundle, head=head, sensor="") + small + "\n[aggregator]\nbatch_s = 1.5")
    with broker.subscriber() as subscriber:
        subscriber.wait("understudy/pi/door", 2)
        bundle.unlink()
        write_bundle(bundle, periods={"day": 360_000.0})
        agent.signal(signal.SIGHUP)
        agent.wait_for("lower [aggregator] max_bytes")
        subscriber.wait("understudy/pi/door", 4)


def test_systemd_hears_ready_watchdog_status_and_stopping(broker, run_agent, bundle, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(10)
        env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        agent = run_agent(config(broker.url, bundle), **env)
        first = heard.recv(1000)
        assert first.startswith(b"READY=1\nSTATUS=not connected; 1 sensor")
        told = iter(lambda: heard.recv(1000), b"")
        assert next(text for text in told if text != b"WATCHDOG=1").startswith(b"STATUS=connected; 1 sensor")
        assert [next(told) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        agent.signal(signal.SIGHUP)
        assert next(text for text in told if text != b"WATCHDOG=1").startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert next(text for text in told if text != b"WATCHDOG=1").startswith(b"READY=1")
        assert agent.stop() == 0
        assert next(text for text in told if text != b"WATCHDOG=1") == b"STOPPING=1"


def test_without_a_seed_of_its_own_an_agent_never_plays_the_same_rows_again(broker, run_agent, bundle, tmp_path):
    text = config(broker.url, bundle).replace("seed = 7", f'state_dir = "{tmp_path}/state"')
    ids = []
    for _ in range(2):
        with broker.subscriber(TOPIC) as subscriber:
            agent = run_agent(text)
            ids += [json.loads(message["payload"])["id"] for message in subscriber.wait(TOPIC, 3)]
            assert agent.stop() == 0
    assert len(set(ids)) == len(ids)
    assert (tmp_path / "state" / "seed").exists()


def test_only_messages_as_given_are_published(broker, run_agent, bundle):
    sensor = 'interval_s = 0.05\n[sensor.given]\nstate = "busy"'
    with broker.subscriber() as subscriber:
        run_agent(config(broker.url, bundle, sensor=sensor))
        messages = subscriber.wait(TOPIC, 20)
    assert {json.loads(message["payload"])["state"] for message in messages} == {"busy"}
