"""Whether the service may read what root may."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agent.doctor.finding import Finding, Skipped, failed, ok
from agent.doctor.patient import Patient
from agent.doctor.running import real
from agent.doctor.service import asked
from agent.settings.settings import Settings

EVERYBODY_READS, EVERYBODY_ENTERS = 0o004, 0o001


def readable(patient: Patient) -> Finding:
    """The service's user exists while it runs and owns no file, so everybody has to be allowed to read them."""
    settings = patient.settings
    if patient.unit is None or asked(patient, patient.unit).get("DynamicUser") != "yes":
        raise Skipped("no service with a user of its own plays it")
    files = sorted({path for path in _named(patient, settings) if path.exists()})
    closed = [str(path) for path in files if not _is_open(path, real(patient.root))]
    if closed:
        said = f"the service's user cannot read {', '.join(closed)}"
        return failed(said, f"`chmod -R o+rX {' '.join(closed)}`; passwords and keys go to /etc/credstore instead")
    return ok(f"the service's user can read all {len(files)} files and folders")


def _named(patient: Patient, settings: Settings) -> Iterator[Path]:
    """Everything that the agent reads, but what systemd hands over."""
    yield patient.path
    password = tomllib.loads(patient.path.read_text()).get("mqtt", {}).get("password_file")
    if password is not None:  # of which settings keep the content alone
        yield patient.path.parent / password
    handed_over, own = patient.env.get("CREDENTIALS_DIRECTORY"), {settings.state_dir, settings.clock.synchronized}
    yield from (path for path in _paths(settings) if path not in own and str(path.parent) != handed_over)


def _paths(value: Any) -> Iterator[Path]:
    match value:
        case Path():
            yield value
        case BaseModel():
            for name in type(value).model_fields:
                yield from _paths(getattr(value, name))
        case list():
            for item in value:
                yield from _paths(item)


def _is_open(path: Path, root: Path) -> bool:
    """Whether others than its owner and his group may read it, with all that a folder holds."""
    folders = [folder for folder in real(path).parents if folder.is_relative_to(root)]
    inside = [path, *path.rglob("*")] if path.is_dir() else [path]
    return all(_lets(folder, EVERYBODY_ENTERS) for folder in folders) and all(
        _lets(one, EVERYBODY_READS | EVERYBODY_ENTERS if one.is_dir() else EVERYBODY_READS) for one in inside
    )


def _lets(path: Path, needed: int) -> bool:
    return path.stat().st_mode & needed == needed
