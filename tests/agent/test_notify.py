import socket

import pytest

from agent.notify import Notify


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_what_happens(tmp_path, abstract):
    address = f"@understudy-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address.replace("@", "\0") if abstract else address)
        heard.settimeout(5)
        notify = Notify({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000000"})
        notify.ready("playing")
        notify.ping()
        notify.reloading(1.5)
        notify.stopping()
        assert [heard.recv(100) for _ in range(4)] == [
            b"READY=1\nSTATUS=playing",
            b"WATCHDOG=1",
            b"RELOADING=1\nMONOTONIC_USEC=1500000",
            b"STOPPING=1",
        ]
    assert notify.watchdog_s == 1.5
    assert notify.listened
    notify.status("nobody listens any more")


def test_without_systemd_nothing_is_sent():
    notify = Notify({})
    notify.ready("playing")
    assert not notify.listened
    assert notify.watchdog_s is None
