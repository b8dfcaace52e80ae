"""Real certificates and keys, made by openssl."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.configuration import load
from agent.errors import ConfigError
from agent.settings.certificates import validity, validity_in
from tests.e2e.credentials import needs_faketime, on_day

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
REST = '[[sensor]]\nname = "door"\nbundle = "door.npz"\n'


def make(folder: Path, name: str, *words: str, kind: tuple[str, ...] = EC, days: int = 30, day: int = 0) -> None:
    """A certificate that signed itself, and its key."""
    files = ["-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"]
    command = ["openssl", "req", "-x509", "-newkey", *kind, "-subj", f"/CN={name}", "-days", str(days), *files]
    subprocess.run([*command, *(words or ("-nodes",))], check=True, capture_output=True, env=on_day(day))


@pytest.fixture
def folder(tmp_path):
    make(tmp_path, "pi")
    make(tmp_path, "other")
    return tmp_path


def configured(folder: Path, mqtt: str, scheme: str = "mqtts") -> Path:
    path = folder / "agent.toml"
    path.write_text(f'[mqtt]\nurl = "{scheme}://broker"\n{mqtt}\n{REST}')
    return path


def problem(folder: Path, mqtt: str, scheme: str = "mqtts") -> str:
    """What is wrong; it is one thing."""
    with pytest.raises(ConfigError) as error:
        load(configured(folder, mqtt, scheme), {})
    assert "\n" not in str(error.value)
    return str(error.value).partition("agent.toml: ")[2]


BOTH = 'cert_file = "pi.pem"\nkey_file = "pi.key"'


def test_a_certificate_and_its_key_are_taken(folder):
    mqtt = load(configured(folder, BOTH), {}).mqtt
    assert (mqtt.cert_file, mqtt.key_file) == (folder / "pi.pem", folder / "pi.key")
    assert mqtt.tls_context().check_hostname


def test_a_key_of_another_kind_than_an_elliptic_one_is_taken_too(folder):
    make(folder, "rsa", kind=("rsa:2048",))
    assert load(configured(folder, BOTH.replace("pi", "rsa")), {}).mqtt.cert_file == folder / "rsa.pem"


@pytest.mark.parametrize(
    ("mqtt", "said"),
    [
        ('cert_file = "pi.pem"', "[mqtt]: a certificate and its key go together; set key_file, too"),
        ('key_file = "pi.key"', "[mqtt]: a certificate and its key go together; set cert_file, too"),
        ('key_file = "none.key"', "[mqtt]: a certificate and its key go together; set cert_file, too"),
        (BOTH.replace("pi.pem", "none.pem"), "none.pem': cannot be read (No such file or directory); give the agent's"),
        (BOTH.replace("pi.key", "none.key"), "none.key': cannot be read (No such file or directory); give the cert"),
        (BOTH.replace("pi.pem", "."), "'.': cannot be read (Is a directory)"),
        (
            BOTH.replace("pi.pem", "/dev/zero"),
            "[mqtt] cert_file = '/dev/zero': cannot be read (it is larger than 4 MB)",
        ),
        (BOTH.replace("pi.key", "/dev/zero"), "[mqtt] key_file = '/dev/zero': cannot be read (it is larger than 4 MB)"),
        ('ca_file = "/dev/zero"', "[mqtt] ca_file = '/dev/zero': cannot be read (it is larger than 4 MB)"),
        (BOTH.replace("pi.key", "other.key"), "other.key': does not belong to cert_file; give the key that"),
        (BOTH.replace("pi.pem", "pi.key"), "[mqtt] cert_file = 'pi.key': holds no certificate; give a PEM file"),
        (BOTH.replace("pi.key", "pi.pem"), "[mqtt] key_file = 'pi.pem': holds no private key; give a PEM file"),
    ],
)
def test_what_is_wrong_with_them_is_told(folder, mqtt, said):
    assert said in problem(folder, mqtt)


def test_without_tls_they_are_of_no_use(folder):
    assert problem(folder, BOTH, "mqtt").endswith("is of no use without TLS; let url begin with mqtts://")


def test_a_key_of_another_kind_than_the_certificate_is_told(folder):
    make(folder, "rsa", kind=("rsa:2048",))
    assert "does not belong to cert_file" in problem(folder, BOTH.replace("pi.key", "rsa.key"))


def test_nobody_is_asked_for_the_password_of_a_key(folder):
    make(folder, "pi", "-passout", "pass:secret")
    said = problem(folder, BOTH)
    assert "key_file = 'pi.key': is protected by a password" in said
    assert "openssl pkey -in KEY -out NEW-KEY" in said


def test_a_damaged_certificate_is_told(folder):
    text = (folder / "pi.pem").read_text().splitlines()
    (folder / "pi.pem").write_text("\n".join([text[0], *text[3:]]))
    assert "holds a damaged certificate" in problem(folder, BOTH)
    (folder / "pi.pem").write_text(text[0] + "\n=\n" + text[-1])
    assert "holds a damaged certificate" in problem(folder, BOTH)


@needs_faketime
def test_an_expired_certificate_is_told_and_one_that_is_to_begin_may_wait_for_the_clock(folder):
    make(folder, "pi", days=1, day=-3)
    ended = datetime.now(UTC) - timedelta(days=2)
    assert f"cert_file = 'pi.pem': has expired on {ended:%Y-%m-%d}; have the broker's CA make" in problem(folder, BOTH)
    make(folder, "pi", day=3)
    assert load(configured(folder, BOTH), {}).mqtt.cert_file == folder / "pi.pem"


def test_credentials_are_taken_for_what_the_file_does_not_name(folder, tmp_path):
    handed = tmp_path / "handed"
    handed.mkdir()
    env = {"CREDENTIALS_DIRECTORY": str(handed)}
    shutil.copy(folder / "pi.key", handed / "mqtt-key.pem")
    mqtt = load(configured(folder, 'cert_file = "pi.pem"'), env).mqtt
    assert (mqtt.cert_file, mqtt.key_file) == (folder / "pi.pem", handed / "mqtt-key.pem")
    shutil.copy(folder / "pi.pem", handed / "mqtt-cert.pem")
    mqtt = load(configured(folder, ""), env).mqtt
    assert (mqtt.cert_file, mqtt.key_file) == (handed / "mqtt-cert.pem", handed / "mqtt-key.pem")
    assert load(configured(folder, BOTH), env).mqtt.key_file == folder / "pi.key"
    assert load(configured(folder, "", "mqtt"), env).mqtt.key_file is None


def test_settings_differ_when_a_file_of_the_same_name_was_renewed(folder):
    path = configured(folder, BOTH + '\nca_file = "other.pem"')
    before = load(path, {}).mqtt
    assert load(path, {}).mqtt == before
    make(folder, "pi")
    renewed = load(path, {}).mqtt
    assert renewed != before
    make(folder, "other")
    assert load(path, {}).mqtt != renewed


def test_validity_is_as_openssl_tells_it(folder):
    done = subprocess.run(
        ["openssl", "x509", "-in", f"{folder}/pi.pem", "-noout", "-dates"], check=True, capture_output=True, text=True
    )
    told = [line.partition("=")[2] for line in done.stdout.splitlines()]
    assert [f"{time:%b %e %H:%M:%S %Y} GMT" for time in validity_in(folder / "pi.pem")] == told


@pytest.mark.parametrize(("days", "year"), [(365, 2027), (366 * 22, 2048), (366 * 25, 2051)])
def test_years_before_and_after_2050_are_told_apart(folder, days, year):
    make(folder, "far", days=days)
    assert abs(validity_in(folder / "far.pem").ends.year - year) <= 2


def test_what_is_no_certificate_is_no_certificate(folder):
    for junk in (b"", b"\x30", b"\x30\x82", b"\x30\x03\x30\x01\x02", b"\x30\x84\xff\xff\xff\xff", bytes(100)):
        with pytest.raises(ValueError, match="damaged certificate"):
            validity(junk)
