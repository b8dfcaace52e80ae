"""The Raspberry Pi's camera, without one.

Every call is bound against the signatures of picamera2's real versions (`tests/golden/make_picamera2.py`), and what a
program sees of its jobs, requests and buffers is played. What this cannot prove: that the bytes of a real sensor
come as red, green and blue, that a real buffer is free again once its request is released, how long anything takes,
and that libcamera accepts the configuration of every sensor. One look at a captured picture on a Pi tells the first.
"""

import ast
import sys
from pathlib import Path

import pytest

from agent.cameras import picamera
from agent.cameras.picamera import PiCamera
from agent.clock import FakeClock
from agent.errors import CameraError
from tests.agent.cameras.pi import GOLDEN, Pi


@pytest.fixture
def pi(mocker):
    return Pi().install(mocker)


@pytest.fixture
def camera(pi):
    camera = PiCamera((64, 48), FakeClock())
    yield camera
    camera.close()
    assert not pi.hung
    assert not pi.taken
    assert pi.held == 0


def green(frame) -> int:
    """The number of the frame, as the fake counts them."""
    return int(frame.pixels[0, 0, 1])


def test_frames_are_red_green_and_blue_at_the_size_that_was_asked_for(camera, pi):
    camera.open()
    frame = camera.capture(1)
    assert frame.pixels.shape == (48, 64, 3)
    assert frame.pixels[0, 0].tolist() == [200, 1, 7]
    assert frame.time_unix_ns == FakeClock().epoch_ns


