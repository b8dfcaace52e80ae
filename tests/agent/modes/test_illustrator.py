import base64
import json
import math

import numpy as np
import pytest
from PIL import Image

from agent.imaging.pictures import Pictures
from agent.modes.envelope import Envelope
from agent.modes.illustrator import Illustrator
from agent.settings.pictures import PicturesTable
from agent.viewfinder import View
from tests.scenes import scene_template, scene_text

BACKGROUND = Image.new("RGB", (64, 48), (10, 20, 30))


class AtOnce:
    """A studio that makes each picture at once, as long as it can."""

    def __init__(self, works: bool = True) -> None:
        self.works = works

    def order(self, make, done, patience_s=math.inf) -> None:
        view = View(BACKGROUND, "camera")
        done(make(view) if self.works else None, view)


def illustrator(published: list, works: bool = True, **keys) -> Illustrator:
    table = PicturesTable.model_validate(keys)
    pictures = Pictures(scene_template(), table)
    return Illustrator(
        pictures,
        AtOnce(works),
        envelope=Envelope("site/cam", 1, "r"),
        publish=published.append,
        rng=lambda *key: np.random.default_rng(key),
        inline=table.inline,
    )


def test_a_message_is_followed_by_its_picture_and_its_labels():
    published: list = []
    illustrator(published, labels="voc").tell(7, scene_text())
    message, image, labels = published
    assert [each.topic for each in published] == ["site/cam", "site/cam/image", "site/cam/labels"]
    assert message.payload.decode() == scene_text()
    assert (image.content_type, labels.content_type) == ("image/jpeg", "application/xml")
    assert dict(image.properties) == {"simulated": "true", "run": "r", "seq": "7", "background": "camera"}
    assert dict(labels.properties)["seq"] == "7"
    assert dict(labels.properties)["visibility"] == "1.0000"
    assert b"<name>dog</name>" in labels.payload
    assert image.payload[:3] == b"\xff\xd8\xff"


@pytest.mark.parametrize(("format_", "magic"), [("jpeg", b"\xff\xd8\xff"), ("png", b"\x89PNG"), ("webp", b"RIFF")])
def test_the_content_type_is_that_of_the_format(format_, magic):
    published: list = []
    illustrator(published, format=format_).show(1, scene_text())
    assert published[0].content_type == f"image/{format_}"
    assert published[0].payload.startswith(magic)


def test_without_a_picture_the_message_stands_alone():
    published: list = []
    illustrator(published, works=False, labels="coco").tell(1, scene_text())
    assert [each.topic for each in published] == ["site/cam"]


def test_inline_the_message_holds_its_picture_and_stays_as_it_was_otherwise():
    published: list = []
    illustrator(published, inline="image").tell(1, scene_text())
    (message,) = published
    assert (message.topic, message.content_type) == ("site/cam", "application/json")
    told = json.loads(message.payload)
    assert base64.b64decode(told.pop("image")).startswith(b"\xff\xd8\xff")
    assert told == json.loads(scene_text())
    assert message.payload.decode().startswith(scene_text()[:-1])


def test_inline_without_a_picture_the_message_says_null():
    published: list = []
    illustrator(published, works=False, inline="image").tell(1, scene_text())
    assert json.loads(published[0].payload)["image"] is None


def test_the_same_seq_gives_the_same_picture_whatever_came_before():
    first: list = []
    second: list = []
    one = illustrator(first, noise=20)
    for seq in (1, 2, 3):
        one.show(seq, scene_text())
    illustrator(second, noise=20).show(3, scene_text())
    assert first[2].payload == second[0].payload
    assert first[1].payload != first[2].payload
