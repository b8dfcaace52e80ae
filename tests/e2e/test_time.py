"""Time as it really passes: killed, stopped, and with the wall clock set."""

import gzip
import itertools
import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from agent.models.bundle import write
from tests.bundles import write_bundle
from tests.e2e.broker import wait_until
from tests.e2e.test_run import TOPIC, config
from tests.made_declared import declared_bundle

needs_faketime = pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")


def batches(url: str, bundle: Path, tmp_path: Path, **options: str) -> str:
    extra = options.pop("aggregator", "batch_s = 0.2")
    head = f'mode = "aggregator"\nstate_dir = "{tmp_path}/state"'
    return config(url, bundle, head=head, sensor=options.pop("sensor", ""), **options) + f"\n[aggregator]\n{extra}"


def readings(messages: list) -> list:
    return [reading for message in messages for reading in json.loads(message["payload"])]


WANDERING = """
sensor = "wandering"
[arrival]
per_hour = 72000
[fields.time]
type = "timestamp"
format = "epoch-ns"
[fields.n]
type = "counter"
[fields.state]
type = "category"
regimes = { calm = { mean_readings = 9 }, busy = { mean_readings = 5 } }
[fields.level]
type = "float"
by = "state"
cases.calm.series = [{ name = "random-walk", std = 1 }]
cases.busy.distribution = { name = "normal", mean = 5, std = 1 }
cases.busy.series = [{ name = "ar", coefficients = [0.9], std = 1 }]
"""


def recorded(path: Path) -> Path:
    """Twenty readings a second, as recorded."""
    return write_bundle(path, periods={"day": 20 * 3600.0})


def declared(path: Path) -> Path:
    """As many, each of which follows from those before."""
    write(declared_bundle(WANDERING), path)
    return path


@pytest.mark.parametrize(("make", "kills"), [(recorded, 50), (declared, 10)])
def test_killed_many_times_an_aggregator_loses_no_reading_and_repeats_are_the_same_bytes(
    broker, run_agent, tmp_path, make, kills
):
    bundle = make(tmp_path / "busy.npz")
    text, chance = batches(broker.url, bundle, tmp_path), random.Random(4)
    with broker.subscriber(TOPIC) as subscriber:
        start = time.time()
        for _ in range(kills):
            agent = run_agent(text)
            time.sleep(chance.uniform(0.05, 0.9))
            agent.signal(signal.SIGKILL)
            agent.process.wait()
        agent = run_agent(text)
        agent.wait_for("connected to")
        stop = time.time()
        time.sleep(1.0)
        assert agent.stop() == 0
        messages = subscriber.seen(TOPIC)
    found: dict[int, str] = {}
    for reading in readings(messages):
        assert found.setdefault(reading["n"], json.dumps(reading)) == json.dumps(reading)
    assert sorted(found) == list(range(1, len(found) + 1))
    times = [json.loads(found[seq])["time"] / 1e9 for seq in sorted(found)]
    assert times == sorted(set(times))
    assert times[0] == pytest.approx(start, abs=10)  # a process starts slowly on a busy machine
    assert times[-1] >= stop - 0.1
    *gaps, largest = sorted(b - a for a, b in itertools.pairwise(times))
    assert gaps[-1] == pytest.approx(0.05, abs=0.001)
    assert largest < 0.1  # where a chain ends and the next one begins there is an odd one
    assert len({message["properties"]["run"] for message in messages}) == 1


def test_what_fell_due_while_the_broker_was_away_comes_late_and_complete(broker, run_agent, tmp_path):
    bundle = write_bundle(tmp_path / "busy.npz", periods={"day": 20 * 3600.0})
    agent = run_agent(batches(broker.url, bundle, tmp_path))
    agent.wait_for("connected to")
    broker.stop(kill=True)
    time.sleep(2)
    broker.start()
    with broker.subscriber(TOPIC) as subscriber:
        wait_until(lambda: len(readings(subscriber.seen(TOPIC))) > 60)
        assert agent.stop() == 0
        numbers = [reading["n"] for reading in readings(subscriber.seen(TOPIC))]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_one_state_folder_has_one_agent(broker, run_agent, tmp_path, bundle):
    text = batches(broker.url, bundle, tmp_path)
    run_agent(text).wait_for("connected to")
    other = run_agent(text)
    assert other.process.wait(10) == 78
    assert "another agent plays with this state_dir" in other.text()


