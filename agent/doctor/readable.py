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
HIDDEN = ("home", "root", "run/user", "tmp", "var/tmp")  # ProtectHome= and PrivateTmp= of the unit
SECRET = "it is a secret: hand it over by /etc/credstore instead, as README.md tells"


def readable(patient: Patient) -> Finding:
    """The service's user exists while it runs and owns no file, so everybody has to be allowed to read them."""
    settings, root = patient.settings, real(patient.root)
    if patient.unit is None or asked(patient, patient.unit).get("DynamicUser") != "yes":
        raise Skipped("no service with a user of its own plays it")
    files = sorted({path for path in _named(patient, settings) if path.exists()})
    hidden = [str(path) for path in files if any(real(path).is_relative_to(root / place) for place in HIDDEN)]
    if hidden:
        return failed(f"the service does not see {', '.join(hidden)}", "move it to /etc/understudy")
    closed = {str(barrier): None for path in files for barrier in _barriers(path, root)}
    if closed:
        secrets = {str(path) for path in (_password_file(patient), settings.mqtt.key_file)}
        remedy = SECRET if secrets & closed.keys() else f"`chmod o+rX {' '.join(closed)}`"
        return failed(f"the service's user cannot read {', '.join(closed)}", remedy)
    return ok(f"the service's user can read all {len(files)} files and folders")


def _named(patient: Patient, settings: Settings) -> Iterator[Path]:
    """Everything that the agent reads, but what systemd hands over."""
    yield patient.path
    password = _password_file(patient)
    if password is not None:
        yield password
    handed_over, own = patient.env.get("CREDENTIALS_DIRECTORY"), {settings.state_dir, settings.clock.synchronized}
    yield from (path for path in _paths(settings) if path not in own and str(path.parent) != handed_over)


def _password_file(patient: Patient) -> Path | None:
    """Settings keep its content alone."""
    name = tomllib.loads(patient.path.read_text()).get("mqtt", {}).get("password_file")
    return None if name is None else patient.path.parent / name


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


def _barriers(path: Path, root: Path) -> Iterator[Path]:
    """What of a file or a folder, of all that is in it, and of the folders above is not for everybody."""
    yield from (
        folder for folder in real(path).parents if folder.is_relative_to(root) and _bars(folder, EVERYBODY_ENTERS)
    )
    for one in [path, *path.rglob("*")] if path.is_dir() else [path]:
        needed = EVERYBODY_READS | EVERYBODY_ENTERS if one.is_dir() else EVERYBODY_READS
        if one.exists() and _bars(one, needed):  # an editor's link that leads nowhere is nobody's
            yield one


def _bars(path: Path, needed: int) -> bool:
    return path.stat().st_mode & needed != needed
