"""Agents that run on this machine, as /proc tells of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMANDS = ("run", "backfill")
_OF_THE_SERVICE = ("STATE_DIRECTORY", "CREDENTIALS_DIRECTORY")


@dataclass(frozen=True, slots=True)
class Running:
    """A process that plays.

    Attributes:
        config: Its configuration; None: which one it is may not be known by us.
    """

    pid: int
    config: Path | None


def running(root: Path) -> list[Running]:
    """All of them; `root` is where `proc` is."""
    try:
        return list(_running(root / "proc"))
    except OSError:
        return []


def environment(root: Path, pid: int) -> dict[str, str]:
    """What of a process's environment is a setting; empty: it has none, or we may not know."""
    try:
        text = (root / "proc" / str(pid) / "environ").read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return {}
    pairs = (pair.partition("=") for pair in text.split("\0"))
    return {name: value for name, _, value in pairs if name in _OF_THE_SERVICE or name.startswith("UNDERSTUDY_")}


def with_that_of_the_agent(env: Mapping[str, str], root: Path, agents: Sequence[Running]) -> dict[str, str]:
    """`env`, with what only the running agent is told by systemd; `env` itself goes before."""
    theirs = environment(root, agents[0].pid) if agents else {}
    return theirs | dict(env)


def _running(proc: Path) -> Iterator[Running]:
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().decode("utf-8", "surrogateescape").split("\0")
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
            return path.resolve() if path.is_absolute() else None
    return None
