"""What pictures a dataset is to hold."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent import seed as seeds
from agent.errors import ConfigError
from agent.message.detections import places_of
from agent.message.template import Template
from agent.models.bundle import read
from agent.problems import described, listed
from agent.settings.camera import CameraTable
from agent.settings.pictures import PicturesTable


@dataclass(frozen=True)
class Plan:
    """What pictures to make.

    Attributes:
        template: Of the messages.
        table: What the pictures are like.
        background: A picture, or a folder of pictures, of which each message has the next; None: a test card.
        size: Width and height of the pictures; None: as the backgrounds are.
        seed: Of everything random.
    """

    template: Template
    table: PicturesTable
    background: Path | None
    size: tuple[int, int] | None
    seed: int


def plan_of(bundle: Path, keys: dict[str, Any], background: Path | None, size: str | None, seed: int | None) -> Plan:
    """A plan as asked for on a command line.

    Args:
        bundle: Whose messages are played.
        keys: Of `[sensor.pictures]`, by name.
        background: See `Plan`.
        size: Such as `1280x720`.
        seed: None: another one each time.

    Raises:
        BundleError: The bundle cannot be used.
        ConfigError: A key is unknown, or a value is not as it must be.
    """
    if "inline" in keys:
        raise ConfigError("--set inline: is of messages that are sent; leave it out")
    wanted = {"size": size} if size is not None else {}
    try:
        table, frames = PicturesTable.model_validate(keys), CameraTable.model_validate(wanted)
    except ValidationError as error:
        data, root = (wanted, CameraTable) if error.title == CameraTable.__name__ else (keys, PicturesTable)
        raise ConfigError(listed("pictures", described(error, data, root))) from error
    template = read(bundle).manifest.template
    if not places_of(template):
        raise ConfigError(f"{bundle}: its messages tell of no boxes, so there is nothing to draw")
    return Plan(template, table, background, frames.size, seeds.drawn() if seed is None else seed)
