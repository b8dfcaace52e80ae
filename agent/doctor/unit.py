"""Which of systemd's units plays a configuration."""

from collections.abc import Sequence
from pathlib import Path

from agent.doctor.running import Running, real

ETC = "etc/understudy"


def unit_of(path: Path, players: Sequence[Running], root: Path) -> str | None:
    """The unit of the process that plays it; else the one that would, by the file's name; None: no unit does."""
    for player in players:
        try:
            group = (root / "proc" / str(player.pid) / "cgroup").read_text().strip()
        except OSError:
            continue
        unit = group.rpartition("/")[2]
        if unit.startswith("understudy-agent") and unit.endswith(".service"):
            return unit
    path = real(path)
    if path.parent != real(root / ETC) or path.suffix != ".toml":
        return None
    return "understudy-agent.service" if path.stem == "agent" else f"understudy-agent@{path.stem}.service"
