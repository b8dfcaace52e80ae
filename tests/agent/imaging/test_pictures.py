import base64
import io
import json
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from PIL import Image

from agent.errors import ConfigError, PictureError
from agent.imaging.pictures import Counts, Picture, Pictures
from agent.message.template import Template
from agent.settings.pictures import PicturesTable
from tests.made_pictures import BLUE, FRAME, GREEN, RED, backdrop, bounds, bright, noise, plain, put


def template(order: str = "yxyx", limits=(1.0, 1.0), labels=("cat", "dog", None), boxes: bool = True) -> Template:
    """A message with a list of one object."""
    where = {"node": "box", "column": "b", "order": order, "format": {}, "limits": limits}
    category = {"node": "category", "column": "c", "labels": [name for name in labels if name is not None]}
    label = (
        {"node": "maybe", "column": "?", "states": ["value", "null"], "of": category} if None in labels else category
    )
    members = {"label": label, "score": {"node": "number", "column": "s", "format": {}}}
    item = {"node": "object", "members": members | ({"box": where} if boxes else {})}
    seen = {"node": "items", "column": "#", "compositions": [[], ["a"]], "slots": {"a": item}}
    return Template.model_validate({"message": {"node": "object", "members": {"seen": seen}}})


def message(*found: tuple[str | None, list[float]]) -> str:
    return json.dumps({"seen": [{"label": label, "score": 0.5, "box": box} for label, box in found]})


def pictures(of: Template | None = None, counts: Counts | None = None, **keys) -> Pictures:
    return Pictures(of or template(), PicturesTable(**({"format": "png"} | keys)), counts)


def make(by: Pictures, text: str, seq: int = 7, seed: int = 0, background: Image.Image | None = None) -> Picture | None:
    return by.make(seq, text, background or backdrop(), np.random.default_rng(seed))


def opened(picture: Picture | None) -> Image.Image:
    assert picture is not None
    with Image.open(io.BytesIO(picture.data)) as image:
        return image.convert("RGB")


TWO = message(("cat", [0.25, 0.25, 0.75, 0.5]), ("dog", [0.5, 0.75, 1, 1]))


def test_a_message_and_a_background_become_a_picture(tmp_path):
    put(tmp_path, cat=plain((9, 9), RED), dog=plain((9, 9), GREEN))
    image = opened(make(pictures(sprites=tmp_path), TWO))
    assert image.size == FRAME
    assert (image.getpixel((120, 90)), image.getpixel((280, 170))) == (RED, GREEN)
    assert bright(image).sum() == 80 * 90 + 80 * 90
    assert image.getpixel((10, 10)) == backdrop().getpixel((10, 10))


def test_a_message_in_which_nothing_is_seen_is_the_background():
    by = pictures()
    assert opened(make(by, '{"seen":[]}')).tobytes() == backdrop().tobytes()
    assert by.counts == Counts(pictures=1)


@pytest.mark.parametrize(("format_", "suffix"), [("jpeg", ".jpg"), ("png", ".png"), ("webp", ".webp")])
def test_a_picture_is_named_by_its_messages_number(format_, suffix):
    picture = make(pictures(format=format_), TWO, seq=42)
    labelled = picture.labelled
    assert (labelled.seq, labelled.file, labelled.width, labelled.height) == (42, f"000042{suffix}", 320, 180)
    assert [placed.label for placed in labelled.placed] == ["cat", "dog"]
    assert picture.labels is None
    assert Image.open(io.BytesIO(picture.data)).format.lower() == format_


@pytest.mark.parametrize(
    ("limits", "keys", "box"),
    [
        ((1.0, 1.0), {}, [0.25, 0.25, 0.75, 0.5]),
        ((1.0, 1.0), {"order": "xyxy"}, [0.25, 0.25, 0.5, 0.75]),
        ((1.0, 1.0), {"order": "xywh"}, [0.25, 0.25, 0.25, 0.5]),
        ((135, 160), {}, [45, 80, 135, 160]),
        ((360, 640), {}, [90, 160, 270, 320]),
        ((480, 640), {"frame": "320x180"}, [45, 80, 135, 160]),
        ((180, 320), {"units": "normalised"}, [0.25, 0.25, 0.75, 0.5]),
        ((1.0, 1.0), {"units": "pixels"}, [45, 80, 135, 160]),
        ((360, 640), {"frame": "640x360"}, [90, 160, 270, 320]),
    ],
)
def test_boxes_are_read_as_the_bundle_has_them_or_as_it_is_said(limits, keys, box):
    image = opened(make(pictures(template(limits=limits), **keys), message(("cat", box))))
    assert bounds(bright(image)) == (80, 45, 160, 135)


def test_what_is_assumed_of_boxes_is_told():
    assert pictures().told == "seen[].box (yxyx, fractions of the frame)"
    assert pictures(template("xywh", (480, 640))).told == "seen[].box (xywh, pixels of 640x480)"
    assert pictures(template(limits=(480, 640)), frame="320x180").told == "seen[].box (yxyx, pixels of 320x180)"
    assert pictures(order="cxcywh", units="pixels").told == "seen[].box (cxcywh, pixels of the picture)"


