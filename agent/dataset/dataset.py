"""A bundle's messages as pictures with labels: a detection dataset, made by as many processes as are asked for."""

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from agent.dataset.maker import Maker, Numbered
from agent.dataset.plan import Plan
from agent.dataset.processes import made
from agent.errors import ConfigError
from agent.imaging.labels import Labelled
from agent.imaging.pictures import Counts
from agent.terminal import bar_width

MESSAGES = "messages.jsonl"


def write(folder: Path, plan: Plan, texts: Iterable[str], count: int, workers: int) -> str:
    """Make a picture of each message, its labels, and a file of all messages.

    Args:
        folder: Where. All of it appears at the end, or nothing.
        plan: What the pictures are like.
        texts: The messages.
        count: How many there are, for the bar of progress.
        workers: Processes; what they make does not depend on how many there are.

    Returns:
        What was made, and what was assumed of boxes, for people.

    Raises:
        ConfigError: The folder is not empty, messages have no boxes, or a process was killed.
        PictureError: A sprite or a background cannot be read.
    """
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"--pictures {folder}: is there already, and not empty; give a new folder")
    if folder.is_mount():
        raise ConfigError(f"--pictures {folder}: is where a disk is mounted; give a new folder in it")
    with _appearing(folder) as place:
        maker = Maker(place, plan)
        maker.check()
        labelled: list[Labelled] = []
        total = Counts()
        bar: tqdm[Any] = tqdm(total=count, unit=" pictures", file=sys.stderr, ncols=bar_width(), disable=None)
        with (place / MESSAGES).open("w", encoding="utf-8") as messages, bar:
            for found, counts in made(maker, _noted(texts, messages), workers):
                labelled += found
                total = total.plus(counts)
                bar.update(counts.pictures + counts.too_large)
        if total.too_large and not labelled:
            raise ConfigError(
                "max_bytes: no picture is as small at any quality; allow more, or ask for a smaller --size"
            )
        maker.finish(labelled)
    return f"{total}; boxes from {maker.told}"


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A folder that takes its place when all is in it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:100]}."))
    try:
        yield place
        place.chmod(0o755)
        place.replace(folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _noted(texts: Iterable[str], file: IO[str]) -> Iterator[Numbered]:
    """Messages by their `seq`, each written down as a line."""
    for seq, text in enumerate(texts, 1):
        file.write(f"{text}\n")
        yield seq, text
