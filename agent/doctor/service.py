"""How the service is doing, where systemd runs it."""

from agent.doctor.command import answer
from agent.doctor.finding import Finding, Skipped, failed, note, ok
from agent.doctor.patient import Patient

ASKED = ("LoadState", "ActiveState", "SubState", "NRestarts", "ExecMainStatus", "StatusText", "DynamicUser")
WRONG_CONFIGURATION = "78"


def service(patient: Patient) -> Finding:
    """What systemd says of it."""
    if patient.unit is None:
        raise Skipped("no service plays this file; those in /etc/understudy are played")
    said = asked(patient, patient.unit)
    if not said and (patient.root / "run/systemd/system").is_dir():
        raise Skipped("systemctl gives no answer here")
    if said.get("LoadState") != "loaded":
        raise Skipped(f"there is no {patient.unit} here" if said else "systemd does not run here")
    return _judged(patient.unit, said, f"journalctl -u {patient.unit} -n 50")


def asked(patient: Patient, unit: str) -> dict[str, str]:
    """Properties of a unit by their names; empty: systemd does not answer."""
    told = answer(patient.env, "systemctl", "show", unit, f"--property={','.join(ASKED)}")
    return dict(line.split("=", 1) for line in (told or "").splitlines() if "=" in line)


def _judged(unit: str, said: dict[str, str], look: str) -> Finding:
    state, restarts = said.get("ActiveState", "unknown"), said.get("NRestarts", "0")
    told = f"{unit} is {state} ({said.get('SubState', '')}), restarted {restarts} times"
    if state in ("active", "reloading"):
        text = f": {said['StatusText']}" if said.get("StatusText") else ""
        return ok(told + text) if restarts == "0" else note(told + text, f"see why it ended: `{look}`")
    if said.get("ExecMainStatus") == WRONG_CONFIGURATION:
        return failed(f"{told}; its configuration was wrong", f"correct it and start it: `systemctl restart {unit}`")
    if state == "inactive":
        return note(told, f"start it: `systemctl start {unit}`")
    return failed(told, f"see why: `{look}`")