def test_after_a_stall_nothing_is_caught_up_with_in_a_storm(broker, run_agent, bundle):
    with broker.subscriber(TOPIC) as subscriber:
        agent = run_agent(config(broker.url, bundle, sensor="interval_s = 0.05"))
        subscriber.wait(TOPIC, 10)
        agent.signal(signal.SIGSTOP)
        time.sleep(3)
        before = len(subscriber.seen(TOPIC))
        agent.signal(signal.SIGCONT)
        time.sleep(1)
        assert 5 <= len(subscriber.seen(TOPIC)) - before <= 30
        agent.wait_for("instants were missed and are skipped")


def test_a_sensor_follows_the_rhythm_that_was_recorded(broker, run_agent, tmp_path):
    timing = {
        "arrival/sizes": [0.0, 0.0, 1.0],
        "arrival/gaps": [[0.0, 1.0], [0.9, 1.1]],
        "arrival/within": [[0.0, 1.0], [0.02, 0.02]],
    }
    arrays = {name: np.array(values, np.float64) for name, values in timing.items()}
    path = write_bundle(tmp_path / "bursts.npz", rhythm={"rhythm": "timer", "mean_s": 0.6}, timing=arrays)
    with broker.subscriber(TOPIC) as subscriber:
        run_agent(config(broker.url, path, sensor=""))
        times = [json.loads(message["payload"])["time"] / 1e9 for message in subscriber.wait(TOPIC, 31)]
    gaps = np.diff(times)
    within = gaps < 0.2
    assert gaps[within] == pytest.approx(0.02, abs=0.015)
    assert gaps[~within] == pytest.approx(0.6 - 0.04, abs=0.1)
    assert int(within.sum()) == pytest.approx(20, abs=1)


def test_a_clock_that_was_not_set_is_waited_for_and_then_told_of(broker, run_agent, bundle, tmp_path):
    (tmp_path / "sync").mkdir()
    head = '[clock]\nwait_s = 1.0\nsynchronized = "sync/synchronized"'
    with broker.subscriber(TOPIC) as subscriber:
        agent = run_agent(config(broker.url, bundle, head=head))
        agent.wait_for("waiting for the wall clock to be set, for 1 s at most")
        assert subscriber.seen(TOPIC) == []
        unset = subscriber.wait(TOPIC, 3)
        (tmp_path / "sync" / "synchronized").touch()
        wait_until(lambda: "clock_synced" not in subscriber.seen(TOPIC)[-1]["properties"])
    assert {message["properties"]["clock_synced"] for message in unset} == {"false"}


def test_a_stop_is_heard_while_the_clock_is_waited_for(broker, run_agent, bundle, tmp_path):
    (tmp_path / "sync").mkdir()
    agent = run_agent(config(broker.url, bundle, head='[clock]\nwait_s = 60\nsynchronized = "sync/synchronized"'))
    agent.wait_for("waiting for the wall clock")
    assert agent.stop() == 0


@needs_faketime
@pytest.mark.parametrize("jump_s", [3 * 3600, -3 * 3600, -20 * 365 * 86_400])
def test_a_sensor_speaks_on_when_the_wall_clock_is_set(broker, run_agent, bundle, tmp_path, jump_s):
    set_clock = faked(tmp_path)
    with broker.subscriber(TOPIC) as subscriber:
        run_agent(config(broker.url, bundle, sensor="interval_s = 0.1"), **set_clock(0))
        subscriber.wait(TOPIC, 10)
        set_clock(jump_s)
        before = len(subscriber.seen(TOPIC))
        start = time.monotonic()
        messages = subscriber.wait(TOPIC, before + 30)
        assert 2 < time.monotonic() - start < 8
    assert json.loads(messages[-1]["payload"])["time"] / 1e9 == pytest.approx(time.time() + jump_s, abs=10)


