"""Every check, in order. A new one is a function in a file of its own and one line here."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.doctor.authorised import authorised
from agent.doctor.camera import camera
from agent.doctor.clock import clock
from agent.doctor.configuration import bundles, configuration
from agent.doctor.disk import disk
from agent.doctor.finding import Finding
from agent.doctor.network import name, port
from agent.doctor.patient import Patient
from agent.doctor.readable import readable
from agent.doctor.service import service
from agent.doctor.state import state
from agent.doctor.tls import tls
from agent.doctor.versions import versions


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at.

    Attributes:
        name: Of the line.
        find: Looks. It changes nothing, and raises Skipped where there is nothing to look at.
        limit_s: Seconds within which it has to end.
        hangs: What to do if it does not.
        after: A check that must not have failed before.
    """

    name: str
    find: Callable[[Patient], Finding]
    limit_s: float = 6.0
    hangs: str = "see what hangs there"
    after: str = ""


CHECKS = (
    Check("configuration", configuration),
    Check("bundles", bundles, 30, "see whether the disk is slow or a bundle is far larger than usual"),
    Check("readable", readable, hangs="see whether a folder that is named has very many files"),
    Check("name", name, hangs="see whether the name server answers: `resolvectl status`"),
    Check("port", port, hangs="see that the broker's machine is on, and no firewall between", after="name"),
    Check("tls", tls, 12, "see whether that port is for TLS", after="port"),
    Check("authorised", authorised, hangs="see whether that port is an MQTT broker's", after="tls"),
    Check("clock", clock, 12),
    Check("disk", disk, hangs="see whether the disk of state_dir is worn out: `dmesg`"),
    Check("state", state, hangs="see whether the disk of state_dir is worn out: `dmesg`"),
    Check("camera", camera, 15, "see that nothing else holds the camera, and its cable"),
    Check("service", service),
    Check("versions", versions),
)
