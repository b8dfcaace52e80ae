import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agent.cli import main
from agent.models.bundle import Bundle, write
from tests.bundles import LOCAL, make_bundle, write_bundle
from tests.commands import ROOT, run, run_as_mortal


def config(path: Path, *sensors: str, head: str = "") -> str:
    text = f'{head}\n[device]\nid = "pi"\n[mqtt]\nurl = "mqtt://localhost"\n'
    path.write_text(text + "".join(f"[[sensor]]\n{sensor}\n" for sensor in sensors))
    return str(path)


def agent(*words: str, **options) -> subprocess.CompletedProcess[str]:
    return run("agent", *words, **options)


@pytest.fixture
def bundle(tmp_path):
    return write_bundle(tmp_path / "climate.npz", interval_s=30.0, periods={"day": 1.0})


def test_check_tells_how_each_sensor_is_played(tmp_path, bundle, capsys):
    path = config(
        tmp_path / "a.toml",
        f'name = "a"\nbundle = "{bundle.name}"',
        f'name = "b"\nbundle = "{bundle}"\ninterval_s = 2',
    )
    assert main(["check", "--config", path]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "a: gaussian-copula, 2 columns, as recorded, by the day, on understudy/pi/a",
        "b: gaussian-copula, 2 columns, every 2 s, on understudy/pi/b",
        "note: neither seed nor state_dir is set: the seed is drawn anew with every start (but where systemd keeps a "
        "state_dir for the service)",
    ]


def test_check_notes_a_topic_that_two_sensors_share(tmp_path, bundle, capsys):
    sensors = [f'name = "{name}"\nbundle = "{bundle}"' for name in ("a", "b", "c")]
    path = Path(config(tmp_path / "a.toml", *sensors, head="seed = 1"))
    path.write_text(path.read_text().replace("[mqtt]", '[mqtt]\ntopic = "hub/{device}"'))
    assert main(["check", "--config", str(path)]) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]
    assert notes == ["note: 'a' and 'b' and 'c' share the topic hub/pi; {sensor} in [mqtt] topic tells them apart"]


def test_check_tells_the_problems_of_configuration_and_bundles_at_once(tmp_path, bundle, capsys):
    (tmp_path / "bad.npz").write_bytes(bundle.read_bytes()[:300])
    write_bundle(tmp_path / "timeless.npz", interval_s=None)
    path = config(
        tmp_path / "a.toml",
        'name = "bad"\nbundle = "bad.npz"',
        'name = "gone"\nbundle = "gone.npz"',
        'name = "timeless"\nbundle = "timeless.npz"',
        f'name = "good"\nbundle = "{bundle}"',
        'name = "typo"\nbundel = "x"',
        head='mode = "sensor"',
    )
    assert main(["check", "--config", path]) == 78
    told = capsys.readouterr().err
    assert "did you mean bundle?" in told
    assert "bad.npz: file: is damaged" in told
    assert "gone.npz: cannot be read" in told
    assert "good" not in told
    Path(path).write_text(Path(path).read_text().replace('[[sensor]]\nname = "typo"\nbundel = "x"\n', ""))
    assert main(["check", "--config", path]) == 78
    told = capsys.readouterr().err
    assert "a.toml: 3 problems" in told
    assert "'timeless': its bundle tells no usable interval; set interval_s" in told


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('stat = "busy"', "given: stat: no field that varies has that name; did you mean state?"),
        ('state = "gone"', "given: state = gone: is never that; known: idle, busy"),
        ("temperature = 99", "given: temperature = 99: the model never draws that; ask for a value that was recorded"),
        ("state = [1]", "[[sensor]] 1 ('a') given state: must be text, a number, true or false; quote the name"),
        ('scene.zone = "x"', "a.toml: [[sensor]] 1 ('a') given scene: must be text, a number, true or false"),
    ],
)
def test_check_refuses_messages_that_never_are_as_given(tmp_path, bundle, capsys, given, said):
    path = config(tmp_path / "a.toml", f'name = "a"\nbundle = "{bundle}"\n[sensor.given]\n{given}')
    assert main(["check", "--config", path]) == 78
    assert said in capsys.readouterr().err


def test_what_never_is_so_at_some_hour_is_as_at_the_nearest_hour_and_told(tmp_path, capsys):
    whole = make_bundle()
    plan = np.tile(np.array([0, 1], "<i4"), (24, 1))
    plan[[2, 3], 1] = 2  # then it is only ever idle
    changed = {
        "offsets": np.array([0, 2, 4, 5]),
        "steps": np.array([False, True, True]),
        "plan": plan,
        "z": np.append(whole.arrays["z"], -9.0),
        "value": np.append(whole.arrays["value"], 0.0),
    }
    path = tmp_path / "b.npz"
    write(Bundle(whole.manifest.model_copy(update={"hours": 24}), {**whole.arrays, **changed}), path)
    asked = 'name = "a"\nbundle = "b.npz"\n[sensor.given]\nstate = "busy"'
    assert main(["check", "--config", config(tmp_path / "a.toml", asked)]) == 0
    assert "a: no such message at 2 hours; those of the nearest hour are played" in capsys.readouterr().out
    words = ["-n", "5", "--start", "2025-06-01T02:30:00Z", "--interval", "600", "--given", "state=busy"]
    assert main(["preview", str(path), *words]) == 0
    assert capsys.readouterr().out.count('"busy"') == 5


