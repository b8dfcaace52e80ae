"""Whether what outlived the last stop can be read, and who has it now."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from agent import progress, seed
from agent.doctor.disk import state_dir
from agent.doctor.finding import Finding, Skipped, failed, note, ok
from agent.doctor.patient import Patient
from agent.errors import ConfigError
from agent.files import contents
from agent.progress import Progress

LOCK = "lock"


def state(patient: Patient) -> Finding:
    """Read as the agent reads it, but from a copy: nothing is locked, which would keep an agent from its start."""
    folder = state_dir(patient)
    try:
        kept = list(_kept(folder))
    except ConfigError as error:
        return failed(str(error), "delete that file, and what it kept begins anew")
    except OSError as error:
        said = f"{error.filename}: cannot be read ({error.strerror})"
        return failed(said, "let the agent's user own state_dir, or run this as that user or as root")
    if not kept:
        raise Skipped(f"{folder}: nothing is kept yet")
    holder = _holder(patient.root, folder / LOCK)
    said = f"{folder}: {', '.join(kept)}"
    if holder is None:
        return ok(said)
    if any(player.pid == holder for player in patient.players):
        return ok(f"{said}; the running agent has it (process {holder})")
    return note(
        f"{said}; process {holder} has it, and is not known to play this configuration", "stop it before a start"
    )


def _kept(folder: Path) -> Iterator[str]:
    """What is kept, in words."""
    with TemporaryDirectory() as copy:
        for name in (seed.FILE, progress.FILE):
            if (folder / name).exists():
                (Path(copy) / name).write_bytes(contents(folder / name))
        try:
            if (Path(copy) / seed.FILE).exists():
                seed.kept(Path(copy))
                yield "a seed"
            if (Path(copy) / progress.FILE).exists():
                yield from _reached(Path(copy) / progress.FILE)
        except ConfigError as error:
            raise ConfigError(str(error).replace(copy, str(folder))) from error


def _reached(path: Path) -> Iterator[str]:
    kept = Progress(path, "")
    kept.close()
    yield from (f"{name} at seq {seq}" for name, (seq, _) in kept.reached.items())


def _holder(root: Path, lock: Path) -> int | None:
    """The process that has locked a file, as the kernel tells it; None: nobody has."""
    try:
        inode = lock.stat().st_ino
        lines = (root / "proc" / "locks").read_text().splitlines()
    except OSError:
        return None
    for line in lines:  # 1: FLOCK  ADVISORY  WRITE 711 08:01:1578 0 EOF
        words = line.split()
        if len(words) > 5 and words[1] == "FLOCK" and words[5].endswith(f":{inode}"):
            return int(words[4])
    return None