@pytest.mark.parametrize("name", ["coco", "yolo", "voc"])
def test_labels_tell_what_is_drawn(name):
    by = pictures(labels=name)
    data = make(by, message(("cat", [0.25, 0.25, 0.75, 0.5]), (None, [-1, 0.5, 0.5, 0.75]))).labels
    assert by.classes == ["cat", "dog", "object"]
    if name == "coco":
        found = json.loads(data)["annotations"]
        assert [(each["category_id"], each["bbox"]) for each in found] == [(3, [160, 0, 80, 90]), (1, [80, 45, 80, 90])]
        assert [each["truncation"] for each in found] == [pytest.approx(2 / 3, abs=1e-4), 0]
    elif name == "yolo":
        assert [line.split()[0] for line in data.decode().splitlines()] == ["2", "0"]
    else:
        assert [item.text for item in Xml.fromstring(data).findall("object/name")] == ["object", "cat"]


def test_what_happens_is_counted(tmp_path):
    by = pictures(sprites=put(tmp_path, cat=noise((40, 40))))
    for _ in range(2):
        make(by, message(("cat", [0, 0, 1, 1]), ("dog", [0, 0, 1, 0.5]), ("dog", [0.5, 0.5, 0.5, 0.5])))
    assert by.counts == Counts(pictures=2, placeholders=2, skipped_boxes=2)


def test_one_that_is_too_large_is_written_at_a_lower_quality_or_not_at_all():
    busy, text = noise(FRAME), message()
    fits = pictures(format="jpeg", quality=85, max_bytes=20_000)
    assert len(make(fits, text, background=busy).data) <= 20_000
    assert len(make(pictures(format="jpeg", quality=85), text, background=busy).data) > 20_000
    assert fits.counts == Counts(pictures=1, lower_quality=1)
    never = pictures(format="jpeg", max_bytes=256, labels="coco")
    assert make(never, TWO, background=busy) is None
    assert never.counts == Counts(too_large=1, placeholders=2)


def test_a_picture_has_the_quality_that_was_asked_for():
    sizes = [len(make(pictures(format="jpeg", quality=quality), TWO).data) for quality in (20, 50, 85, 95)]
    assert sizes == sorted(set(sizes))


def test_white_is_keyed_out_where_it_is_asked_for(tmp_path):
    image = plain((60, 60), (255, 255, 255))
    image.paste(RED, (20, 20, 40, 40))
    put(tmp_path, cat=image)
    with_white, without = (opened(make(pictures(sprites=tmp_path, white=flag), TWO)) for flag in (False, True))
    assert with_white.getpixel((98, 68)) == (255, 255, 255)
    assert without.getpixel((98, 68)) == RED


def test_what_happens_to_pictures_of_several_sensors_is_counted_together():
    counts = Counts()
    for by in (pictures(counts=counts), pictures(counts=counts)):
        make(by, TWO)
    assert counts == Counts(pictures=2, placeholders=4)
    assert pictures().counts is not pictures().counts


def test_counts_are_told_and_added():
    counts = Counts(pictures=1_234, skipped_boxes=2)
    assert str(counts) == "1,234 pictures, 2 skipped boxes"
    assert str(Counts()) == "no pictures"
    assert str(Counts(lower_quality=1, too_large=3)) == "1 lower quality, 3 too large"
    assert counts.plus(Counts(1, 2, 3, 4, 5)) == Counts(1_235, 2, 5, 4, 5)
    assert counts == Counts(pictures=1_234, skipped_boxes=2)


def test_the_same_generator_makes_the_same_file(tmp_path):
    (tmp_path / "cat").mkdir()
    put(tmp_path / "cat", **{str(seed): noise((40, 40), seed) for seed in range(20)})
    by = pictures(sprites=tmp_path, format="jpeg", labels="coco", rotation_deg=10, noise=5)
    one, same, other = (make(by, TWO, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.data != other.data


def test_sprites_are_there_to_be_checked(tmp_path):
    by = pictures(sprites=put(tmp_path, cat=plain((9, 9), BLUE)))
    by.stock.read()
    (tmp_path / "dog.png").write_text("no picture")
    with pytest.raises(PictureError, match=r"dog\.png"):
        pictures(sprites=tmp_path).stock.read()


def test_messages_without_boxes_are_refused():
    with pytest.raises(ConfigError, match=r"its messages tell of no boxes, .*; leave the table out"):
        pictures(template(boxes=False))


def test_a_picture_that_would_stand_in_a_message_needs_a_place_there():
    with pytest.raises(ConfigError, match="inline = 'seen': its messages have that key already; choose another"):
        pictures(inline="seen")
    listed = Template.model_validate({"message": template().model_dump()["message"]["members"]["seen"]})
    with pytest.raises(ConfigError, match="inline: its messages are no JSON objects"):
        pictures(listed, inline="image")
    assert opened(make(pictures(inline="image"), TWO)).size == FRAME


def test_a_folder_without_sprites_is_refused(tmp_path):
    with pytest.raises(PictureError, match="holds no sprites"):
        pictures(sprites=tmp_path)


@pytest.mark.parametrize("label", ["", "x" * 10_000, "\0\n\x1b", "🐱", "../../etc/passwd", "a/b", "<&>"])
@pytest.mark.parametrize("name", ["coco", "yolo", "voc"])
def test_a_class_may_be_called_anything(label, name):
    by = pictures(template(labels=(label,)), labels=name)
    picture = make(by, message((label, [0.25, 0.25, 0.75, 0.5])))
    assert bounds(bright(opened(picture))) == (80, 45, 160, 135)
    assert by.classes == [label]
    assert base64.b64encode(picture.labels)
    if name == "voc":
        assert len(Xml.fromstring(picture.labels).findall("object")) == 1
