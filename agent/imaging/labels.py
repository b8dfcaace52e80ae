"""Ground truth: what is in a picture and where, as COCO, YOLO or Pascal VOC.

Boxes are of the pixels that were drawn, hidden ones among them. COCO and VOC carry, beside what their
readers know, how much of each object is seen (`visibility`) and how much the frame cuts off (`truncation`).
YOLO has no place for it: there it goes beside the labels.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agent.imaging.scene import Placed
from agent.settings.pictures import LabelsName

HIDDEN = 0.95  # an object of which less is seen counts as occluded


@dataclass(frozen=True)
class Labelled:
    """A picture and what is in it.

    Attributes:
        seq: Of its message.
        file: Its name.
        width, height: In pixels.
        placed: The objects.
    """

    seq: int
    file: str
    width: int
    height: int
    placed: Sequence[Placed]


class Labels(Protocol):
    """A format of labels for one picture."""

    content_type: str
    suffix: str
    numbered: bool
    """Whether classes are numbers, which a reader has to be told the names of."""

    def write(self, labelled: Labelled, classes: Sequence[str]) -> bytes:
        """The labels of a picture."""
        ...


class Coco:
    """COCO's JSON: images, annotations, categories."""

    content_type, suffix, numbered = "application/json", ".json", False

    def write(self, labelled: Labelled, classes: Sequence[str]) -> bytes:
        return _json(self.document([labelled], classes))

    def document(self, pictures: Iterable[Labelled], classes: Sequence[str]) -> dict[str, Any]:
        """One document for any number of pictures."""
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        ids = {name: number for number, name in enumerate(classes, 1)}
        for picture in pictures:
            images.append(
                {"id": picture.seq, "file_name": picture.file, "width": picture.width, "height": picture.height}
            )
            for placed in picture.placed:
                seen = placed.extent
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": picture.seq,
                        "category_id": ids[placed.label],
                        "bbox": [seen.left, seen.top, seen.width, seen.height],
                        "area": seen.area,
                        "iscrowd": 0,
                        "detection": placed.place,
                        "score": placed.score,
                        "visibility": round(placed.visibility, 4),
                        "truncation": round(placed.truncation, 4),
                    }
                )
        categories = [{"id": number, "name": name} for name, number in ids.items()]
        return {"images": images, "annotations": annotations, "categories": categories}


class Yolo:
    """A line an object: the class's number, the box's centre and size as fractions of the picture."""

    content_type, suffix, numbered = "text/plain", ".txt", True

    def write(self, labelled: Labelled, classes: Sequence[str]) -> bytes:
        lines = []
        for placed in labelled.placed:
            seen = placed.extent
            numbers = (
                (seen.left + seen.right) / 2 / labelled.width,
                (seen.top + seen.bottom) / 2 / labelled.height,
                seen.width / labelled.width,
                seen.height / labelled.height,
            )
            lines.append(" ".join([str(classes.index(placed.label)), *(f"{number:.6f}" for number in numbers)]))
        return "".join(f"{line}\n" for line in lines).encode()


class Voc:
    """Pascal VOC's XML; its pixels are counted from 1, and both edges of a box are within it."""

    content_type, suffix, numbered = "application/xml", ".xml", False

    def write(self, labelled: Labelled, classes: Sequence[str]) -> bytes:
        from xml.etree import ElementTree as Xml

        root = Xml.Element("annotation")

        def add(parent: Xml.Element, **texts: object) -> None:
            for name, text in texts.items():
                Xml.SubElement(parent, name).text = "".join(mark for mark in str(text) if mark.isprintable())

        add(root, filename=labelled.file)
        add(Xml.SubElement(root, "size"), width=labelled.width, height=labelled.height, depth=3)
        add(root, segmented=0)
        for placed in labelled.placed:
            item, seen = Xml.SubElement(root, "object"), placed.extent
            add(item, name=placed.label, pose="Unspecified", truncated=int(placed.truncation > 0), difficult=0)
            add(item, occluded=int(placed.visibility < HIDDEN))
            add(item, visibility=f"{placed.visibility:.4f}", truncation=f"{placed.truncation:.4f}")
            box = Xml.SubElement(item, "bndbox")
            add(box, xmin=seen.left + 1, ymin=seen.top + 1, xmax=seen.right, ymax=seen.bottom)
        Xml.indent(root)
        return Xml.tostring(root) + b"\n"


def one_line(name: str) -> str:
    """A class's name where a line stands for it."""
    return "".join(mark if mark.isprintable() else " " for mark in name) or "?"


LABELS: dict[LabelsName, type[Labels]] = {"coco": Coco, "yolo": Yolo, "voc": Voc}


def _json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
