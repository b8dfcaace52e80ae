"""A bundle's messages as pictures with labels: a detection dataset, made by as many processes as are asked for."""

import csv
import json
import multiprocessing
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image
from pydantic import ValidationError
from tqdm import tqdm

from agent import seed as seeds
from agent.cameras.steady import test_card
from agent.errors import ConfigError
from agent.imaging.files import pictures_in, read_background
from agent.imaging.labels import Coco, Labelled
from agent.imaging.pictures import Counts, Pictures
from agent.message.detections import places_of
from agent.message.template import Template
from agent.models.bundle import read
from agent.problems import described, listed
from agent.settings.camera import CameraTable
from agent.settings.pictures import PicturesTable

CHUNK = 16  # messages that a process is given at a time
AHEAD = 4  # chunks that wait, for each process
MESSAGES, COCO, CLASSES, VISIBILITY = "messages.jsonl", "labels.json", "classes.txt", "visibility.csv"

Numbered = tuple[int, str]
Made = tuple[list[Labelled], Counts]


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


def plan_of(bundle: Path, keys: Mapping[str, Any], background: Path | None, size: str | None, seed: int | None) -> Plan:
    """A plan as asked for on a command line.

    Args:
        bundle: Whose messages are played.
        keys: Of `[sensor.pictures]`, by name; None: the default.
        background: See `Plan`.
        size: Such as `1280x720`.
        seed: None: another one each time.

    Raises:
        BundleError: The bundle cannot be used.
        ConfigError: A key is unknown, or a value is not as it must be.
    """
    given = {name: value for name, value in keys.items() if value is not None}
    wanted = {"size": size} if size is not None else {}
    try:
        table, frames = PicturesTable.model_validate(given), CameraTable.model_validate(wanted)
    except ValidationError as error:
        data, root = (wanted, CameraTable) if error.title == CameraTable.__name__ else (given, PicturesTable)
        raise ConfigError(listed("pictures", described(error, data, root))) from error
    template = read(bundle).manifest.template
    if not places_of(template):
        raise ConfigError(f"{bundle}: its messages tell of no boxes, so there is nothing to draw")
    return Plan(template, table, background, frames.size, seeds.drawn() if seed is None else seed)


def write(folder: Path, plan: Plan, texts: Iterable[str], count: int, workers: int) -> Counts:
    """Make a picture of each message, its labels, and a file of all messages.

    Args:
        folder: Where. All of it appears at the end, or nothing.
        plan: What the pictures are like.
        texts: The messages.
        count: How many there are, for the bar of progress.
        workers: Processes; what they make does not depend on how many there are.

    Raises:
        ConfigError: The folder is not empty, messages have no boxes, or a process was killed.
        PictureError: A sprite or a background cannot be read.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"--pictures {folder}: is there already, and not empty; give a new folder")
    with _appearing(folder) as place:
        maker = Maker(place, plan)
        maker.check()
        labelled, total = [], Counts()
        bar: tqdm[Any] = tqdm(total=count, unit=" pictures", file=sys.stderr, disable=None)
        with (place / MESSAGES).open("w", encoding="utf-8") as messages, bar:
            for made, counts in _made(maker, _chunks(_noted(texts, messages)), workers):
                labelled += made
                total = total.plus(counts)
                bar.update(counts.pictures + counts.too_large)
        maker.finish(labelled)
    return total


class Maker:
    """Makes pictures and puts them into a folder, each with its labels.

    Args:
        folder: Where.
        plan: What they are like.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self._pictures = Pictures(plan.template, plan.table)
        self._files = _backgrounds(plan.background)

    def check(self) -> None:
        """See that every sprite, and the first background, can be read (PictureError: one cannot)."""
        self._pictures.stock.check()
        self._background(1)

    def __call__(self, messages: Sequence[Numbered]) -> Made:
        """Make the pictures of some messages; gives what is in them, and counts."""
        counts = self._pictures.counts = Counts()
        made = [self._one(seq, text) for seq, text in messages]
        return [labelled for labelled in made if labelled is not None], counts

    def finish(self, labelled: Sequence[Labelled]) -> None:
        """Write what is in a file for all pictures."""
        classes = self._pictures.classes
        match self.plan.table.labels:
            case "coco":
                with (self.folder / COCO).open("w", encoding="utf-8") as file:
                    json.dump(Coco().document(labelled, classes), file, separators=(",", ":"), ensure_ascii=False)
            case "yolo":
                lines = "".join(f"{name}\n" for name in classes)
                (self.folder / CLASSES).write_text(lines, encoding="utf-8")
                self._write_visibility(labelled)

    def _one(self, seq: int, text: str) -> Labelled | None:
        rng = np.random.default_rng([self.plan.seed, seq])
        picture = self._pictures.make(seq, text, self._background(seq), rng)
        if picture is None:
            return None
        path = self.folder / picture.labelled.file
        path.write_bytes(picture.data)
        labels = self._pictures.labels
        if picture.labels is not None and labels is not None and self.plan.table.labels != "coco":
            path.with_suffix(labels.suffix).write_bytes(picture.labels)
        return picture.labelled

    def _background(self, seq: int) -> Image.Image:
        if not self._files:
            return _card(self.plan.size)
        return _read(self._files[(seq - 1) % len(self._files)], self.plan.size)

    def _write_visibility(self, labelled: Sequence[Labelled]) -> None:
        with (self.folder / VISIBILITY).open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["file", "line", "class", "visibility", "truncation"])
            for picture in labelled:
                for line, placed in enumerate(picture.placed, 1):
                    seen = f"{placed.visibility:.4f}", f"{placed.truncation:.4f}"
                    table.writerow([picture.file, line, placed.label, *seen])


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A folder that takes its place when all is in it."""
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=folder.absolute().parent, prefix=f".{folder.name[:100]}."))
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


def _chunks(messages: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    while chunk := list(islice(messages, CHUNK)):
        yield chunk


def _made(maker: Maker, chunks: Iterator[list[Numbered]], workers: int) -> Iterator[Made]:
    """What is made of each chunk, in their order, by so many processes."""
    if workers == 1:
        yield from map(maker, chunks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (maker.folder, maker.plan)) as pool:
        waiting: deque[Future[Made]] = deque()
        try:
            for chunk in chunks:
                waiting.append(pool.submit(_work, chunk))
                if len(waiting) >= AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise ConfigError("--workers: a process was killed; with less memory, ask for fewer of them") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin(folder: Path, plan: Plan) -> None:
    """In a process of its own: Ctrl-C is answered by the one that started it."""
    global _maker  # noqa: PLW0603
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _maker = Maker(folder, plan)


def _work(chunk: list[Numbered]) -> Made:
    return _maker(chunk)


_maker: Maker


def _backgrounds(path: Path | None) -> list[Path]:
    """The files to take backgrounds from in turn; none: a test card."""
    if path is None:
        return []
    return pictures_in(path) if path.is_dir() else [path]


@lru_cache(4)
def _read(path: Path, size: tuple[int, int] | None) -> Image.Image:
    return read_background(path, size)


@lru_cache(1)
def _card(size: tuple[int, int] | None) -> Image.Image:
    return Image.fromarray(test_card(size))
