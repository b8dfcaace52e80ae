import pytest
from pydantic import ValidationError

from agent.settings.pictures import PicturesTable


def test_nothing_has_to_be_set():
    table = PicturesTable()
    assert (table.format, table.quality, table.fit, table.blend, table.labels) == ("jpeg", 85, "fill", "hard", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"quality": 0},
        {"quality": 101},
        {"max_bytes": 10},
        {"blend": "soft"},
        {"order": "yxhw"},
        {"labels": "csv"},
        {"format": "gif"},
        {"rotation_deg": 90},
        {"noise": -1},
        {"frame": "12"},
        {"inline": ""},
        {"colour": "red"},
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        PicturesTable.model_validate(wrong)


def test_pictures_in_the_message_have_no_labels_beside_them():
    with pytest.raises(ValidationError, match="keep one of them"):
        PicturesTable(inline="image", labels="coco")


def test_a_frame_may_have_any_sides():
    assert PicturesTable.model_validate({"frame": "299x301"}).frame == (299, 301)
    assert PicturesTable.model_validate({"frame": "8000x6000"}).frame == (8000, 6000)
