"""What the machine tells: files, locks, the service, the camera."""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from agent.cameras.fake import FakeCamera
from agent.doctor.camera import camera
from agent.doctor.clock import clock
from agent.doctor.disk import disk
from agent.doctor.finding import Skipped
from agent.doctor.network import port
from agent.doctor.readable import SECRET, readable
from agent.doctor.service import service
from agent.doctor.state import state
from agent.doctor.versions import versions
from tests.agent.doctor.patients import configured, installed, locked, patient, process, program

STATE = 'state_dir = "state"'


@pytest.fixture
def kept(tmp_path):
    """A state_dir with a seed, and where each of two sensors is."""
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "seed").write_text("7\n")
    (folder / "lock").touch()
    (folder / "progress.json").write_text('{"run":"1f","sensors":{"climate":[12,5],"door":[3,5]}}')
    return folder


def test_what_is_kept_is_told_and_that_nobody_has_it(tmp_path, kept):
    finding = state(patient(configured(tmp_path, head=STATE)))
    assert finding.said == f"{kept}: a seed, climate at seq 12, door at seq 3"


def test_a_real_lock_is_seen_without_being_touched(tmp_path, kept):
    with (kept / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finding = state(patient(configured(tmp_path, head=STATE), Path("/")))
        assert f"process {os.getpid()} has it" in finding.said
    assert "has it" not in state(patient(configured(tmp_path, head=STATE), Path("/"))).said


def test_the_agent_that_plays_this_configuration_may_have_it_and_another_is_noted(tmp_path, kept):
    path, root = configured(tmp_path, head=STATE), tmp_path / "machine"
    process(root, 7, "understudy-agent", "run", "--config", str(path))
    process(root, 8, "understudy-agent", "run", "--config", "/etc/other.toml")
    locked(root, 7, kept / "lock")
    finding = state(patient(path, root))
    assert finding.status == "ok"
    assert finding.said.endswith("; the running agent has it (process 7)")
    locked(root, 8, kept / "lock")
    finding = state(patient(path, root))
    assert (finding.status, finding.remedy) == ("note", "stop it before a start")
    assert "process 8 has it" in finding.said


@pytest.mark.parametrize(
    ("name", "held", "said"),
    [("seed", "x", "state/seed: holds no seed"), ("progress.json", '{"run":"z"}', "state/progress.json: is damaged")],
)
def test_what_is_damaged_is_told_with_its_place(tmp_path, kept, name, held, said):
    (kept / name).write_text(held)
    finding = state(patient(configured(tmp_path, head=STATE)))
    assert finding.status == "failed"
    assert finding.said.startswith(str(tmp_path / said))


def test_where_nothing_is_kept_there_is_nothing_to_look_at(tmp_path):
    for check in (state, disk):
        with pytest.raises(Skipped, match="no state_dir is set"):
            check(patient(configured(tmp_path)))
    with pytest.raises(Skipped, match="nothing is kept yet"):
        state(patient(configured(tmp_path, head=STATE)))


def test_a_folder_that_the_agent_will_make_is_well_and_is_not_made(tmp_path):
    finding = disk(patient(configured(tmp_path, head='state_dir = "a/b"')))
    assert (finding.status, finding.said) == ("ok", f"{tmp_path}/a/b: is not there yet; the agent makes it")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("folder", "said", "remedy"),
    [
        ("agent.toml", "cannot be written (Not a directory)", "give a folder, or a path where nothing is yet"),
        ("agent.toml/a", "is not there, and {tmp_path}/agent.toml is no folder", "give a path in a folder"),
    ],
)
def test_a_file_for_a_folder_wants_a_folder(tmp_path, folder, said, remedy):
    path = configured(tmp_path, head=f'state_dir = "{folder}"')
    path.chmod(0o700)
    finding = disk(patient(path))
    assert finding.said == f"{tmp_path}/{folder}: {said.format(tmp_path=tmp_path)}"
    assert (finding.status, finding.remedy) == ("failed", remedy)


