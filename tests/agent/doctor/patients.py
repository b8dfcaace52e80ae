"""Patients for checks: a configuration in a folder, with as much of a machine around it as a test makes."""

import os
from pathlib import Path

from agent.doctor.patient import Patient, admitted
from tests.bundles import write_bundle
from tests.scenes import write_scenes


def configured(
    folder: Path, url: str = "mqtt://localhost:1", *, head: str = "", mqtt: str = "", more: str = "", pictures: str = ""
) -> Path:
    """A configuration of one sensor; `pictures` is the camera's table, and the sensor then has pictures."""
    bundle = folder / "climate.npz"
    if not bundle.exists():
        write_scenes(bundle) if pictures else write_bundle(bundle)
    shown = f"[sensor.pictures]\n[camera]\n{pictures}" if pictures else ""
    path = folder / "agent.toml"
    path.write_text(
        f'seed = 1\n{head}\n[device]\nid = "pi"\n[mqtt]\nurl = "{url}"\n{mqtt}\n{more}\n'
        f'[[sensor]]\nname = "climate"\nbundle = "climate.npz"\n{shown}\n'
    )
    return path


def installed(folder: Path, **options: str) -> tuple[Path, Path]:
    """A configuration where the service's is, and the root of that machine."""
    etc = folder / "machine" / "etc" / "understudy"
    etc.mkdir(parents=True, exist_ok=True)
    return configured(etc, **options), folder / "machine"


def patient(path: Path, root: Path | None = None, **env: str) -> Patient:
    """As `doctor` has it; without a `root`, nothing is known of the machine."""
    return admitted(path, {"PATH": os.environ["PATH"]} | env, root or path.parent / "no-machine")


def program(folder: Path, name: str, text: str) -> str:
    """A PATH on which a program of this name does as `text`, a shell script, says."""
    (folder / "bin").mkdir(exist_ok=True)
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return f"{folder}/bin:{os.environ['PATH']}"


def process(
    root: Path,
    pid: int,
    *words: str,
    cgroup: str = "",
    cwd: Path | None = None,
    uid: int | None = None,
    exe: str = "/usr/bin/python3.11",
    **env: str,
) -> None:
    """A process, as /proc tells of it; without a `uid`, it is ours."""
    folder = root / "proc" / str(pid)
    folder.mkdir(parents=True)
    (folder / "cmdline").write_text("\0".join([*words, ""]))
    (folder / "environ").write_text("\0".join(f"{name}={value}" for name, value in env.items()))
    (folder / "cgroup").write_text(f"0::{cgroup}\n")
    (folder / "status").write_text(f"Name:\tx\nUid:\t{os.getuid() if uid is None else uid}\t0\t0\t0\n")
    (folder / "exe").symlink_to(exe)
    if cwd is not None:
        (folder / "cwd").symlink_to(cwd)


def locked(root: Path, pid: int, file: Path) -> None:
    """That a process has locked a file, as /proc tells it."""
    (root / "proc").mkdir(parents=True, exist_ok=True)
    text = f"1: POSIX  ADVISORY  WRITE 9 08:01:{file.stat().st_ino} 0 EOF\n"
    text += f"2: FLOCK  ADVISORY  WRITE {pid} 08:01:{file.stat().st_ino} 0 EOF\n"
    (root / "proc" / "locks").write_text(text)
