"""Whether the configuration and its bundles are right: as `check` tells it."""

from pathlib import Path

from agent.check import notes
from agent.doctor.finding import Finding, Skipped, failed, note, ok
from agent.doctor.patient import Patient
from agent.parts import Part, parts_of
from agent.problems import listed


def configuration(patient: Patient) -> Finding:
    """Every problem at once."""
    if patient.problems:
        return failed(
            listed(str(patient.path), patient.problems), f"`understudy-agent check --config {patient.path}` looks again"
        )
    settings, count = patient.settings, len(patient.sensors)
    said = f"{patient.path}: {count} sensor{'s' * (count > 1)} in {settings.mode} mode as device {settings.device.id!r}"
    if patient.players:
        said += f", played by process {patient.players[0].pid}"
    doubts = list(notes(settings))
    return note(f"{said}; {'; '.join(doubts)}") if doubts else ok(said)


def bundles(patient: Patient) -> Finding:
    """Each is loaded as the agent loads it, with its sprites."""
    if not patient.sensors:
        raise Skipped("no sensor is right")
    parts, problems = _loaded(patient)
    if problems:
        return failed(
            "\n".join(problems), "let the path in its [[sensor]] be that of a whole bundle, which the agent may read"
        )
    return ok(", ".join(f"{part.sensor.name} {part.pace}" for part in parts))


def _loaded(patient: Patient) -> tuple[list[Part], list[str]]:
    """The sensors that can be played, and every problem of the others."""
    endless = [
        f"[[sensor]] {sensor.name!r}: {sensor.bundle}: is a pipe or a device; give the path of a bundle"
        for sensor in patient.sensors
        if _may_have_no_end(sensor.bundle)
    ]
    if endless:
        return [], endless
    return parts_of(patient.sensors, None if patient.read is None else patient.read.mode)


def _may_have_no_end(path: Path) -> bool:
    """Whether its reader may wait for ever."""
    return path.exists() and not path.is_file() and not path.is_dir()