def test_what_is_kept_without_an_end_is_told(tmp_path, kept):
    (kept / "seed").unlink()
    (kept / "seed").symlink_to("/dev/zero")
    finding = state(patient(configured(tmp_path, head=STATE)))
    assert (finding.status, finding.said) == ("failed", f"{kept}/seed: cannot be read (it is larger than 4 MB)")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of half a megabyte."""
    folder = tmp_path / "state"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_nearly_full_is_noted_and_a_full_one_fails(tmp_path, small_disk):
    finding = disk(patient(configured(tmp_path, head=STATE)))
    assert (finding.status, finding.remedy) == ("note", "make room")
    (small_disk / "ballast").write_bytes(bytes(480 * 1024))
    finding = disk(patient(configured(tmp_path, head=STATE)))
    assert (finding.status, finding.remedy) == ("failed", "make room")
    assert "cannot be written (No space left on device)" in finding.said
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_a_disk_that_is_read_only_fails(tmp_path, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    finding = disk(patient(configured(tmp_path, head=STATE)))
    assert finding.status == "failed"
    assert "Read-only file system" in finding.said
    assert finding.remedy == "let the agent's user own a state_dir that is not read-only"


def shown(tmp_path: Path, does: str, more: str = "", root: Path | None = None):
    path = configured(tmp_path, pictures=f'kind = "fake"\nscript = ["{does}"]\n{more}')
    return camera(patient(path, root))


def test_a_camera_gives_frames_of_its_size(tmp_path):
    assert shown(tmp_path, "frame").said == "fake gives frames of 160x120"


def test_a_camera_that_opens_and_gives_no_frame_fails_and_is_let_go(tmp_path, mocker):
    closed = mocker.spy(FakeCamera, "close")
    assert shown(tmp_path, "error: stuck").status == "failed"
    assert closed.call_count == 1
    assert "no frame within 0.2 s" in shown(tmp_path, "delay 5", "timeout_s = 0.2").said


@pytest.mark.parametrize("reason", ["Device or resource busy", "in use by another process", "failed to acquire camera"])
def test_a_camera_that_the_running_agent_holds_is_as_it_should_be(tmp_path, reason):
    assert shown(tmp_path, f"closed: {reason}").status == "failed"  # as no agent runs
    process(tmp_path / "m", 7, "understudy-agent", "run", "--config", "/etc/other.toml")
    finding = shown(tmp_path, f"closed: {reason}", root=tmp_path / "m")
    assert (finding.status, finding.remedy) == ("note", "")
    assert finding.said.startswith("the running agent has it (process 7): ")
    assert shown(tmp_path, "closed: cable", root=tmp_path / "m").status == "failed"


def test_a_camera_that_is_missing_is_noted_where_something_else_is_shown(tmp_path, mocker):
    Image.new("RGB", (64, 48)).save(tmp_path / "still.png")
    fallback = 'fallback = "still.png"'
    finding = shown(tmp_path, "closed: cable", fallback)
    assert (finding.status, "the fallback is shown" in finding.said) == ("note", True)
    finding = camera(patient(configured(tmp_path, pictures='size = "64x48"')))
    assert (finding.status, "pictures show a test card" in finding.said) == ("note", True)
    finding = shown(tmp_path, "closed: cable", f'{fallback}\nprivacy = "replace"')
    assert finding.said == "still gives frames of 64x48"  # the camera is not even opened


def test_without_pictures_there_is_no_camera_to_look_at(tmp_path):
    with pytest.raises(Skipped, match="no sensor has pictures"):
        camera(patient(configured(tmp_path)))


def unit(tmp_path: Path, name: str = "agent.toml", **said: str):
    told = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "NRestarts": "0"} | said
    script = 'echo "Unit=$2" >&2\n' + "\n".join(f"echo '{name}={value}'" for name, value in told.items())
    path, root = installed(tmp_path)
    return service(patient(path.rename(path.with_name(name)), root, PATH=program(tmp_path, "systemctl", script)))


@pytest.mark.parametrize(
    ("said", "status", "remedy"),
    [
        ({}, "ok", ""),
        ({"ActiveState": "reloading"}, "ok", ""),
        ({"NRestarts": "3"}, "note", "see why it ended: `journalctl -u understudy-agent.service -n 50`"),
        ({"ActiveState": "inactive"}, "note", "start it: `systemctl start understudy-agent.service`"),
        ({"ActiveState": "activating"}, "failed", "see why: `journalctl -u understudy-agent.service -n 50`"),
        ({"ActiveState": "failed"}, "failed", "see why: `journalctl -u understudy-agent.service -n 50`"),
        (
            {"ActiveState": "failed", "ExecMainStatus": "78"},
            "failed",
            "correct it and start it: `systemctl restart understudy-agent.service`",
        ),
    ],
)
def test_the_service_is_as_systemd_says(tmp_path, said, status, remedy):
    finding = unit(tmp_path, **said)
    assert (finding.status, finding.remedy) == (status, remedy)
    assert finding.said.startswith(
        f"understudy-agent.service is {said.get('ActiveState', 'active')} (running), restarted"
    )


def test_the_services_own_words_are_told(tmp_path):
    assert unit(tmp_path, StatusText="connected; 1 sensor").said.endswith("restarted 0 times: connected; 1 sensor")


def test_the_unit_is_that_of_the_process_that_plays(tmp_path):
    path, root = installed(tmp_path)
    group = "/system.slice/system-understudy\\x2dagent.slice/understudy-agent@attic.service"
    process(root, 7, "understudy-agent", "run", "--config", str(path), cgroup=group)
    assert unit(tmp_path).said.startswith("understudy-agent@attic.service is active")


def test_an_instance_that_does_not_run_is_asked_for_by_its_file(tmp_path):
    finding = unit(tmp_path, "cam.toml", ActiveState="failed", ExecMainStatus="78")
    assert finding.said.startswith("understudy-agent@cam.service is failed")


def test_what_no_service_plays_is_not_judged_by_one(tmp_path):
    script = program(tmp_path, "systemctl", "echo LoadState=loaded")
    with pytest.raises(Skipped, match="no service plays this file"):
        service(patient(configured(tmp_path), PATH=script))
    with pytest.raises(Skipped, match="no service with a user of its own"):
        readable(patient(configured(tmp_path), PATH=script))


@pytest.mark.parametrize("closed", ["agent.toml", "secret", "sprites/cat.png", "sprites", "."])
def test_whatever_the_services_user_cannot_read_is_named(tmp_path, closed):
    path, root = installed(tmp_path, mqtt='password_file = "secret"\nusername = "pi"', pictures='kind = "fake"')
    path.write_text(path.read_text().replace("[sensor.pictures]", '[sensor.pictures]\nsprites = "sprites"'))
    (path.parent / "sprites").mkdir()
    (path.parent / "secret").write_text("word")
    Image.new("RGB", (8, 8)).save(path.parent / "sprites" / "cat.png")
    systemd = program(tmp_path, "systemctl", "echo DynamicUser=yes")
    assert readable(patient(path, root, PATH=systemd)).status == "ok"
    (path.parent / "sprites" / ".#lock.png").symlink_to("nowhere")
    (path.parent / closed).chmod(0o700)
    finding = readable(patient(path, root, PATH=systemd))
    assert finding.status == "failed"
    assert finding.said == f"the service's user cannot read {path.parent / closed}"
    assert finding.remedy == (SECRET if closed == "secret" else f"`chmod o+rX {path.parent / closed}`")


def test_what_the_service_does_not_see_is_to_be_moved(tmp_path):
    path, root = installed(tmp_path)
    (root / "home" / "pi").mkdir(parents=True)
    (path.parent / "climate.npz").rename(root / "home" / "pi" / "climate.npz")
    path.write_text(path.read_text().replace("climate.npz", f"{root}/home/pi/climate.npz"))
    finding = readable(patient(path, root, PATH=program(tmp_path, "systemctl", "echo DynamicUser=yes")))
    assert (finding.status, finding.remedy) == ("failed", "move it to /etc/understudy")
    assert "does not see" in finding.said


def test_what_systemd_hands_over_is_not_everybodys(tmp_path):
    handed = tmp_path / "credentials"
    handed.mkdir()
    (handed / "mqtt-password").write_text("word")
    (handed / "mqtt-password").chmod(0o400)
    path, root = installed(tmp_path, mqtt='username = "pi"')
    systemd = program(tmp_path, "systemctl", "echo DynamicUser=yes")
    assert readable(patient(path, root, PATH=systemd, CREDENTIALS_DIRECTORY=str(handed))).status == "ok"


@pytest.mark.parametrize("group", ["/user.slice/session-1.scope", "/system.slice/other.service"])
def test_an_agent_that_systemd_did_not_start_has_no_unit_of_its_own(tmp_path, group):
    path, root = installed(tmp_path)
    process(root, 7, "understudy-agent", "run", "--config", str(path), cgroup=group)
    assert unit(tmp_path).said.startswith("understudy-agent.service is active")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 1", "systemd does not run here"),
        ("echo LoadState=not-found", "there is no understudy-agent.service here"),
        ("exec sleep 60", "systemd does not run here"),
    ],
)
def test_where_there_is_no_service_that_is_no_failure(tmp_path, script, said, mocker):
    mocker.patch("agent.doctor.command.ANSWER_S", 0.3)
    path, root = installed(tmp_path)
    with pytest.raises(Skipped, match=said):
        service(patient(path, root, PATH=program(tmp_path, "systemctl", script)))
    with pytest.raises(Skipped, match="systemd does not run here"):
        service(patient(path, root, PATH=""))
    (root / "run/systemd/system").mkdir(parents=True)
    with pytest.raises(Skipped, match="systemctl gives no answer here"):
        service(patient(path, root, PATH=""))


@pytest.mark.parametrize(("answer", "status"), [("yes", "ok"), ("no", "note"), ("", "note")])
def test_another_time_service_is_asked_for_by_the_systems_tool(tmp_path, answer, status):
    path = configured(tmp_path, more='[clock]\nsynchronized = "/nowhere/synchronized"')
    finding = clock(patient(path, PATH=program(tmp_path, "timedatectl", f"echo {answer}")))
    assert finding.status == status
    assert ("nothing here tells" in finding.said) == (answer == "")
    assert ("no time service has set it" in finding.said) == (answer == "no")
    assert "clock_synced=false" not in finding.said  # without systemd's own time service the agent looks at nothing


def test_a_network_that_is_not_there_is_told(tmp_path, mocker):
    mocker.patch("agent.doctor.network.connected", side_effect=OSError(101, "Network is unreachable"))
    finding = port(patient(configured(tmp_path)))
    assert (finding.said, finding.remedy[:8]) == ("localhost port 1: Network is unreachable", "see that")
    mocker.patch("agent.doctor.network.connected", side_effect=TimeoutError)
    finding = port(patient(configured(tmp_path)))
    assert "no answer within 3 s" in finding.said


def test_the_machine_is_named_where_it_has_a_device_tree(tmp_path):
    model = tmp_path / "m" / "proc" / "device-tree" / "model"
    model.parent.mkdir(parents=True)
    model.write_text("Raspberry Pi Zero 2 W Rev 1.0\0")
    finding = versions(patient(configured(tmp_path), tmp_path / "m"))
    assert finding.said.endswith(", Raspberry Pi Zero 2 W Rev 1.0")
    assert all(f"{name} " in finding.said for name in ("Understudy", "Python", "numpy", "paho-mqtt", "Pillow", "Linux"))
