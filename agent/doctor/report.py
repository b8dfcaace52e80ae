"""What was found, for people and for programs."""

import json
from collections.abc import Iterable
from dataclasses import asdict

from agent.doctor.checks import CHECKS
from agent.doctor.finding import Finding
from agent.ending import EXIT_CONFIG, EXIT_FAILED

Found = tuple[str, Finding]

_NAME = max(len(check.name) for check in CHECKS)
_STATUS = len("skipped")


def line(name: str, finding: Finding) -> str:
    """For people; what takes more than one line, of several problems, goes on below it."""
    between = "\n" if "\n" in finding.said else "; "
    text = between.join(part for part in (finding.said, finding.remedy) if part)
    return f"{finding.status:<{_STATUS}}  {name:<{_NAME}}  {text}".replace("\n", "\n" + " " * (_STATUS + _NAME + 4))


def as_json(found: Iterable[Found]) -> str:
    """An array of objects with the keys check, status, said and remedy."""
    return json.dumps([{"check": name} | asdict(finding) for name, finding in found], indent=1, ensure_ascii=False)


def status(found: Iterable[Found]) -> int:
    """The exit status: 0 if nothing failed, 78 for a wrong configuration, else 1."""
    bad = [name for name, finding in found if finding.status == "failed"]
    if "configuration" in bad:
        return EXIT_CONFIG
    return EXIT_FAILED if bad else 0
