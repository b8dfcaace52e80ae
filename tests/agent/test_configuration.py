from pathlib import Path

import pytest

from agent.configuration import load
from agent.errors import ConfigError

LEAST = '[mqtt]\nurl = "mqtt://broker"\n[[sensor]]\nname = "door"\nbundle = "door.npz"\n'


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "agent.toml"
        path.write_text(text)
        return path

    return write


def problems(path: Path, env: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as error:
        load(path, env or {})
    return str(error.value)


def test_url_name_and_bundle_are_enough_and_the_rest_has_defaults(write, tmp_path):
    settings = load(write(LEAST), {})
    assert settings.mode == "sensor"
    assert (settings.seed, settings.state_dir) == (None, None)
    assert settings.device.id
    assert settings.client_id == f"understudy-{settings.device.id}"
    mqtt = settings.mqtt
    assert (mqtt.host, mqtt.port, mqtt.tls, mqtt.protocol, mqtt.qos) == ("broker", 1883, False, "5", 1)
    assert (mqtt.keepalive_s, mqtt.queue_messages, mqtt.password) == (30, 10_000, None)
    assert settings.aggregator.flush_s == 60
    assert settings.sensor[0].bundle == tmp_path / "door.npz"
    assert settings.topic(mqtt.topic, "door") == f"understudy/{settings.device.id}/door"
    assert settings.topic(mqtt.status_topic) == f"understudy/{settings.device.id}/status"


def test_mqtts_has_a_port_of_its_own(write):
    assert load(write(LEAST.replace("mqtt://", "mqtts://")), {}).mqtt.port == 8883


def test_the_environment_overrides_the_file(write):
    env = {"UNDERSTUDY_MQTT__URL": "mqtt://other:1", "UNDERSTUDY_SEED": "5", "UNDERSTUDY_MQTT__QOS": "2"}
    settings = load(write(LEAST), env | {"UNDERSTUDY_DEVICE__ID": "pi", "STATE_DIRECTORY": "/var/lib/a:/b"})
    assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.qos) == ("other", 1, 2)
    assert (settings.seed, settings.device.id, str(settings.state_dir)) == (5, "pi", "/var/lib/a")


def test_the_password_is_read_and_never_shown(write, tmp_path):
    (tmp_path / "secret").write_text("hunter2\n")
    text = LEAST.replace("[[sensor]]", 'username = "pi"\npassword_file = "secret"\n[[sensor]]')
    settings = load(write(text), {})
    assert settings.mqtt.password is not None
    assert settings.mqtt.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings)


def test_the_credential_is_the_password_unless_a_file_is_set(write, tmp_path):
    (tmp_path / "mqtt-password").write_text("from systemd")
    (tmp_path / "secret").write_text("from file")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    text = LEAST.replace("[[sensor]]", 'username = "pi"\n[[sensor]]')
    found = load(write(text), env).mqtt.password
    assert found is not None
    assert found.get_secret_value() == "from systemd"
    found = load(write(text.replace("[[", 'password_file = "secret"\n[[')), env).mqtt.password
    assert found is not None
    assert found.get_secret_value() == "from file"


def test_every_problem_is_told_at_once_with_key_value_and_remedy(write):
    text = """
        sede = 3
        [device]
        id = "a+b"
        [mqtt]
        url = "http://x"
        qos = 5
        topik = "x"
        topic = "a/{devic}"
        status_topic = "a/#"
        password_file = "/nope"
        ca_file = "/nope"
        [[sensor]]
        name = "a"
        bundle = "x.npz"
        timezone = "Europe/Brusels"
        [[sensor]]
        name = "a"
        interval_s = 0
        period = "year"
    """
    told = problems(write(text), {"UNDERSTUDY_MQTT__KEEPALIVE": "3", "UNDERSTUDY_SEED": "x"})
    for expected in (
        "agent.toml: 16 problems",
        "sede: no such key; did you mean seed?",
        "[device] id = 'a+b': must be 1 to 256 printable characters",
        "[mqtt] url = 'http://x': must be mqtt://HOST[:PORT]",
        "[mqtt] qos = 5: must be less than or equal to 2",
        "[mqtt] topik: no such key; did you mean topic?",
        "[mqtt] topic = 'a/{devic}': is no topic template; it may name {device} and {sensor}",
        "[mqtt] status_topic = 'a/#': must not be empty or hold + or #",
        "[mqtt] password_file = '/nope': cannot be read",
        "[mqtt] ca_file = '/nope': cannot be read",
        "[[sensor]] 1 ('a') timezone = 'Europe/Brusels': is no known timezone; did you mean Europe/Brussels?",
        "[[sensor]] 2 ('a') bundle: missing; set it",
        "[[sensor]] 2 ('a') interval_s = 0: must be greater than or equal to 0.001",
        "[[sensor]] 2 ('a') period = 'year': must be 'day', 'week', 'month', 'auto' or 'none'",
        "name = 'a' stands 2 times",
        "environment UNDERSTUDY_MQTT__KEEPALIVE: no such setting; did you mean UNDERSTUDY_MQTT__KEEPALIVE_S?",
        "seed = 'x': must be a valid integer",
    ):
        assert expected in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = = 1", "is no TOML: Invalid value (at line 1, column 5)"),
        ("", "[mqtt]: missing; add it with url"),
        ("", "[[sensor]]: missing; add it with name and bundle"),
        (LEAST.replace("[[sensor]]", "[sensor]"), "sensor = table: must be a table, headed by [[sensor]]"),
        (LEAST.replace("[[", 'status_topic = "understudy/{device}/door"\n[['), "agent.toml: messages would go on"),
        ("mqtt = 3\nsensor = []", "mqtt = 3"),
        ("sensor = 3\n[mqtt]\nurl = 'mqtt://x'", "sensor = 3"),
        ("sensor = [3]\n[mqtt]\nurl = 'mqtt://x'", "[[sensor]] 1 = 3"),
        (LEAST.replace("mqtt://broker", "mqtt://u:p@broker"), "must not hold credentials"),
        (LEAST.replace("mqtt://broker", "mqtt://broker:99999"), "must be mqtt://HOST[:PORT]"),
        (LEAST.replace("mqtt://broker", "mqtt://broker/path"), "must be mqtt://HOST[:PORT]"),
        (LEAST.replace("[[", 'topic = "{device.__class__}"\n[['), "may only name {device} and {sensor}"),
        (LEAST.replace("[[", 'topic = "{0}"\n[['), "may name {device} and {sensor}"),
        (LEAST.replace("[[", 'status_topic = "{sensor}"\n[['), "may name {device}"),
        (LEAST.replace("[[", 'password = "x"\n[['), "did you mean password_file?"),
    ],
)
def test_what_is_wrong_is_told(write, text, expected):
    assert expected in problems(write(text))


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://attic:hunter2@localhost",
        "mqtt://attic:hun@ter2/#?@localhost",
        "mqtt://attic:hunter2@localhost:99999",
        "http://attic:hunter2@localhost",
        "attic:hunter2@localhost",
    ],
)
def test_a_password_in_the_url_is_not_shown(write, url):
    for text, env in (
        (LEAST.replace("mqtt://broker", url), {}),
        (f'mqtt = "{url}"\n[[sensor]]\nname = "door"\nbundle = "door.npz"\n', {}),
        (LEAST, {"UNDERSTUDY_MQTT__URL": url}),
    ):
        told = problems(write(text), env)
        assert "= '…@localhost" in told
        assert "ter2" not in told


