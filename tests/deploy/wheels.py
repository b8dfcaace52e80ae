"""Wheels, for machines that are not this one."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--timeout=15", "--retries=1"]
PROJECT = ("agent", "trainer", "systemd", "deploy", "pyproject.toml", "constraints.txt", "README.md", "LICENSE")


def dependencies() -> list[str]:
    """What the agent needs, as pyproject.toml says."""
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])


def download(
    folder: Path, python: str, machine: str, *names: str, pins: bool = True
) -> subprocess.CompletedProcess[str]:
    """Fetch wheels for another Python or machine, and all that they need: the pinned versions, or the newest."""
    platforms = [f"--platform=manylinux_2_{glibc}_{machine}" for glibc in (28, 17)]
    words = ["download", "--quiet", "--only-binary=:all:", f"--python-version={python}", *platforms]
    words += [f"--dest={folder}", *([f"--constraint={ROOT / 'constraints.txt'}"] if pins else [])]
    return subprocess.run([*PIP, *words, *names], check=False, text=True, capture_output=True, timeout=300)


def add_empty(folder: Path, name: str, version: str) -> None:
    """Put a wheel into a folder that holds nothing but a name and a version."""
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        about = f"{name}-{version}.dist-info"
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


def is_offline(pip: subprocess.CompletedProcess[str]) -> bool:
    """Whether pip failed because the index cannot be reached."""
    signs = ("Failed to establish a new connection", "Temporary failure in name resolution", "timed out", "ProxyError")
    return pip.returncode != 0 and any(sign in pip.stderr for sign in signs)


def copy_project(folder: Path) -> Path:
    """A checkout without what has no part in an installation."""
    folder.mkdir(parents=True)
    for name in PROJECT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, folder / name)
    return folder


def build(checkout: Path, wheelhouse: Path) -> None:
    """Put the wheel of a checkout into a wheelhouse."""
    command = [*PIP, "wheel", "--quiet", "--no-deps", f"--wheel-dir={wheelhouse}", str(checkout)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    shutil.rmtree(checkout / "build", ignore_errors=True)
    shutil.rmtree(checkout / "understudy.egg-info", ignore_errors=True)
