"""Whether the broker takes the agent's credentials."""

import time
from collections.abc import Callable
from threading import Event

from agent.doctor.finding import Finding, failed, ok
from agent.doctor.patient import Patient
from agent.outputs.mqtt import MqttOutput, advice_on
from agent.outputs.output import Connected, Disconnected
from agent.outputs.output import Event as Told
from agent.settings.settings import Settings

ANSWER_S, GOODBYE_S, LOOK_S = 4.0, 0.5, 0.05


def authorised(patient: Patient) -> Finding:
    """A connection as the agent's user, under a name beside the agent's, which would throw out one that plays.

    It publishes nothing, not even a status: whoever subscribes must not hear of it. So it cannot tell what may be
    published; a broker tells that only to who tries.
    """
    settings = patient.settings
    client_id, woken = f"{settings.client_id}-doctor", Event()
    output = MqttOutput(settings.mqtt, client_id, None, woken.set)
    output.open()
    told = _until(output, woken, lambda event: isinstance(event, Connected), ANSWER_S)
    connected, trouble = any(isinstance(event, Connected) for event in told), output.trouble
    output.close()
    if connected:
        _until(output, woken, lambda event: isinstance(event, Disconnected), GOODBYE_S)
        return ok(f"connected as {_whom(settings)} and published nothing: what it may publish shows in the agent's log")
    if not trouble:
        return failed(
            f"the broker does not answer within {ANSWER_S:g} s",
            "see whether that port is an MQTT broker's, and for TLS if [mqtt] url is mqtts://",
        )
    return failed(f"{trouble} (as {_whom(settings)})", _remedy(settings, trouble))


def _until(output: MqttOutput, woken: Event, enough: Callable[[Told], bool], limit_s: float) -> list[Told]:
    """What happened until there was enough, or trouble."""
    told: list[Told] = []
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        woken.wait(LOOK_S)
        woken.clear()
        told += output.poll()
        if any(enough(event) for event in told) or output.trouble:
            break
    return told


def _whom(settings: Settings) -> str:
    mqtt = settings.mqtt
    ways = [f"user {mqtt.username!r}"] if mqtt.username else []
    ways += [f"the certificate {mqtt.cert_file}"] if mqtt.cert_file else []
    return " with ".join([f"client {settings.client_id}-doctor", *(ways or ["no credentials"])])


def _remedy(settings: Settings, trouble: str) -> str:
    mqtt = settings.mqtt
    if mqtt.username and mqtt.password is None:
        return (
            "no password was found; set [mqtt] password_file, or, where systemd hands the agent the credential, "
            "start it and run this as root"
        )
    if not mqtt.tls and "without an answer" in trouble:
        return "the broker's log tells why; if that port is for TLS, let [mqtt] url begin with mqtts://"
    return advice_on(trouble) or "see the broker's log"