def test_an_at_sign_alone_hides_nothing(write):
    text = LEAST.replace("[[", "ca_file = '/etc/understudy@home/ca.pem'\n[[").replace("mqtt:", "mqtts:")
    assert "ca_file = '/etc/understudy@home/ca.pem': cannot be read" in problems(write(text))


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert "cannot be read (No such file" in problems(tmp_path / "none.toml")


def test_what_has_no_end_is_not_read_to_its_end(write):
    zero = Path("/dev/zero")
    assert problems(zero) == "/dev/zero: cannot be read (it is larger than 4 MB); give the path of a TOML file"
    text = LEAST.replace("[[", f"username = 'pi'\npassword_file = '{zero}'\n[[")
    assert "[mqtt] password_file = '/dev/zero': cannot be read (it is larger than 4 MB)" in problems(write(text))


def test_a_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    assert "save it as UTF-8" in problems(tmp_path / "a.toml")


def test_two_sensors_may_share_a_topic(write):
    text = LEAST.replace("[[", 'topic = "real/device"\n[[') + '[[sensor]]\nname = "b"\nbundle = "b.npz"\n'
    assert len(load(write(text), {}).sensor) == 2


def test_a_ca_file_needs_tls_and_a_certificate(write, tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    text = LEAST.replace("[[", 'ca_file = "ca.pem"\n[[')
    assert "let url begin with mqtts://" in problems(write(text))
    assert "holds no certificate" in problems(write(text.replace("mqtt://", "mqtts://")))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"door.npz"', '"a\\u0000b"', "holds a NUL character"),
        ("[mqtt]", "seed = " + "9" * 5000 + "\n[mqtt]", "is no TOML"),
        ("[mqtt]", '[mqtt]\ntopic = "{device:999999999999}"', "is no topic template"),
        ("[mqtt]", '[mqtt]\ntopic = "$SYS/x"', "begin with"),
        ("[mqtt]", '[mqtt]\ntopic = "a\\u0001b"', "hold what is not printable"),
        ("[mqtt]", '[mqtt]\nusername = "' + "d" * 70_000 + '"', "1 to 1024 printable"),
        ("[mqtt]", '[mqtt]\nclient_id = "a\\u0000"', "1 to 1024 printable"),
        ("mqtt://broker", "mqtt://broker:0", "must be mqtt://HOST"),
        ("mqtt://broker", "mqtt://a b", "must be mqtt://HOST"),
        ("[mqtt]", '[mqtt]\ntopic = "t"\nstatus_topic = "t"', "on the agent's own topic 't'"),
    ],
)
def test_what_could_never_work_is_refused_before_anything_starts(write, old, new, said):
    with pytest.raises(ConfigError, match=said):
        load(write(LEAST.replace(old, new, 1)), {})


def test_a_topic_is_measured_with_the_real_names_in_it(write):
    device = '[device]\nid = "' + "d" * 256 + '"\n'
    with pytest.raises(ConfigError, match=r"longer than the 65,535 bytes"):
        load(write(device + LEAST.replace("[mqtt]", '[mqtt]\ntopic = "' + "{device}" * 300 + '"')), {})
