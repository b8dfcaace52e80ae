import contextlib
import fcntl
import itertools
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bundles import write_bundle
from tests.e2e.broker import wait_until
from tests.e2e.conftest import ROOT
from tests.e2e.test_run import TOPIC, config

DAY = ("--from", "2026-03-28", "--to", "2026-03-30")


@pytest.fixture
def minutely(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "minutely.npz", periods={"day": 60.0})


def backfill(path: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "agent", "backfill", "--config", str(path), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def offline(bundle: Path, **options: str) -> str:
    """A configuration whose broker is not there."""
    return config("mqtt://127.0.0.1:9", bundle, sensor='timezone = "Europe/Brussels"', **options)


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("mode", ["sensor", "aggregator"])
def test_a_file_holds_the_raw_messages_of_the_time_asked_for(tmp_path, minutely, mode):
    path, out = write(tmp_path / "a.toml", offline(minutely, head=f'mode = "{mode}"')), tmp_path / "out.jsonl"
    done = backfill(path, *DAY, "--out", str(out))
    assert (done.returncode, "2820 readings played" in done.stderr) == (0, True)
    times = [message["time"] for message in lines(out)]
    assert times == sorted(set(times))
    assert len(times) == 47 * 60  # one hour of these two days is left out by summer time
    assert 1774652400 * 10**9 <= times[0] < times[-1] < 1774821600 * 10**9
    assert backfill(path, *DAY, "--out", str(tmp_path / "again.jsonl")).returncode == 0
    assert (tmp_path / "again.jsonl").read_bytes() == out.read_bytes()


def test_parts_of_a_time_joined_are_the_whole(tmp_path, minutely):
    path = write(tmp_path / "a.toml", offline(minutely))
    for name, start, stop in (
        ("whole", "28T00:00", "29T12:00"),
        ("one", "28T00:00", "28T17:31"),
        ("two", "28T17:31", "29T12:00"),
    ):
        out = str(tmp_path / f"{name}.jsonl")
        assert backfill(path, "--from", f"2026-03-{start}", "--to", f"2026-03-{stop}", "--out", out).returncode == 0
    whole, one, two = (lines(tmp_path / f"{name}.jsonl") for name in ("whole", "one", "two"))
    strip = lambda messages: [(m["time"], m["temperature"], m["state"]) for m in messages]  # noqa: E731
    assert strip(one) + strip(two) == strip(whole)


def test_merged_items_of_all_sensors_are_in_order(tmp_path, minutely):
    zone = 'timezone = "Europe/Brussels"'
    other = f'\n[[sensor]]\nname = "other"\nbundle = "{minutely}"\n{zone}\n[aggregator]\ntopic = "all"'
    path = write(tmp_path / "a.toml", offline(minutely, head='mode = "aggregator"') + other)
    assert backfill(path, *DAY, "--out", str(tmp_path / "out.jsonl")).returncode == 0
    items = lines(tmp_path / "out.jsonl")
    times = [item["message"]["time"] for item in items]
    assert times == sorted(times)
    for sensor in ("climate", "other"):
        assert [item["seq"] for item in items if item["sensor"] == sensor] == list(range(1, 47 * 60 + 1))


def test_several_sensors_in_one_file_are_told_apart(tmp_path, minutely):
    other = f'\n[[sensor]]\nname = "other"\nbundle = "{minutely}"\ntimezone = "Europe/Brussels"'
    assert (
        backfill(write(tmp_path / "a.toml", offline(minutely) + other), *DAY, "--out", str(tmp_path / "o")).returncode
        == 0
    )
    items = lines(tmp_path / "o")
    assert {item["sensor"] for item in items} == {"climate", "other"}
    assert [item["message"]["time"] for item in items] == sorted(item["message"]["time"] for item in items)


def test_a_rate_is_kept_and_a_stop_leaves_no_half_file(tmp_path, minutely):
    path, out = write(tmp_path / "a.toml", offline(minutely)), tmp_path / "out.jsonl"
    command = [
        sys.executable,
        "-m",
        "agent",
        "backfill",
        "--config",
        str(path),
        *DAY,
        "--out",
        str(out),
        "--rate",
        "20",
    ]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: any(tmp_path.glob(".out.jsonl.*")))
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 130
    assert not out.exists()
    assert not list(tmp_path.glob(".out.jsonl.*"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "yesterday"), "--from yesterday: is no time in ISO 8601"),
        (("--from", "2026-03-02", "--to", "2026-03-01"), "is not before the end"),
        (("--from", "1066-10-14"), "does not lie between 1970 and 2262"),
        (("--from", "9999-12-31T23:59:59", "--to", "9999-12-31"), "does not lie between"),
        (("--from", "2026-03-01", "--live"), 'set mode = "aggregator" and state_dir'),
        (("--from", "2026-03-01", "--live", "--out", "x"), "leave out --to and --out"),
        (("--from", "2026-03-01", "--to", "2026-03-02", "--out", "/nowhere/x"), "there is no folder /nowhere"),
        (("--from", "2026-03-01", "--to", "2026-03-02", "--out", "/dev/null"), "something else than a file"),
    ],
)
def test_what_cannot_be_done_is_one_message(tmp_path, minutely, words, told):
    done = backfill(write(tmp_path / "a.toml", offline(minutely)), *words)
    assert done.returncode in (1, 78)
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("mode", ["sensor", "aggregator"])
def test_the_broker_gets_the_past_as_it_would_have_come(broker, tmp_path, minutely, mode):
    path = write(
        tmp_path / "a.toml",
        config(broker.url, minutely, head=f'mode = "{mode}"', sensor="") + "\n[aggregator]\nbatch_s = 3600",
    )
    with broker.subscriber() as subscriber:
        done = backfill(path, "--from", "2026-03-28", "--to", "2026-03-29")
        assert (done.returncode, "connected to" in done.stderr) == (0, True)
        messages = subscriber.wait(TOPIC, 24 if mode == "aggregator" else 24 * 60)
    payloads = [json.loads(message["payload"]) for message in messages]
    readings = [m for payload in payloads for m in payload] if mode == "aggregator" else payloads
    assert [m["n"] for m in readings] == list(range(1, 24 * 60 + 1))
    assert subscriber.seen("understudy/pi/status") == []


