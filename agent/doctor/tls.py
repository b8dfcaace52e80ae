"""Whether broker and agent believe each other's certificates, and for how long."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from agent.doctor.finding import Finding, Skipped, failed, note, ok
from agent.doctor.network import connected
from agent.doctor.patient import Patient
from agent.settings.certificates import Validity, validity, validity_in
from agent.settings.mqtt import Mqtt

SOON_DAYS = 14
REFUSAL_S = 0.5  # after the handshake: in TLS 1.3 a server refuses a client's certificate only then

# OpenSSL's X509_V_ERR_...: what of a broker's certificate is not right.
NOT_YET, EXPIRED, HOSTNAME, ADDRESS = 9, 10, 62, 64
UNKNOWN_CA = (2, 18, 19, 20, 21)


def tls(patient: Patient) -> Finding:
    """A handshake with everything that the agent would say."""
    mqtt = patient.settings.mqtt
    if not mqtt.tls:
        return _without(mqtt)
    try:
        with handshake(mqtt, mqtt.tls_context()) as secure:
            version, theirs = secure.version(), _dates(secure)
            _await_refusal(secure)
    except ssl.SSLCertVerificationError as error:
        return _not_believed(mqtt, error)
    except ssl.SSLError as error:
        return _refused(mqtt, error.reason or str(error))
    except TimeoutError:
        return failed("the broker does not answer a TLS handshake", "see whether this port is for TLS; mqtts has 8883")
    except OSError as error:
        return _refused(mqtt, error.strerror or str(error))
    return _in_time(mqtt, version or "TLS", theirs)


@contextmanager
def handshake(mqtt: Mqtt, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    """A connection to the broker, secured (OSError: it cannot be)."""
    with connected(mqtt) as raw, context.wrap_socket(raw, server_hostname=mqtt.host) as secure:
        yield secure


def dates_of_broker(mqtt: Mqtt) -> Validity | None:
    """From when to when its certificate is valid, whether or not it is believed; None: it shows none."""
    try:
        context = mqtt.tls_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with handshake(mqtt, context) as secure:
            return _dates(secure)
    except (OSError, ValueError):
        return None


def _dates(secure: ssl.SSLSocket) -> Validity:
    return validity(secure.getpeercert(binary_form=True) or b"")


def _await_refusal(secure: ssl.SSLSocket) -> None:
    secure.settimeout(REFUSAL_S)
    try:
        if secure.recv(1) == b"":
            raise ConnectionResetError(0, "it closed the connection")
    except TimeoutError:
        pass  # it waits for us to speak


def _without(mqtt: Mqtt) -> Finding:
    if mqtt.username is not None and mqtt.host not in ("localhost", "127.0.0.1", "::1"):
        return note("none: user and password go over the network in clear", "let [mqtt] url begin with mqtts://")
    raise Skipped("[mqtt] url begins with mqtt://")


def _not_believed(mqtt: Mqtt, error: ssl.SSLCertVerificationError) -> Finding:
    dates, now = dates_of_broker(mqtt), datetime.now(UTC)
    match error.verify_code:
        case code if code == EXPIRED and dates is not None and dates.ends < now:
            return failed(f"the broker's certificate has expired on {_day(dates.ends)}", "have its CA make another")
        case code if code == NOT_YET and dates is not None and dates.begins > now:
            said = f"the broker's certificate is valid only from {_day(dates.begins)} on, and here it is {_day(now)}"
            return failed(said, "set the clock: `timedatectl set-ntp true`")
        case code if code in (HOSTNAME, ADDRESS):
            said = f"the broker's certificate is not for {mqtt.host}"
            return failed(said, "give [mqtt] url the name that it is for, or have a certificate made for this one")
        case code if code in UNKNOWN_CA:
            trusted = f"that of {mqtt.ca_file}" if mqtt.ca_file else "one that the system knows; set [mqtt] ca_file"
            said = f"the broker's certificate is not believed ({error.verify_message})"
            return failed(said, f"its CA has to be {trusted}")
    return failed(f"the broker's certificate is not believed ({error.verify_message})", "have its CA make another")


def _refused(mqtt: Mqtt, reason: str) -> Finding:
    said = f"the broker refuses the handshake ({reason})"
    if "ALERT" not in reason:
        return failed(said, "see whether this port is for TLS, and the broker's log; mqtts has 8883")
    if mqtt.cert_file is None:
        as_root = "" if os.geteuid() == 0 else "; if the service has one as a credential, only root sees it"
        return failed(said, f"it may want a certificate: set [mqtt] cert_file and key_file{as_root}")
    return failed(said, f"have the CA that the broker trusts make another certificate than {mqtt.cert_file}")


def _in_time(mqtt: Mqtt, version: str, theirs: Validity) -> Finding:
    ends = {"the broker's certificate": theirs.ends}
    if mqtt.cert_file is not None:
        ends["the agent's certificate"] = validity_in(mqtt.cert_file).ends
    said = f"{version}; " + "; ".join(f"{whose} is valid until {_day(end)}" for whose, end in ends.items())
    days = (min(ends.values()) - datetime.now(UTC)).days
    if days < SOON_DAYS:
        return note(f"{said}: that is {days} day{'s' * (days != 1)} from now", "have the CA make another in time")
    return ok(said)


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d}"
