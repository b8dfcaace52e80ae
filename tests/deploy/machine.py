"""Whole root file systems for a test, as layers over a clean one, and real systemd in them.

Everything happens in a mount and a PID namespace of its own, in memory. Their first process dies with the tests, and
with it every mount, every process and every machine, whatever ended the tests.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.broker import wait_until

_NAME = "understudy-tests"
_ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}

_CHROOT = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'

# The host may show cgroups of version 1 or both; systemd in the machine wants to see the second alone.
_BOOT = """
umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup && mkdir -p "/sys/fs/cgroup/$1" || exit
echo $$ > "/sys/fs/cgroup/$1/cgroup.procs" && exec systemd-nspawn --quiet --boot --directory="$0" \
    --register=no --keep-unit --link-journal=no --resolv-conf=off --console=pipe
"""


@dataclass
class Workshop:
    """Where roots are made. `folder` is empty outside, and full of roots inside."""

    folder: Path
    holder: subprocess.Popen[bytes]

    def root(self, name: str, *lower: Path) -> "Root":
        """A root that shows `lower`, the first one uppermost, and keeps to itself what is changed."""
        top = self.folder / name
        dirs = {key: top / key for key in ("upper", "work", "merged")}
        layers = f"lowerdir={':'.join(map(str, lower))},upperdir={dirs['upper']},workdir={dirs['work']}"
        self.run("mkdir", "-p", *map(str, dirs.values()), check=True)
        self.run("mount", "-t", "overlay", "overlay", "-o", layers, str(dirs["merged"]), check=True)
        return Root(self, dirs["merged"], (dirs["upper"], *lower))

    def enter(self, *words: str) -> list[str]:
        """The command that runs `words` inside."""
        namespaces = f"/proc/{self.holder.pid}/ns"
        return ["nsenter", f"--mount={namespaces}/mnt", f"--pid={namespaces}/pid_for_children", *words]

    def run(self, *words: str, check: bool = False, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = self.enter(*words)
        return subprocess.run(command, check=check, text=True, capture_output=True, timeout=300, input=stdin, env=_ENV)


@dataclass
class Root:
    """A root file system in which programs run as in a chroot: without systemd."""

    workshop: Workshop
    place: Path
    layers: tuple[Path, ...]

    def path(self, name: str) -> Path:
        """A file of it, as seen from here. Absolute links in it lead astray."""
        return Path(f"/proc/{self.workshop.holder.pid}/root{self.place}/{name}")

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def cut_off(self) -> None:
        """Let pip reach no network: whatever it asks goes to a port where nobody listens."""
        self.write("etc/pip.conf", "[global]\nproxy = localhost:9\nretries = 0\n")

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self.workshop.run("unshare", "--mount", "sh", "-c", _CHROOT, str(self.place), *words, stdin=stdin)

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A program that runs in it until it is asked to end."""
        command = self.workshop.enter("unshare", "--mount", "sh", "-c", _CHROOT, str(self.place), *words)
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(command, text=True, env=_ENV, **pipes) as process:
            try:
                yield process
            finally:
                for pid in _children(process.pid):  # nsenter itself passes no signals on
                    os.kill(pid, signal.SIGTERM)

    def contents(self) -> str:
        """Every file below the folders that are not temporary, with what tells that it was changed."""
        elsewhere = [
            word for name in ("dev", "proc", "run", "tmp", "root/.cache") for word in ("-o", "-path", f"./{name}")
        ]
        script = 'cd "$0" && find . \\( "$@" \\) -prune -o ! -type d -printf "%p %l %m %U %s %T@\\n" | sort'
        return self.workshop.run("sh", "-c", script, str(self.place), *elsewhere[1:], check=True).stdout


@dataclass
class Machine:
    """A root with systemd as its first process, in the network of the host."""

    root: Root
    process: subprocess.Popen[bytes]
    init: int
    console: Path

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = ["nsenter", "--all", f"--target={self.init}", *words]
        return subprocess.run(command, check=False, text=True, capture_output=True, timeout=300, input=stdin, env=_ENV)

    def is_up(self) -> bool:
        """Whether everything was started that starts with the machine."""
        return self.run("systemctl", "is-system-running", "--wait").stdout.strip() in ("running", "degraded")

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).stdout.strip()

    def journal(self, unit: str) -> str:
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}").stdout

    def wait_for(self, unit: str, name: str, value: str, timeout_s: float = 20.0) -> None:
        """Wait until a property of a unit is `value`."""
        wait_until(lambda: self.show(unit, name) == value, timeout_s)


@contextmanager
def workshop(folder: Path) -> Iterator[Workshop]:
    """Opens a workshop in an empty folder.

    Raises:
        PermissionError: The system does not allow it.
    """
    script = f"mount -t tmpfs -o mode=755 roots {folder} && echo open && exec sleep infinity"
    unshare = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--mount-proc", "--kill-child"]
    command = ["setpriv", "--pdeathsig=KILL", *unshare, "sh", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as holder:
        try:
            said, complaint = holder.stdout, holder.stderr
            if said is None or complaint is None or said.readline() != b"open\n":
                raise PermissionError(complaint and complaint.read().decode())
            yield Workshop(folder, holder)
        finally:
            holder.kill()


@contextmanager
def booted(root: Root) -> Iterator[Machine]:
    """Boots a root, and pulls the plug in the end."""
    name = f"{_NAME}-{os.getpid()}-{time.monotonic_ns()}"
    _remove_what_killed_tests_left()
    console = root.place.parent.with_name(f"{root.place.parent.name}.console")
    seen = Path(f"/proc/{root.workshop.holder.pid}/root{console}")
    root.path("etc/machine-id").write_text("")
    command = root.workshop.enter("unshare", "--mount", "sh", "-c", _BOOT, str(root.place), name)
    with seen.open("wb") as out, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out) as process:
        try:
            machine = Machine(root, process, _init_below(process, seen), seen)
            wait_until(machine.is_up)
            yield machine
        finally:
            _remove_cgroup(_cgroups() / name)
            process.wait()


def _init_below(process: subprocess.Popen[bytes], console: Path) -> int:
    """The PID of the machine's first process: nsenter's child is nspawn, whose child is the one that runs systemd."""

    def found() -> list[int]:
        assert process.poll() is None, console.read_text()
        return [pid for nspawn in _children(process.pid) for pid in _children(nspawn) if _name(pid) == "systemd"]

    wait_until(lambda: bool(found()))
    return found()[0]


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _cgroups() -> Path:
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return next(Path(place) for _, place, kind, *_ in mounts if kind == "cgroup2")


def _remove_cgroup(top: Path) -> None:
    """Kill everything in a cgroup, and remove it."""
    if not top.exists():
        return
    (top / "cgroup.kill").write_text("1")
    wait_until(lambda: "populated 0" in (top / "cgroup.events").read_text())
    for folder in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
        folder.rmdir()
    top.rmdir()


def _remove_what_killed_tests_left() -> None:
    for top in _cgroups().glob(f"{_NAME}-*"):
        if not Path(f"/proc/{top.name.split('-')[-2]}").exists():
            _remove_cgroup(top)
