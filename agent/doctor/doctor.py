"""`doctor`: looks at everything that the agent needs, one thing after the other, whatever comes of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.doctor.bounded import TooLong, within
from agent.doctor.checks import CHECKS, Check
from agent.doctor.finding import Finding, Skipped, failed
from agent.doctor.patient import Patient, admitted


def findings(path: Path, env: Mapping[str, str], root: Path = Path("/")) -> Iterator[tuple[str, Finding]]:
    """Each check's name and what it found, as soon as it is known.

    Args:
        path: The configuration.
        env: The environment.
        root: Where `proc` is.
    """
    patient = admitted(path, env, root)
    causes: dict[str, str] = {}  # of each check that failed, or could not be done: the one that failed
    for check in CHECKS:
        cause = causes.get(check.after)
        finding = Finding("skipped", f"{cause} has to be right first") if cause else look(check, patient)
        if cause or finding.status == "failed":
            causes[check.name] = cause or check.name
        yield check.name, finding


def look(check: Check, patient: Patient) -> Finding:
    """What one check finds, within its time; it raises nothing."""
    try:
        return within(check.limit_s, lambda: check.find(patient))
    except Skipped as reason:
        return Finding("skipped", str(reason))
    except TooLong as limit:
        return failed(f"did not end within {limit}", check.hangs)
    except Exception as error:  # the next check is looked at all the same
        said = f"the check itself failed ({type(error).__name__}: {error})"
        return failed(said, "this is a defect of Understudy's: report it")
