"""Whether what outlives a restart can be written."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

from agent.doctor.finding import Finding, Skipped, failed, note, ok
from agent.doctor.patient import Patient

NEEDED = 64 * 1024
SCARCE = 32 * 2**20


def disk(patient: Patient) -> Finding:
    """A file without a name is written there and is gone: nothing is left, whoever looks."""
    folder = state_dir(patient)
    try:
        if not folder.exists():
            return _to_be_made(folder)
        _write_nameless(folder)
    except OSError as error:
        return failed(f"{folder}: cannot be written ({error.strerror})", _remedy(error))
    free = shutil.disk_usage(folder).free
    said = f"{folder}: can be written, {free / 1e6:,.0f} MB free"
    return note(said, "make room") if free < SCARCE else ok(said)


def _write_nameless(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(NEEDED))
        file.flush()
        os.fsync(file.fileno())


def _remedy(error: OSError) -> str:
    if error.errno == errno.ENOTDIR:
        return "give a folder, or a path where nothing is yet"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room"
    return "let the agent's user own a state_dir that is not read-only"


def state_dir(patient: Patient) -> Path:
    """Where it is.

    Raises:
        Skipped: Nothing is kept.
    """
    folder = patient.settings.state_dir
    if folder is None:
        raise Skipped("no state_dir is set, or systemd tells it to the agent only; nothing is kept")
    return folder


def _to_be_made(folder: Path) -> Finding:
    above = next(place for place in folder.absolute().parents if place.exists())
    if not above.is_dir():
        return failed(f"{folder}: is not there, and {above} is no folder", "give a path in a folder")
    if os.access(above, os.W_OK | os.X_OK):
        return ok(f"{folder}: is not there yet; the agent makes it")
    return failed(f"{folder}: is not there, and {above} may not be written", "make it, and let the agent's user own it")
