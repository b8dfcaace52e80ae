"""Whether the configuration and its bundles are right: as `check` tells it."""

from agent.check import notes
from agent.doctor.finding import Finding, Skipped, failed, note, ok
from agent.doctor.patient import Patient
from agent.parts import parts_of
from agent.problems import listed


def configuration(patient: Patient) -> Finding:
    """Every problem at once."""
    if patient.problems:
        return failed(listed(str(patient.path), patient.problems), "correct it; `understudy-agent check` looks again")
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
    parts, problems = parts_of(patient.sensors, None if patient.read is None else patient.read.mode)
    if problems:
        return failed(listed("bundles", problems), "copy what is missing here, or correct that sensor")
    return ok(", ".join(f"{part.sensor.name} {part.pace}" for part in parts))