def test_an_agent_goes_live_at_the_seam_without_a_gap_or_an_overlap(broker, tmp_path):
    bundle = write_bundle(tmp_path / "busy.npz", periods={"day": 7200.0})
    path = tmp_path / "a.toml"
    head = f'mode = "aggregator"\nstate_dir = "{tmp_path}/state"'
    write(path, config(broker.url, bundle, head=head, sensor="") + "\n[aggregator]\nbatch_s = 0.5")
    start = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
    command = [sys.executable, "-m", "agent", "backfill", "--config", str(path), "--from", start, "--live"]
    with broker.subscriber(TOPIC) as subscriber, subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
        count = lambda: sum(len(json.loads(m["payload"])) for m in subscriber.seen(TOPIC))  # noqa: E731
        wait_until(lambda: count() > 1206, 30)
        process.terminate()
        assert process.wait(5) == 0
        readings = [m for message in subscriber.seen(TOPIC) for m in json.loads(message["payload"])]
    assert [m["n"] for m in readings] == list(range(1, len(readings) + 1))
    gaps = {b["time"] - a["time"] for a, b in itertools.pairwise(readings)}
    assert gaps == {500_000_000}


@pytest.mark.parametrize("mode", ["sensor", "aggregator"])
def test_a_backfill_that_was_stopped_and_goes_on_loses_nothing(broker, tmp_path, mode):
    bundle = write_bundle(tmp_path / "busy.npz", periods={"day": 72_000.0})
    head = f'mode = "{mode}"\nstate_dir = "{tmp_path}/state"'
    path = write(tmp_path / "a.toml", config(broker.url, bundle, head=head, sensor=""))
    start, stop = "2026-03-28T00:00:00Z", "2026-03-28T00:30:00Z"
    with broker.subscriber(TOPIC) as subscriber:
        for wait_s in (0.6, 0.8, 1.0):
            command = [sys.executable, "-m", "agent", "backfill", "--config", str(path), "--from", start, "--to", stop]
            with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
                time.sleep(wait_s)
                process.send_signal(signal.SIGINT)
                _, told = process.communicate(timeout=10)
            found = re.search(r"go on with: --from (\S+)", told)
            start = found[1] if found else start
            if process.returncode == 0:
                break
        assert process.returncode == 0 or backfill(path, "--from", start, "--to", stop).returncode == 0
        last = 1774657800 * 10**9 - 50_000_000
        wait_until(lambda: any(m["time"] >= last for m in messages_of(subscriber, mode)))
        times = {m["time"] for m in messages_of(subscriber, mode)}
    assert len(times) == 36_000
    assert set(np.diff(sorted(times))) == {50_000_000}


def messages_of(subscriber, mode: str) -> list:
    payloads = [json.loads(message["payload"]) for message in subscriber.seen(TOPIC)]
    return [m for payload in payloads for m in payload] if mode == "aggregator" else payloads


def test_a_backfill_that_was_killed_leaves_the_live_run_alone(broker, run_agent, tmp_path):
    bundle = write_bundle(tmp_path / "busy.npz", periods={"day": 72_000.0})
    head = f'mode = "aggregator"\nstate_dir = "{tmp_path}/state"'
    text = config(broker.url, bundle, head=head, sensor="") + "\n[aggregator]\nbatch_s = 0.3"
    with broker.subscriber(TOPIC) as subscriber:
        agent = run_agent(text)
        subscriber.wait(TOPIC, 3)
        assert agent.stop() == 0
        live = len(subscriber.seen(TOPIC))
        path = write(tmp_path / "b.toml", text)
        command = [sys.executable, "-m", "agent", "backfill", "--config", str(path), "--from", "2026-03-01"]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
            subscriber.wait(TOPIC, live + 1)
            process.kill()
        agent = run_agent(text)
        agent.wait_for("connected to")
        subscriber.wait(TOPIC, len(subscriber.seen(TOPIC)) + 2)
        assert agent.stop() == 0
        seen: dict = {}
        for message in subscriber.seen(TOPIC):
            for reading in json.loads(message["payload"]):
                key = (message["properties"]["run"], reading["n"])
                assert seen.setdefault(key, reading) == reading
    assert len({run for run, _ in seen}) == 2


def test_a_bar_shows_how_much_is_done(tmp_path, minutely):
    path = write(tmp_path / "a.toml", offline(minutely))
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))  # without a width there is no bar
    command = [sys.executable, "-m", "agent", "backfill", "--config", str(path), *DAY, "--out", str(tmp_path / "o")]
    with subprocess.Popen(command, cwd=ROOT, stderr=far) as process:
        os.close(far)
        shown = b""
        with contextlib.suppress(OSError):  # the other end is gone
            while part := os.read(near, 4096):
                shown += part
        assert process.wait(10) == 0
    os.close(near)
    assert re.search(r"100%.*2,820 readings", shown.decode())
