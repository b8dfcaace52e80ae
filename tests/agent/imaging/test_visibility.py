import pytest

from agent.message.detections import Detection
from tests.made_pictures import BLUE, GREEN, RED, compose, plain, put, thing


def colors(folder, **of):
    return put(folder, **{name: plain((40, 40), color) for name, color in of.items()})


def visibility(folder, *found: Detection, **keys) -> dict[str, float]:
    """Of what was found; each stands in front of those before it."""
    ranked = [Detection(each.label, rank, each.box) for rank, each in enumerate(found)]
    made = compose(ranked, folder, labels="coco", depth="score", **keys).placed
    return {placed.label: placed.visibility for placed in made}


def test_what_others_hide_of_an_object_is_not_visible(tmp_path):
    colors(tmp_path, a=RED, b=GREEN, c=BLUE)
    a = thing("a", 0, 0, 100, 100)
    assert visibility(tmp_path, a) == {"a": 1}
    assert visibility(tmp_path, a, thing("b", 50, 0, 150, 100)) == {"a": 0.5, "b": 1}
    assert visibility(tmp_path, a, thing("b", 0, 0, 100, 100)) == {"a": 0, "b": 1}
    assert visibility(tmp_path, a, thing("b", 100, 0, 200, 100)) == {"a": 1, "b": 1}
    assert visibility(tmp_path, a, thing("b", 90, 80, 300, 170)) == {"a": 0.98, "b": 1}
    assert visibility(tmp_path, thing("b", 20, 30, 40, 40), a) == {"b": 0, "a": 1}
    found = [a, thing("b", 20, 20, 60, 70), thing("c", 40, 50, 80, 90)]
    assert visibility(tmp_path, *found) == {"a": pytest.approx(0.68), "b": 0.8, "c": 1}


def test_only_what_is_in_the_frame_counts_as_hidden_or_seen(tmp_path):
    colors(tmp_path, a=RED, b=GREEN)
    behind = thing("a", -100, 0, 100, 100)
    assert visibility(tmp_path, behind, thing("b", -50, 0, 25, 100)) == {"a": 0.75, "b": 1}
    assert visibility(tmp_path, behind, thing("b", 0, -100, 100, 50)) == {"a": 0.5, "b": 1}


def test_what_can_be_seen_through_hides_nothing(tmp_path):
    ring = plain((100, 100), (*GREEN, 255))
    ring.paste((0, 0, 0, 0), (25, 25, 75, 75))
    glass, dense = ring.copy(), ring.copy()
    glass.paste((*GREEN, 127), (25, 25, 75, 75))
    dense.paste((*GREEN, 129), (25, 25, 75, 75))
    put(tmp_path, a=plain((40, 40)), b=plain((40, 40)), ring=ring, glass=glass, dense=dense)
    a, middle = thing("a", 0, 0, 100, 100), thing("b", 40, 40, 60, 60)
    for label, seen in (("ring", 0.25), ("glass", 0.25), ("dense", 0)):
        front = thing(label, 0, 0, 100, 100)
        assert visibility(tmp_path, a, front) == {"a": pytest.approx(seen, abs=0.02), label: 1}
        hidden = {"a": pytest.approx(max(seen - 0.04, 0), abs=0.02), "b": seen > 0, label: 1}
        assert visibility(tmp_path, a, middle, front) == hidden
    ring_behind = thing("ring", 0, 0, 100, 100)
    half = visibility(tmp_path, ring_behind, thing("a", 0, 0, 50, 100))
    assert half == {"ring": pytest.approx(0.5, abs=0.01), "a": 1}
    assert visibility(tmp_path, ring_behind, thing("a", 30, 30, 70, 70)) == {"ring": 1, "a": 1}


def test_of_an_object_that_is_nowhere_opaque_what_others_hide_is_not_visible(tmp_path):
    put(tmp_path, a=plain((40, 40)), faint=plain((40, 40), (*GREEN, 60)))
    faint = thing("faint", 0, 0, 100, 100)
    assert visibility(tmp_path, faint, thing("a", 0, 0, 25, 100)) == {"faint": 0.75, "a": 1}
    assert visibility(tmp_path, faint, thing("a", 0, 0, 100, 100)) == {"faint": 0, "a": 1}
