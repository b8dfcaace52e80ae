"""What all this runs on."""

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from agent.doctor.finding import Finding, ok
from agent.doctor.patient import Patient

PACKAGES = {"Understudy": "understudy", "numpy": "numpy", "paho-mqtt": "paho-mqtt", "Pillow": "Pillow"}
MODEL = "proc/device-tree/model"


def versions(patient: Patient) -> Finding:
    """Of programs, kernel and machine."""
    told = [f"{title} {_version(package)}" for title, package in PACKAGES.items()]
    told.insert(1, f"Python {platform.python_version()}")
    told.append(f"{platform.system()} {platform.release()} on {platform.machine()}")
    with suppress(OSError):  # most machines have no device tree
        told.append((patient.root / MODEL).read_text("utf-8", "replace").strip("\0\n "))
    return ok(", ".join(told))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "without a version"