def test_check_refuses_what_is_so_at_no_hour(tmp_path, capsys):
    whole = make_bundle()
    plan = {"plan": np.tile(np.array([0, 2], "<i4"), (24, 1)), "offsets": np.array([0, 2, 4, 5])}
    tables = {
        "steps": np.array([False, True, True]),
        "z": np.append(whole.arrays["z"], -9.0),
        "value": np.append(whole.arrays["value"], 0.0),
    }
    never = Bundle(whole.manifest.model_copy(update={"hours": 24}), {**whole.arrays, **plan, **tables})
    write(never, tmp_path / "b.npz")
    asked = 'name = "a"\nbundle = "b.npz"\n[sensor.given]\nstate = "busy"'
    assert main(["check", "--config", config(tmp_path / "a.toml", asked)]) == 78
    assert (
        "given: state = busy: the model never draws that; ask for a value that was recorded" in capsys.readouterr().err
    )


def test_preview_prints_only_messages_as_given(bundle):
    done = agent("preview", str(bundle), "-n", "30", "--given", "state=busy", "--given", "temperature=21.5")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(message["state"], message["temperature"]) for message in messages} == {("busy", 21.5)}
    assert agent("preview", str(bundle), "--given", "state").returncode == 2
    done = agent("preview", str(bundle), "--given", "state=gone")
    assert (done.returncode, len(done.stderr.splitlines())) == (78, 1)


def test_check_refuses_a_period_that_the_bundle_does_not_cover(tmp_path, bundle, capsys):
    head = 'mode = "aggregator"'
    sensor = f'name = "a"\nbundle = "{bundle}"\nperiod = "week"'
    assert main(["check", "--config", config(tmp_path / "a.toml", sensor, head=head)]) == 78
    assert "covers day, not a week; set period to day" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_bad_configuration_is_one_message_without_a_traceback(tmp_path, command):
    path = config(tmp_path / "a.toml", 'name = "a"\nbundle = "none.npz"')
    done = agent(command, "--config", path)
    assert done.returncode == 78
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"understudy-agent: {path}: [[sensor]] 'a': {tmp_path}/none.npz: cannot be read "
        "(No such file or directory); give the path of a bundle"
    ]


@pytest.mark.parametrize("locked", ["password", "folder", "bundle", "config"])
def test_what_may_not_be_read_is_told_in_one_line(tmp_path, bundle, locked):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "password").write_text("secret")
    mqtt = f'username = "u"\npassword_file = "{folder}/password"'
    path = Path(config(tmp_path / "a.toml", f'name = "a"\nbundle = "{bundle}"'))
    path.write_text(path.read_text().replace("[[sensor]]", f"{mqtt}\n[[sensor]]"))
    {"password": folder / "password", "folder": folder, "bundle": bundle, "config": path}[locked].chmod(0)
    done = run_as_mortal("agent", "check", "--config", str(path))
    folder.chmod(0o700)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (78, "", 1)
    assert "cannot be read (Permission denied)" in done.stderr


def test_a_credentials_folder_that_may_not_be_entered_is_told(tmp_path, bundle):
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "mqtt-password").write_text("secret")
    folder.chmod(0)
    path = Path(config(tmp_path / "a.toml", f'name = "a"\nbundle = "{bundle}"'))
    path.write_text(path.read_text().replace("[[sensor]]", 'username = "u"\n[[sensor]]'))
    done = run_as_mortal("agent", "check", "--config", str(path), env={"CREDENTIALS_DIRECTORY": str(folder)})
    folder.chmod(0o700)
    assert (done.returncode, len(done.stderr.splitlines())) == (78, 1)
    assert "cannot be read (Permission denied)" in done.stderr


def test_a_setting_of_the_environment_that_is_no_text_is_told(tmp_path, bundle):
    path = config(tmp_path / "a.toml", f'name = "a"\nbundle = "{bundle}"')
    env = os.environb | {b"UNDERSTUDY_DEVICE__ID": b"pi\xff", b"UNDERSTUDY_SENSOR": b"x"}
    done = agent("check", "--config", path, env=env)
    assert done.returncode == 78
    assert "UNDERSTUDY_DEVICE__ID: holds what is no printable text; set it again" in done.stderr
    assert "UNDERSTUDY_SENSOR: no such setting; unset it; sensors are set in the file only" in done.stderr


def test_wrong_usage_is_2():
    assert agent("run").returncode == 2
    assert agent("preview", "x.npz", "-n", "-1").returncode == 2
    assert agent("preview", "x.npz", "--interval", "0").returncode == 2


