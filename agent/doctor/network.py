"""Whether the broker's name is known, and something listens there."""

import ipaddress
import socket

from agent.doctor.finding import Finding, failed, ok
from agent.doctor.patient import Patient
from agent.settings.mqtt import Mqtt

CONNECT_S = 3.0


def name(patient: Patient) -> Finding:
    """The addresses of the broker's name."""
    host = patient.settings.mqtt.host
    if is_address(host):
        return ok(f"{host} is an address")
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        local = "; names in .local need avahi-daemon and libnss-mdns" if host.endswith(".local") else ""
        reason = getattr(error, "strerror", None) or error
        return failed(f"{host} is not known ({reason})", f"correct [mqtt] url, or the network's name server{local}")
    addresses = dict.fromkeys(str(address[0]) for *_, address in found)
    return ok(f"{host} is {', '.join(list(addresses)[:4])}")


def port(patient: Patient) -> Finding:
    """Whether anything takes connections there."""
    mqtt = patient.settings.mqtt
    where = f"{mqtt.host} port {mqtt.port}"
    try:
        connected(mqtt).close()
    except ConnectionRefusedError:
        return failed(f"{where}: nothing listens", "start the broker, or correct the port in [mqtt] url")
    except TimeoutError:
        return failed(
            f"{where}: no answer within {CONNECT_S:g} s", "see that the broker's machine is on, and no firewall between"
        )
    except OSError as error:
        return failed(f"{where}: {error.strerror or error}", "see that this machine has a network: `ip route`")
    return ok(f"{where} takes connections")


def connected(mqtt: Mqtt) -> socket.socket:
    """A connection to the broker (OSError: there is none)."""
    return socket.create_connection((mqtt.host, mqtt.port), CONNECT_S)


def is_address(host: str) -> bool:
    """Whether a host is told by its number."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
