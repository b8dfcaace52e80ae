import json
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.imaging.labels import LABELS, Coco, Labelled, Voc, Yolo, one_line
from agent.imaging.scene import Placed, Rect

FRAME = Rect(0, 0, 320, 180)
CLASSES = ["cat", "dog", "traffic light"]


def placed(label: str, *edges: int, score: float = 0.5, visibility: float = 1.0) -> Placed:
    whole = Rect(*edges)
    return Placed(label, score, whole, whole.within(FRAME), visibility)


PLACED = [
    placed("dog", 10, 20, 50, 100, score=0.75, visibility=0.123456),
    placed("cat", -50, -20, 50, 20, score=0.25),
    placed("dog", 300, 100, 400, 200, visibility=0.95),
]
LABELLED = Labelled(7, "000007.jpg", 320, 180, PLACED)
RECTS = st.tuples(st.integers(0, 4000), st.integers(0, 4000), st.integers(2, 4000), st.integers(2, 4000)).map(
    lambda four: Rect(four[0], four[1], four[0] + four[2], four[1] + four[3])
)


def coco(*pictures: Labelled, classes=CLASSES):
    return Coco().document(pictures, classes)


def voc(labelled: Labelled = LABELLED, classes=CLASSES) -> Xml.Element:
    return Xml.fromstring(Voc().write(labelled, classes))


def texts(root: Xml.Element, path: str) -> list[str | None]:
    return [found.text for found in root.findall(path)]


def test_coco_tells_pictures_objects_and_classes():
    document = json.loads(Coco().write(LABELLED, CLASSES))
    assert document["images"] == [{"id": 7, "file_name": "000007.jpg", "width": 320, "height": 180}]
    assert document["categories"] == [
        {"id": 1, "name": "cat"},
        {"id": 2, "name": "dog"},
        {"id": 3, "name": "traffic light"},
    ]
    first, second, third = document["annotations"]
    assert first == {
        "id": 1,
        "image_id": 7,
        "category_id": 2,
        "bbox": [10, 20, 40, 80],
        "area": 3200,
        "iscrowd": 0,
        "detection": 0,
        "score": 0.75,
        "visibility": 0.1235,
        "truncation": 0,
    }
    assert (second["category_id"], second["bbox"], second["area"], second["truncation"]) == (
        1,
        [0, 0, 50, 20],
        1000,
        0.75,
    )
    assert (third["bbox"], third["truncation"]) == ([300, 100, 20, 80], 0.84)
    assert [second["id"], third["id"]] == [2, 3]


def test_in_one_document_of_many_pictures_no_number_comes_twice():
    other = Labelled(8, "000008.jpg", 320, 180, PLACED[:2])
    document = coco(LABELLED, other)
    assert [picture["id"] for picture in document["images"]] == [7, 8]
    assert [found["id"] for found in document["annotations"]] == [1, 2, 3, 4, 5]
    assert [found["image_id"] for found in document["annotations"]] == [7, 7, 7, 8, 8]
    assert len(document["categories"]) == 3


@pytest.mark.parametrize("name", LABELS)
def test_boxes_are_of_what_the_frame_leaves_of_an_object(name):
    """A round object that is cut off leaves less than its box."""
    round_ = Placed("dog", 1, Rect(-50, 0, 50, 100), Rect(0, 0, 50, 100), place=4, rest=Rect(0, 10, 40, 90))
    data = LABELS[name]().write(Labelled(0, "0.png", 320, 180, [round_]), CLASSES)
    if name == "coco":
        (found,) = json.loads(data)["annotations"]
        assert (found["bbox"], found["area"], found["detection"]) == ([0, 10, 40, 80], 3200, 4)
    elif name == "yolo":
        assert data == b"1 0.062500 0.277778 0.125000 0.444444\n"
    else:
        assert [int(edge.text) for edge in Xml.fromstring(data).find("object/bndbox")] == [1, 11, 40, 90]


def test_only_yolo_numbers_its_classes():
    assert [name for name, labels in LABELS.items() if labels.numbered] == ["yolo"]


def test_coco_names_classes_in_any_script():
    labelled = Labelled(0, "0.png", 320, 180, [placed("猫", 0, 0, 9, 9)])
    data = Coco().write(labelled, ["猫"])
    assert "猫" in data.decode()
    assert json.loads(data)["categories"] == [{"id": 1, "name": "猫"}]