@needs_faketime
def test_an_aggregator_whose_machine_slept_sends_what_fell_due_and_goes_on(broker, run_agent, tmp_path):
    bundle = write_bundle(tmp_path / "calm.npz", periods={"day": 3600.0})
    set_clock = faked(tmp_path)
    with broker.subscriber(TOPIC) as subscriber:
        run_agent(batches(broker.url, bundle, tmp_path, aggregator="batch_s = 0.5"), **set_clock(0))
        subscriber.wait(TOPIC, 2)
        set_clock(600)
        wait_until(lambda: len(readings(subscriber.seen(TOPIC))) > 600, 60)
        time.sleep(2)
        found = readings(subscriber.seen(TOPIC))
    assert [reading["n"] for reading in found] == list(range(1, len(found) + 1))
    gaps = {b["time"] - a["time"] for a, b in itertools.pairwise(found)}
    assert gaps == {1_000_000_000}


@pytest.mark.parametrize("layout", ["json", "jsonl"])
def test_batches_are_compressed_on_request_and_say_so(broker, run_agent, bundle, tmp_path, layout):
    extra = f'batch_s = 0.5\ngzip = true\nformat = "{layout}"'
    with broker.subscriber(TOPIC) as subscriber:
        run_agent(batches(broker.url, bundle, tmp_path, aggregator=extra))
        messages = subscriber.wait(TOPIC, 3)
    inner = {"json": "application/json", "jsonl": "application/x-ndjson"}[layout]
    assert {message["content_type"] for message in messages} == {f"{inner}+gzip"}
    text = gzip.decompress(messages[0]["bytes"]).decode()
    assert (json.loads(text) if layout == "json" else [json.loads(line) for line in text.split("\n")])[0]["n"] == 1


def test_health_is_published_with_late_split_and_empty_batches(broker, run_agent, bundle, tmp_path):
    extra = "batch_s = 0.2\nmax_bytes = 1024"
    mqtt = "health_s = 0.5"
    topic = "understudy/pi/health"
    with broker.subscriber() as subscriber:
        agent = run_agent(
            batches(
                broker.url,
                write_bundle(tmp_path / "b.npz", periods={"day": 360_000.0}),
                tmp_path,
                aggregator=extra,
                mqtt=mqtt,
            )
        )
        subscriber.wait(topic, 2)
        assert agent.stop() == 0
        told = subscriber.seen(topic)[-1]
        health = json.loads(told["payload"])
        made = len(subscriber.seen(TOPIC))
    assert told["properties"]["simulated"] == "true"
    assert made == health["batches"]
    assert health["sensors"] == 1
    assert health["split"] > 0
    assert {"late", "empty", "oversized", "skipped_s", "published", "waiting", "lost", "missed"} <= set(health)


def faked(tmp_path: Path):
    """Sets the wall clock of a process, and gives what its environment has to be."""
    path = tmp_path / "faketime"
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    env = {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_TIMESTAMP_FILE": str(path)}

    def set_clock(seconds: int) -> dict[str, str]:
        new = path.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        os.replace(new, path)
        return env | {"LD_PRELOAD": str(found[0])}

    return set_clock


def test_a_sensor_that_was_played_while_the_clock_was_wrong_is_not_silent_until_then(broker, run_agent, tmp_path):
    bundle = write_bundle(tmp_path / "busy.npz", periods={"day": 20 * 3600.0})
    other = f'\n[[sensor]]\nname = "other"\nbundle = "{bundle}"'
    now_ns = time.time_ns()
    (tmp_path / "state").mkdir()
    kept = {"run": "a", "sensors": {"climate": [5, now_ns + 10**18], "other": [7, now_ns]}}
    (tmp_path / "state" / "progress.json").write_text(json.dumps(kept))
    with broker.subscriber() as subscriber:
        agent = run_agent(batches(broker.url, bundle, tmp_path) + other)
        first = readings(subscriber.wait(TOPIC, 2))[0]
        assert readings(subscriber.wait("understudy/pi/other", 2))[0]["n"] == 8
    assert first["n"] == 6
    assert first["time"] >= now_ns
    assert "was played until later than now" in agent.text()