def test_every_frame_is_a_new_one_and_its_buffer_is_given_back(camera, pi):
    camera.open()
    assert [green(camera.capture(1)) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert pi.held == 0


def test_a_frame_that_came_before_anybody_asked_is_not_given(camera, pi):
    camera.open()
    pi.frame_comes()
    assert green(camera.capture(1)) == 2


def test_a_frame_that_does_not_come_in_time_is_told(camera, pi):
    camera.open()
    pi.stalled = True
    with pytest.raises(CameraError, match=r"no frame within 0.5 s; check its cable, or raise \[camera\] timeout_s"):
        camera.capture(0.5)


def test_a_late_frame_that_came_between_captures_is_old_and_given_back(camera, pi):
    camera.open()
    for late in range(3 * pi.buffers):
        pi.stalled = True
        with pytest.raises(CameraError, match="no frame within"):
            camera.capture(1)
        pi.frame_comes()
        pi.stalled = False
        assert green(camera.capture(1)) == 2 * late + 2
    assert pi.held == 0


def test_captures_in_vain_ask_for_one_frame_only(camera, pi):
    camera.open()
    pi.stalled = True
    for _ in range(5):
        with pytest.raises(CameraError, match="no frame within"):
            camera.capture(1)
    assert len(pi.jobs) == 1
    pi.stalled = False
    assert green(camera.capture(1)) == 1


@pytest.mark.parametrize("came", [False, True])
def test_it_can_be_closed_while_a_frame_is_late_and_opened_again(camera, pi, came):
    camera.open()
    pi.stalled = True
    with pytest.raises(CameraError, match="no frame within"):
        camera.capture(1)
    if came:
        pi.frame_comes()
    camera.close()
    assert (pi.hung, pi.taken, pi.held) == (False, False, 0)
    pi.stalled = False
    camera.open()
    assert green(camera.capture(1)) == 1 + came


def test_a_frame_that_comes_at_the_moment_of_closing_is_given_back_or_never_given(camera, pi):
    camera.open()
    pi.stalled = True
    with pytest.raises(CameraError, match="no frame within"):
        camera.capture(1)
    pi.just_missed = True
    camera.close()
    assert pi.held == 0


def test_a_late_frame_that_failed_is_no_matter_of_the_next_capture(camera, pi):
    camera.open()
    pi.stalled = True
    with pytest.raises(CameraError, match="no frame within"):
        camera.capture(1)
    late = pi.jobs[0]
    pi.frame_comes()
    late.answer.release()  # a second time is an error
    pi.stalled = False
    assert green(camera.capture(1)) == 2


def test_a_frame_that_cannot_be_copied_is_told_and_given_back(camera, pi):
    camera.open()
    pi.faults["make_array"] = RuntimeError("failed to find buffer")
    with pytest.raises(CameraError, match=r"gave no frame \(failed to find buffer\); open it again"):
        camera.capture(1)
    assert pi.held == 0
    pi.faults.clear()
    assert green(camera.capture(1)) == 2


@pytest.mark.parametrize("name", ["capture_request", "wait"])
def test_whatever_fails_in_a_capture_is_told_and_the_next_one_goes_on(camera, pi, name):
    camera.open()
    pi.faults[name] = OSError("gone")
    with pytest.raises(CameraError, match=r"gave no frame \(gone\)"):
        camera.capture(1)
    pi.faults.clear()
    pi.jobs.clear()
    assert green(camera.capture(1)) == 1


def test_frames_of_another_size_are_refused_with_what_came(camera, pi):
    camera.open()
    pi.shape = (32, 32)
    with pytest.raises(CameraError, match=r"shape \(32, 32, 3\) instead of 64x48 .*; set \[camera\] size"):
        camera.capture(1)
    assert pi.held == 0


@pytest.mark.parametrize("known", [True, False])
def test_that_no_camera_is_attached_is_told(camera, pi, mocker, known):
    pi.attached = False
    if not known:
        mocker.patch("tests.agent.cameras.pi.Picamera2.global_camera_info", return_value=[{}])
    with pytest.raises(CameraError, match="no camera is attached; check its cable" if known else "index out of range"):
        camera.open()


def test_that_another_program_holds_it_is_told_with_the_systems_own_reason(camera, pi):
    pi.taken = True
    with pytest.raises(CameraError, match=r"\(Failed to acquire camera: Device or resource busy\); end the program"):
        camera.open()
    assert pi.taken  # by the other one
    pi.taken = False
    camera.open()
    assert green(camera.capture(1)) == 1


def test_the_reason_ends_where_an_earlier_trouble_of_our_own_begins(camera, pi):
    pi.faults["configure"] = RuntimeError("bad size")
    try:
        raise CameraError("earlier")
    except CameraError:
        with pytest.raises(CameraError, match=r"cannot be opened \(bad size\)"):
            camera.open()


@pytest.mark.parametrize("name", ["global_camera_info", "create_video_configuration", "configure", "start"])
@pytest.mark.parametrize("error", [RuntimeError("bad size"), IndexError(), MemoryError("CMA")])
def test_what_was_half_opened_is_closed(camera, pi, name, error):
    pi.faults[name] = error
    with pytest.raises(CameraError, match=str(error) or "IndexError"):
        camera.open()
    assert not pi.taken
    with pytest.raises(CameraError, match="call open first"):
        camera.capture(1)
    pi.faults.clear()
    camera.open()
    assert green(camera.capture(1)) == 1


@pytest.mark.parametrize("name", ["stop_preview", "close"])
def test_a_close_that_fails_is_borne_and_lets_go(camera, pi, name):
    camera.open()
    pi.faults[name] = RuntimeError("closing failed")
    camera.close()
    camera.close()
    with pytest.raises(CameraError, match="call open first"):
        camera.capture(1)
    pi.faults.clear()
    pi.taken = False


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import libcamera", "No module named 'libcamera'"),
        ("raise ValueError('numpy.dtype size changed')", "numpy.dtype size changed"),
        ("", "cannot import name 'Picamera2'"),
    ],
)
def test_a_picamera2_that_cannot_be_imported_is_told_with_how_to_install_it(mocker, tmp_path, source, told):
    (tmp_path / "picamera2.py").write_text(source)
    mocker.patch.dict(sys.modules)
    sys.modules.pop("picamera2", None)
    mocker.patch.object(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(CameraError, match=rf"{told}.*apt install python3-picamera2.*--system-site-packages"):
        PiCamera((64, 48), FakeClock()).open()


def test_a_picamera2_that_is_missing_is_told_and_nothing_is_left_to_close(mocker):
    mocker.patch.dict(sys.modules, {"picamera2": None})
    camera = PiCamera((64, 48), FakeClock())
    with pytest.raises(CameraError, match="picamera2 cannot be imported"):
        camera.open()
    camera.close()


def test_every_method_that_is_called_is_one_of_picamera2s_own():
    source = ast.parse(Path(picamera.__file__).read_text())
    calls = [node.func for node in ast.walk(source) if isinstance(node, ast.Call)]
    called = {call.attr for call in calls if isinstance(call, ast.Attribute) and not _is_own(call)}
    known = {"Picamera2", *(name for version in GOLDEN.values() for kind in version.values() for name in kind)}
    assert len(called) >= 9
    assert called <= known


def _is_own(call: ast.Attribute) -> bool:
    return ast.unparse(call.value) in ("self", "self._clock")


def test_the_format_is_red_green_and_blue_in_every_version():
    assert {version["bytes"][picamera.FORMAT] for version in GOLDEN.values()} == {"RGB"}
