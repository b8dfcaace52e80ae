"""How the service is doing, where systemd runs it."""

from agent.doctor.command import answer
from agent.doctor.finding import Finding, Skipped, failed, note, ok
from agent.doctor.patient import Patient

UNIT = "understudy-agent.service"
ASKED = ("LoadState", "ActiveState", "SubState", "NRestarts", "ExecMainStatus", "StatusText")
WRONG_CONFIGURATION = "78"


def service(patient: Patient) -> Finding:
    """What systemd says of it."""
    unit = _unit(patient)
    told = answer(patient.env, "systemctl", "show", unit, f"--property={','.join(ASKED)}")
    said = dict(line.split("=", 1) for line in (told or "").splitlines() if "=" in line)
    if said.get("LoadState") != "loaded":
        raise Skipped(f"there is no {unit} here" if said else "systemd does not run here")
    return _judged(unit, said, f"journalctl -u {unit} -n 50")


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


def _unit(patient: Patient) -> str:
    """The unit of the process that plays this configuration; else the usual one."""
    for player in patient.players:
        try:
            group = (patient.root / "proc" / str(player.pid) / "cgroup").read_text().strip()
        except OSError:
            continue
        unit = group.rpartition("/")[2]
        if unit.startswith("understudy-agent") and unit.endswith(".service"):
            return unit
    return UNIT
