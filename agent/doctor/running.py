"""Agents that run on this machine, as /proc tells of them.

Anybody may start what looks like an agent, and an agent's environment tells to which broker the password goes. So only
those count that systemd has started, or the user who asks.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.doctor.command import answer

COMMANDS = ("run", "backfill")
UNITS = ("understudy-agent.service", "understudy-agent@*.service")
CREDENTIALS = Path("/run/credentials")


@dataclass(frozen=True, slots=True)
class Running:
    """A process that plays.

    Attributes:
        config: Its configuration; None: which one it is may not be known by us.
    """

    pid: int
    config: Path | None


def running(root: Path, env: Mapping[str, str]) -> list[Running]:
    """All that can be trusted; `root` is where `proc` is."""
    try:
        found = list(_looking_like_one(root / "proc"))
    except OSError:
        return []
    started = _started_by_systemd(env) if found else set()
    return [agent for agent in found if agent.pid in started or _is_ours(root / "proc" / str(agent.pid))]


def environment(root: Path, pid: int) -> dict[str, str]:
    """What of a process's environment is a setting; empty: it has none, or we may not know."""
    try:
        text = (root / "proc" / str(pid) / "environ").read_bytes()
    except OSError:
        return {}
    pairs = (pair.partition("=") for pair in os.fsdecode(text).split("\0"))
    return {name: value for name, _, value in pairs if _is_a_setting(name, value)}


def _is_a_setting(name: str, value: str) -> bool:
    """A process may write into its environment what it likes; only root makes what lies below /run/credentials."""
    if name == "CREDENTIALS_DIRECTORY":
        return Path(os.path.normpath(value)).parent == CREDENTIALS
    return name == "STATE_DIRECTORY" or name.startswith("UNDERSTUDY_")


def with_that_of_the_agent(env: Mapping[str, str], root: Path, agents: Sequence[Running]) -> dict[str, str]:
    """`env`, with what only the running agent is told by systemd; `env` itself goes before."""
    theirs = environment(root, agents[0].pid) if agents else {}
    return theirs | dict(env)


def real(path: Path) -> Path:
    """Where it leads; `Path.resolve` would raise where links lead in a circle."""
    return Path(os.path.realpath(path))


def _started_by_systemd(env: Mapping[str, str]) -> set[int]:
    """The main process of each of the agent's units."""
    told = answer(env, "systemctl", "show", "--property=MainPID", *UNITS) or ""
    return {int(pid) for pid in re.findall(r"^MainPID=(\d+)$", told, re.MULTILINE)}


def _is_ours(folder: Path) -> bool:
    """Whether the user who asks has started it.

    The user alone does not tell: sudo, for one, is root's from its start, under a name and in an environment of
    whoever has started it. It is no Python.
    """
    try:
        status, program = (folder / "status").read_bytes(), (folder / "exe").readlink().name
    except OSError:  # it has ended by now, or is another's
        return False
    return program.startswith("python") and b"\nUid:\t%d\t" % os.getuid() in status


def _looking_like_one(proc: Path) -> Iterator[Running]:
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = os.fsdecode((folder / "cmdline").read_bytes()).split("\0")
        except OSError:  # it has ended by now
            continue
        told = _words_of_an_agent(words)
        if told and told[0] in COMMANDS:
            yield Running(int(folder.name), _config(folder, told))


def _words_of_an_agent(words: list[str]) -> Sequence[str]:
    """What an agent's command line says; nothing: it is another program's."""
    program = words[0].rpartition("/")[2]
    if program == "understudy-agent":
        return words[1:]
    if not program.startswith("python"):  # sudo, for one, which only waits for an agent
        return ()
    for place, word in enumerate(words[1:6], 1):
        if word.rpartition("/")[2] == "understudy-agent" or words[place - 1 : place + 1] == ["-m", "agent"]:
            return words[place + 1 :]
    return ()


def _config(folder: Path, words: Sequence[str]) -> Path | None:
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option == "--config":
            try:
                where = (folder / "cwd").readlink()
            except OSError:
                where = Path()
            path = where / (value if equals else (*words, "")[place + 1])
            return real(path) if path.is_absolute() else None
    return None
