"""What the demo plays, as the agent's configuration."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.demo.broker import HOST
from agent.errors import BundleError
from agent.message.detections import places_of
from agent.models.bundle import read

DEVICE = "demo"


@dataclass(frozen=True)
class Show:
    """What is played.

    Attributes:
        bundles: The sensors; those whose messages tell of boxes have pictures.
        sprites: Stock pictures; None: placeholders.
        background: What cameras see; None: a test card.
    """

    bundles: list[Path]
    sprites: Path | None
    background: Path | None

    @property
    def topics(self) -> set[str]:
        """Those on which readings come."""
        return {f"understudy/{DEVICE}/{bundle.stem}" for bundle in self.bundles}


def configuration(show: Show, port: int, state_dir: Path) -> str:
    """The agent's configuration file. A JSON string is a TOML string too."""
    head = [
        'mode = "sensor"',
        f"state_dir = {_quoted(state_dir)}",
        f'[device]\nid = "{DEVICE}"',
        f'[mqtt]\nurl = "mqtt://{HOST}:{port}"\nprotocol = "3.1.1"\ntopic = "understudy/{{device}}/{{sensor}}"',
        "health_s = 0",
    ]
    card = '"gradient"' if show.background is None else f'"still"\npath = {_quoted(show.background)}'
    sensors = [_sensor(bundle, show.sprites) for bundle in show.bundles]
    return "\n".join([*head, f"[camera]\nkind = {card}", *sensors]) + "\n"


def _sensor(bundle: Path, sprites: Path | None) -> str:
    lines = ["[[sensor]]", f"name = {_text(bundle.stem)}", f"bundle = {_quoted(bundle)}", "interval_s = 1.0"]
    if _tells_of_boxes(bundle):
        lines += ["[sensor.pictures]", 'blend = "feather"', "shadow = true"]
        lines += [] if sprites is None else [f"sprites = {_quoted(sprites)}"]
    return "\n".join(lines)


def _tells_of_boxes(bundle: Path) -> bool:
    """Whether there is something to draw; of a bundle that cannot be read, the agent tells."""
    with suppress(BundleError):
        return bool(places_of(read(bundle).manifest.template))
    return False


def _text(text: str) -> str:
    """As TOML has it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _quoted(path: Path) -> str:
    return _text(str(path.resolve()))