@pytest.mark.parametrize("name", LABELS)
def test_a_picture_without_objects_has_labels_too(name):
    data = LABELS[name]().write(Labelled(0, "0.png", 320, 180, []), CLASSES)
    if name == "coco":
        assert json.loads(data)["annotations"] == []
    elif name == "yolo":
        assert data == b""
    else:
        assert Xml.fromstring(data).findall("object") == []


def test_each_format_tells_its_type_and_how_its_files_end():
    told = {name: (labels.content_type, labels.suffix) for name, labels in LABELS.items()}
    assert told == {
        "coco": ("application/json", ".json"),
        "yolo": ("text/plain", ".txt"),
        "voc": ("application/xml", ".xml"),
    }


def test_yolo_has_a_line_an_object():
    assert Yolo().write(LABELLED, CLASSES).decode() == (
        "1 0.093750 0.333333 0.125000 0.444444\n"
        "0 0.078125 0.055556 0.156250 0.111111\n"
        "1 0.968750 0.777778 0.062500 0.444444\n"
    )


@given(RECTS)
def test_numbers_of_yolo_are_fractions_and_go_back_to_pixels(seen):
    width, height = seen.right + 3, seen.bottom + 5
    line = Yolo().write(Labelled(0, "0.png", width, height, [Placed("dog", 1, seen, seen)]), CLASSES)
    number, x, y, w, h = line.split()
    assert int(number) == 1
    x, y, w, h = (float(part) for part in (x, y, w, h))
    assert all(0 <= part <= 1 for part in (x, y, w, h))
    back = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
    assert back == pytest.approx(seen, abs=0.5)


def test_voc_counts_pixels_from_one_and_both_edges_are_within_the_box():
    root = voc()
    assert root.tag == "annotation"
    assert root.findtext("filename") == "000007.jpg"
    assert [root.findtext(f"size/{side}") for side in ("width", "height", "depth")] == ["320", "180", "3"]
    assert root.findtext("segmented") == "0"
    assert texts(root, "object/name") == ["dog", "cat", "dog"]
    boxes = [[int(edge.text) for edge in box] for box in root.findall("object/bndbox")]
    assert boxes == [[11, 21, 50, 100], [1, 1, 50, 20], [301, 101, 320, 180]]
    assert [edge.tag for edge in root.find("object/bndbox")] == ["xmin", "ymin", "xmax", "ymax"]
    assert (texts(root, "object/pose"), texts(root, "object/difficult")) == (["Unspecified"] * 3, ["0"] * 3)


@given(RECTS)
def test_a_box_of_voc_holds_as_many_pixels_as_are_seen(seen):
    root = voc(Labelled(0, "0.png", 9000, 9000, [Placed("dog", 1, seen, seen)]))
    left, top, right, bottom = (int(edge.text) for edge in root.find("object/bndbox"))
    assert (right - left + 1) * (bottom - top + 1) == seen.area
    assert (left, top) == (seen.left + 1, seen.top + 1)


def test_voc_tells_what_is_hidden_and_what_is_cut_off():
    root = voc()
    assert texts(root, "object/visibility") == ["0.1235", "1.0000", "0.9500"]
    assert texts(root, "object/occluded") == ["1", "0", "0"]
    assert texts(root, "object/truncation") == ["0.0000", "0.7500", "0.8400"]
    assert texts(root, "object/truncated") == ["0", "1", "1"]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_the_class_is_called_voc_is_well_formed_and_the_others_name_it(name):
    labelled = Labelled(0, "0.png", 320, 180, [placed(name, 10, 10, 50, 50)])
    root = voc(labelled, [name])
    printable = "".join(mark for mark in name if mark.isprintable())
    assert root.findtext("object/name") == printable
    assert root.findtext("object/bndbox/xmin") == "11"
    assert json.loads(Coco().write(labelled, [name]))["categories"] == [{"id": 1, "name": name}]
    assert Yolo().write(labelled, [name]).split()[0] == b"0"


def test_markup_in_a_name_stays_text():
    name = "</name><object>&amp;]]><!-- \"'"
    root = voc(Labelled(0, name, 320, 180, [placed(name, 10, 10, 50, 50)]), [name])
    assert root.findtext("filename") == root.findtext("object/name") == name
    assert len(root.findall(".//object")) == 1


@pytest.mark.parametrize(
    ("name", "line"), [("traffic light", "traffic light"), ("a\nb\0c", "a b c"), ("", "?"), ("猫", "猫")]
)
def test_a_name_can_be_written_in_one_line(name, line):
    assert one_line(name) == line
