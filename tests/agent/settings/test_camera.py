import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.settings.camera import CameraTable


def table(**keys) -> CameraTable:
    return CameraTable.model_validate(keys, context={"folder": Path("/etc/understudy")})


def told(**keys) -> str:
    with pytest.raises(ValidationError) as error:
        table(**keys)
    return str(error.value)


def test_everything_has_a_default():
    camera = table()
    assert (camera.kind, camera.path, camera.size, camera.fallback) == (None, None, None, None)
    assert (camera.order, camera.privacy, camera.timeout_s) == ("name", "none", 2.0)
    assert camera.color == (127, 127, 127)
    assert camera.script == (("frame", ""),)


def test_an_unknown_key_or_kind_is_refused():
    assert "Extra inputs are not permitted" in told(kidn="fake")
    assert "'picamera2', 'folder'" in told(kind="webcam")


@given(st.integers(8, 2048), st.integers(8, 2048))
def test_a_size_is_a_width_and_a_height(width, height):
    assert table(size=f"{2 * width}x{2 * height}").size == (2 * width, 2 * height)


@pytest.mark.parametrize(
    "size", ["1280", "1280x", "x720", "1280X720", "1280 x 720", "-16x16", "1e3x16", "٦٤x٦٤", 5, ""]
)
def test_a_size_that_is_none_is_told_with_an_example(size):
    assert 'must be a width and a height such as "1280x720"' in told(size=size)


@pytest.mark.parametrize("size", ["14x64", "64x14", "4098x64", "64x4098", "65x64", "64x65", "0x0", "99999x99999"])
def test_a_size_has_even_sides_within_limits(size):
    assert "must have even sides of 16 to 4096 pixels" in told(size=size)


def test_a_colour_is_written_as_in_a_web_page():
    assert table(kind="color", color="#7f9F00").color == (127, 159, 0)


@pytest.mark.parametrize("color", ["7f9f7f", "#7f9f7", "#7f9f7ff", "#7f9f7g", "red", 5, "#7f9f7f\n", "#٧٧٧٧٧٧"])
def test_a_colour_that_is_none_is_told_with_an_example(color):
    assert 'must be a colour such as "#7f9f7f"' in told(color=color)


def test_a_script_is_read_line_by_line():
    script = ["closed: busy", "frame", "delay 2.5", "delay 10", "error", "error: lens cap: on"]
    assert table(kind="fake", script=script).script == (
        ("closed", "busy"),
        ("frame", ""),
        ("delay", "2.5"),
        ("delay", "10"),
        ("error", ""),
        ("error", "lens cap: on"),
    )


@pytest.mark.parametrize(
    "line",
    ["", "fram", "frame: x", "Frame", "frame\n", "delay", "delay x", "delay -1", "delay inf", "delay 1e3",
     "delay 12345", "delay 1.", "delay ٢", "error:", "error: ", "error:busy", "error: " + "x" * 201, "error: a\nb",
     "closed", 5, None],
)  # fmt: skip
def test_a_line_that_no_script_has_is_told_with_what_may_stand_there(line):
    assert 'must be "frame", "delay SECONDS", "error", "error: REASON" or, first, "closed: REASON"' in told(
        script=["frame", line]
    )


def test_a_script_has_a_line_and_is_closed_at_the_first_only():
    assert "the least is" in told(kind="fake", script=[])
    assert "at most 1000 items" in told(script=["frame"] * 1001)
    assert "closed may only stand first in script" in told(kind="fake", script=["frame", "closed: busy"])


@pytest.mark.parametrize("kind", ["folder", "still"])
def test_a_folder_and_a_still_need_a_path_which_starts_at_the_configurations_folder(kind):
    assert f"kind = {kind!r} needs path" in told(kind=kind)
    assert table(kind=kind, path="a/b.png").path == Path("/etc/understudy/a/b.png")
    assert table(kind=kind, path="/a/b.png").picture == Path("/a/b.png")


@pytest.mark.parametrize("kind", [None, "picamera2", "color", "gradient", "fake"])
def test_no_other_kind_has_a_path(kind):
    assert f"kind = {kind or 'auto'!r} has no path; only folder and still have" in told(kind=kind, path="a.png")
    assert table(kind=kind).path is None


@pytest.mark.parametrize(("key", "kind"), [("script", "fake"), ("color", "color"), ("order", "folder")])
def test_what_is_of_one_kind_is_refused_of_another(key, kind):
    values = {"script": ["frame"], "color": "#000000", "order": "name"}
    assert f"{key} is of kind = {kind!r}, which this is not" in told(kind="gradient", **{key: values[key]})


def test_a_path_that_is_none_is_refused():
    assert "holds a NUL character" in told(kind="still", path="a\0b")
    assert "not a valid path" in told(kind="still", path=5)


def test_privacy_that_replaces_needs_what_to_show_instead():
    assert "needs a picture to show instead; set fallback" in told(privacy="replace")
    assert table(privacy="replace", fallback="a.png").fallback == Path("/etc/understudy/a.png")
    assert table(privacy="blur").fallback is None
    assert "'none', 'blur' or 'replace'" in told(privacy="some")


@pytest.mark.parametrize("timeout_s", [0, 0.04, 61, -1, float("nan"), float("inf"), "soon"])
def test_a_frame_is_waited_for_within_limits(timeout_s):
    assert "timeout_s" in told(timeout_s=timeout_s)
    assert table(timeout_s=60).timeout_s == 60


def test_an_order_is_by_name_or_at_random():
    assert table(kind="folder", path="a", order="random").order == "random"
    assert "'name' or 'random'" in told(order="size")


def test_the_settings_do_without_pillow():
    code = "import sys, agent.settings.camera; sys.exit('PIL' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
