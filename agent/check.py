"""`check`: a configuration and everything it names, with every problem at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.clock import SystemClock
from agent.configuration import examine
from agent.errors import ConfigError, UnderstudyError
from agent.parts import Part, parts_of
from agent.problems import listed
from agent.seed import UNKEPT
from agent.settings.camera import CameraTable
from agent.settings.pictures import PicturesTable
from agent.settings.settings import Settings


def check(path: Path, env: Mapping[str, str]) -> list[str]:
    """One line a sensor, where all is well.

    Raises:
        ConfigError: The message lists every problem of the configuration and of its bundles.
    """
    settings, sensors, problems = examine(path, env)
    if settings is not None and settings.with_pictures:
        problems = [*problems, *_camera_problems(settings.camera)]
    parts, wrong = parts_of(sensors, None if settings is None else settings.mode)
    if settings is None or problems or wrong:
        raise ConfigError(listed(str(path), [*problems, *wrong]))
    return list(_lines(settings, parts))


def _lines(settings: Settings, parts: list[Part]) -> Iterator[str]:
    together = settings.aggregator.topic if settings.mode == "aggregator" else None
    if settings.with_pictures:
        yield f"camera: {settings.camera.told}"
    for part in parts:
        name, manifest = part.sensor.name, part.bundle.manifest
        topic = settings.topic(together or settings.mqtt.topic, name)
        yield f"{name}: {manifest.kind}, {len(manifest.columns)} columns, {part.pace}, on {topic}"
        if part.sensor.pictures is not None:
            yield from _pictures(part, part.sensor.pictures)
        borrowed = sum(hour != taken for hour, taken in enumerate(part.hours))
        if borrowed:
            yield f"note: {name}: no such message at {borrowed} hours; those of the nearest hour are played"
    yield from (f"note: {note}" for note in notes(settings))


def _camera_problems(table: CameraTable) -> Iterator[str]:
    """What is wrong with the files that frames are taken from; hardware is `doctor`'s."""
    from agent.cameras.registry import check_files

    try:
        check_files(table, SystemClock())
    except UnderstudyError as error:
        yield f"[camera]: {error}"


def _pictures(part: Part, table: PicturesTable) -> Iterator[str]:
    from agent.imaging.pictures import Pictures

    pictures, name = Pictures(part.bundle.manifest.template, table), part.sensor.name
    pictures.stock.read()
    yield f"{name}: pictures of {pictures.told}"
    bare = [label for label in pictures.classes if not pictures.stock.has(label)]
    if bare:
        yield f"note: {name}: placeholders stand for {', '.join(bare)}; sprites of them in [sensor.pictures] sprites"


def notes(settings: Settings) -> Iterator[str]:
    """What is allowed, and may yet not be meant."""
    if settings.seed is None and settings.state_dir is None:
        yield f"{UNKEPT} (but where systemd keeps a state_dir for the service)"
    if settings.mode == "sensor" and "aggregator" in settings.model_fields_set:
        yield '[aggregator] is of no use in sensor mode; set mode = "aggregator", or leave the table out'
    if not settings.with_pictures and "camera" in settings.model_fields_set:
        yield "[camera] is of no use where no sensor has pictures; give one a [sensor.pictures], or leave the table out"
    names: dict[str, list[str]] = {}
    for sensor in settings.sensor:
        names.setdefault(settings.topic(settings.mqtt.topic, sensor.name), []).append(repr(sensor.name))
    merged = settings.mode == "aggregator" and settings.aggregator.topic is not None
    for topic, sharing in names.items():
        if len(sharing) > 1 and not merged:
            yield f"{' and '.join(sharing)} share the topic {topic}; {{sensor}} in [mqtt] topic tells them apart"
