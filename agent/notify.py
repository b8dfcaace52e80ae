"""Tells systemd how the agent is doing: the protocol of sd_notify(3), in a few lines."""

import socket
from collections.abc import Mapping


class Notify:
    """Sends to `$NOTIFY_SOCKET`; where there is none, does nothing. Never raises: systemd may be gone.

    Attributes:
        watchdog_s: How often to call `ping`, in seconds (half of what systemd waits); None: never.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        address = env.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        limit_us = env.get("WATCHDOG_USEC", "") if address else ""
        self.watchdog_s = int(limit_us) / 2e6 if limit_us.isdigit() and int(limit_us) else None

    @property
    def listened(self) -> bool:
        """Whether anyone listens."""
        return bool(self._address)

    def ready(self, status: str) -> None:
        """The agent plays."""
        self._send(f"READY=1\nSTATUS={status}")

    def waiting(self, status: str, seconds: float) -> None:
        """The start takes so much longer."""
        self._send(f"STATUS={status}\nEXTEND_TIMEOUT_USEC={int((seconds + 30) * 1e6)}")

    def reloading(self, monotonic_s: float) -> None:
        """The agent reads its configuration again; `ready` ends that."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={int(monotonic_s * 1e6)}")

    def stopping(self) -> None:
        """The agent is about to end."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for people."""
        self._send(f"STATUS={text}")

    def ping(self) -> None:
        """The agent makes progress."""
        self._send("WATCHDOG=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.sendto(text.encode(), self._address)
        except OSError:
            pass
