"""Whether the clock is right."""

from datetime import UTC, datetime

from agent.clock import SystemClock
from agent.doctor.command import answer
from agent.doctor.finding import Finding, failed, note, ok
from agent.doctor.patient import Patient
from agent.doctor.tls import dates_of_broker
from agent.timesync import TimeSync


def clock(patient: Patient) -> Finding:
    """What the time service says, and what the broker's certificate makes likely."""
    settings, now = patient.settings, datetime.now(UTC)
    here = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    dates = dates_of_broker(settings.mqtt) if settings.mqtt.tls else None
    if dates is not None and now < dates.begins:
        said = f"{here} is before the broker's certificate was made ({dates.begins:%Y-%m-%d})"
        return failed(said, "set the clock: `timedatectl set-ntp true`, and let it reach a time server")
    file = settings.clock.synchronized
    if not file.parent.is_dir():
        return _told_by_the_kernel(patient, here)
    if TimeSync(SystemClock(), file)():
        return ok(f"{here}, set by the time service")
    return _unset(here)


def _told_by_the_kernel(patient: Patient, here: str) -> Finding:
    """Of services other than systemd's own: chrony, for one."""
    match answer(patient.env, "timedatectl", "show", "--property=NTPSynchronized", "--value"):
        case "yes\n":
            return ok(f"{here}, set by a time service")
        case "no\n":
            said = f"{here}, and no time service has set it; the agent takes it to be right all the same"
            return note(said, "have one set it: `apt install systemd-timesyncd`; `timedatectl status` tells more")
    return note(f"{here}; nothing here tells whether that is right, so the agent takes it to be")


def _unset(here: str) -> Finding:
    said = f"{here}, and no time service has set it since the start: messages say clock_synced=false"
    return note(said, "see `timedatectl status`; `timedatectl set-ntp true` lets it be set")