def test_preview_prints_the_same_json_lines_for_the_same_seed(bundle):
    words = ("preview", str(bundle), "-n", "3", "--seed", "1", "--start", "2025-06-01T00:00:00Z")
    done = agent(*words)
    assert agent(*words).stdout == done.stdout
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    times = [message["time"] for message in messages]
    assert all(time >= 1748736000 * 10**9 for time in times)
    assert times[2] - times[1] == times[1] - times[0] == 3600 * 10**9  # as recorded: one an hour
    assert done.stderr == ""
    times = [json.loads(line)["time"] for line in agent(*words, "--interval", "0.5").stdout.splitlines()]
    assert times[1] - times[0] == 500_000_000
    assert len(agent("preview", str(bundle)).stdout.splitlines()) == 10


def test_preview_writes_local_times_in_the_timezone(tmp_path):
    path = write_bundle(tmp_path / "a.npz", time_format=LOCAL | {"offset_s": 3600})
    words = ("preview", str(path), "-n", "1", "--start", "2025-06-01T00:00:00Z", "--interval", "1")
    assert json.loads(agent(*words).stdout)["time"] == "2025-06-01 01:00:00.000000"
    assert json.loads(agent(*words, "--timezone", "Europe/Brussels").stdout)["time"] == "2025-06-01 02:00:00.000000"


@pytest.mark.parametrize(
    "words",
    [
        ("--timezone", "Nowhere"),
        ("--start", "noon"),
        ("--start", "9999-12-31T23:59:59Z"),
        ("--interval", "1e9", "-n", "1000"),
        ("--start", "0001-01-01"),
    ],
)
def test_preview_refuses_times_that_are_none(bundle, words):
    done = agent("preview", str(bundle), *words)
    assert (done.returncode, len(done.stderr.splitlines())) == (78, 1)


def test_a_reader_that_has_seen_enough_ends_a_preview_quietly(bundle):
    command = f"{sys.executable} -m agent preview {bundle} -n 100000 | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], check=False, cwd=ROOT, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_is_not_needed_is_not_imported(tmp_path, bundle):
    path = config(tmp_path / "a.toml", f'name = "a"\nbundle = "{bundle}"')
    code = f"""
import sys
from agent.cli import main
before = set(sys.modules)
assert not any(name in before for name in ("numpy", "pydantic", "paho"))
from agent.daemon import Agent
main(["check", "--config", {path!r}])
main(["preview", {str(bundle)!r}])
unwanted = ("PIL", "asyncio", "multiprocessing", "pandas", "scipy", "torch", "sdv", "trainer", "agent.cameras.fake")
print([name for name in unwanted if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == "[]\n"


def test_logs_carry_journal_priorities_under_systemd():
    code = "from agent import logs; import logging, os; logs.begin(os.environ); logging.error('a\\nb')"
    options = {"cwd": ROOT, "capture_output": True, "text": True}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env=os.environ | {"JOURNAL_STREAM": "1:2"}, **options
    )
    assert done.stderr == "<3>a\n<3>b\n"
    done = subprocess.run([sys.executable, "-c", code], check=False, env=os.environ | {"JOURNAL_STREAM": ""}, **options)
    assert "ERROR   a" in done.stderr


def test_check_notes_an_aggregator_table_in_sensor_mode(tmp_path, bundle, capsys):
    path = config(tmp_path / "a.toml", f'name = "a"\nbundle = "{bundle}"\n[aggregator]\nbatch_s = 5')
    assert main(["check", "--config", path]) == 0
    assert 'set mode = "aggregator", or leave the table out' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sensor", "said"),
    [
        ("interval_s = 5\nperiod = 'day'", "('a'): interval_s and period each say when it speaks; keep one of them"),
        ("spacing = 'poisson'", "('a'): spacing is of interval_s or of a schedule"),
        ("until = 'tomorrow'", "('a') until = 'tomorrow': is no time in ISO 8601"),
        ("[[sensor.schedule]]\ndays = ['mo']\nper_hour = 5", "('a') schedule 1 days 1 = 'mo': must be 'mon', 'tue'"),
        ("[sensor.schedule]\nper_hour = 5", "must be a table, headed by [[sensor.schedule]]"),
        ("[[sensor.schedule]]\nper_hour = 1e-9", "must be 0, or at least 0.001"),
        ("[[sensor.schedule]]\nper_hour = 5\n[[sensor.schedule]]\nper_hour = 6", "these windows overlap"),
    ],
)
def test_check_tells_where_a_sensors_time_is_wrong(tmp_path, bundle, capsys, sensor, said):
    path = config(tmp_path / "a.toml", f'name = "a"\nbundle = "{bundle}"\n{sensor}')
    assert main(["check", "--config", path]) == 78
    assert said in capsys.readouterr().err


def test_tomls_own_times_are_times(tmp_path, bundle, capsys):
    path = config(tmp_path / "a.toml", f'name = "a"\nbundle = "{bundle}"\nuntil = 2030-01-01')
    assert main(["check", "--config", path]) == 0


def test_a_field_that_is_given_twice_is_refused_and_not_given_once(bundle, capsys):
    assert main(["preview", str(bundle), "--given", "state=busy", "--given", "state=idle"]) == 78
    assert "--given state: is busy and idle; keep one of them" in capsys.readouterr().err
