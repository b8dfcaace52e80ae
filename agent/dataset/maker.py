"""Pictures and their labels, put into a folder."""

import csv
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from agent.cameras.steady import test_card
from agent.dataset.plan import Plan
from agent.imaging.files import pictures_in, read_background
from agent.imaging.labels import Coco, Labelled, one_line
from agent.imaging.pictures import Counts, Pictures

COCO, CLASSES, VISIBILITY = "labels.json", "classes.txt", "visibility.csv"

Numbered = tuple[int, str]
Made = tuple[list[Labelled], Counts]


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

    @property
    def told(self) -> str:
        """What is drawn, for people."""
        return self._pictures.told

    def check(self) -> None:
        """See that every sprite, and the first background, can be read (PictureError: one cannot)."""
        self._pictures.stock.read()
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
                lines = "".join(f"{one_line(name)}\n" for name in classes)
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
