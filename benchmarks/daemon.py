"""The real agent against a real Mosquitto: time to the first message, memory, and a thousand sensors."""

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from PIL import Image

THIRD_PARTY = "import numpy, paho.mqtt.client, pydantic"
EXAMPLES = Path(__file__).parents[1] / "examples"
FLEET = 1000
FLEET_S = 20
RUNS = 7


def measure(bundle: Path, folder: Path) -> list[dict[str, Any]]:
    """Rows of the table of results; none where Mosquitto is missing."""
    if shutil.which("mosquitto") is None:
        print("Mosquitto is not installed: the agent itself is not measured")
        return []
    with _broker(folder) as port:
        return [*_cold_start(bundle, folder, port), *_pictures(folder, port), *_fleet(bundle, folder, port)]


def _cold_start(bundle: Path, folder: Path, port: int) -> list[dict[str, Any]]:
    config = _config(folder, port, [("one", bundle)])
    firsts, peaks, imports = [], [], []
    for _ in range(RUNS):
        first_s, peak_mb = _first_message(config, port)
        firsts.append(first_s)
        peaks.append(peak_mb)
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", THIRD_PARTY], check=True)
        imports.append(time.perf_counter() - start)
    ratios = [a / b for a, b in zip(firsts, imports, strict=True)]
    return [
        _row("start to first message", "s", 0.6, firsts),
        _row("… against the bare imports", "×", 2.5, ratios),
        _row("peak memory, one sensor", "MB", 64, peaks),
    ]


def _first_message(config: Path, port: int) -> tuple[float, float]:
    """Seconds from the start of the process to its first reading, and its peak memory in MB."""
    arrived: list[float] = []
    client = _subscriber(port, lambda: arrived.append(time.perf_counter()))
    start = time.perf_counter()
    with _agent(config) as process:
        while not arrived and time.perf_counter() - start < 20:
            time.sleep(0.002)
        time.sleep(2)
        peak_mb = _status(process.pid, "VmHWM") / 1024
    client.loop_stop()
    return arrived[0] - start, peak_mb


def _pictures(folder: Path, port: int) -> list[dict[str, Any]]:
    """Some hundred pictures, of the example's sprites and of large ones."""
    (large := folder / "sprites").mkdir()
    for name in ("person", "dog", "bicycle", "car", "truck", "cat"):
        sprite = Image.radial_gradient("L").resize((1200, 1200)).convert("RGBA")
        sprite.save(large / f"{name}.png")
    rows = []
    for what, sprites in (("the example's sprites", EXAMPLES / "sprites"), ("six sprites of 1200x1200", large)):
        config = _config(folder, port, [("one", EXAMPLES / "front-door.npz")])
        background = f'[camera]\nkind = "still"\npath = "{EXAMPLES / "porch.jpg"}"\n'
        text = (
            config.read_text()
            .replace("interval_s = 1.0", "interval_s = 0.1")
            .replace("[[sensor]]", f"{background}[[sensor]]")
        )
        config.write_text(f'{text}\n[sensor.pictures]\nsprites = "{sprites}"\nlabels = "coco"\n')
        with _agent(config) as process:
            time.sleep(15)
            rows.append(_row(f"peak memory, pictures of {what}", "MB", 96, [_status(process.pid, "VmHWM") / 1024]))
    return rows


def _fleet(bundle: Path, folder: Path, port: int) -> list[dict[str, Any]]:
    bundles = [shutil.copy(bundle, folder / f"shared-{i}.npz") for i in range(10)]
    config = _config(folder, port, [(f"sensor-{i}", Path(bundles[i % 10])) for i in range(FLEET)])
    with _agent(config) as process:
        time.sleep(5)
        start, before = time.perf_counter(), _cpu_s(process.pid)
        threads = _status(process.pid, "Threads")
        time.sleep(FLEET_S)
        cores = (_cpu_s(process.pid) - before) / (time.perf_counter() - start)
        peak_mb = _status(process.pid, "VmHWM") / 1024
    what = f"{FLEET:,} sensors at 1 message/s"
    return [
        _row(f"{what}: CPU", "cores", 0.3, [cores]),
        _row(f"{what}: memory", "MB", 128, [peak_mb]),
        _row(f"{what}: threads", "", 3, [threads]),
    ]


def _row(what: str, unit: str, most: float, runs: list[float]) -> dict[str, Any]:
    ours = statistics.median(runs)
    spread, reached = [min(runs), max(runs)], ours <= most
    return {"what": what, "ours": ours, "unit": unit, "aim": f"at most {most:g}", "reached": reached, "spread": spread}


def _config(folder: Path, port: int, sensors: list[tuple[str, Path]]) -> Path:
    path = folder / f"agent-{len(sensors)}.toml"
    lines = [
        "seed = 1",
        f'state_dir = "{folder}"',
        "[device]",
        'id = "bench"',
        "[mqtt]",
        f'url = "mqtt://127.0.0.1:{port}"',
    ]
    for name, bundle in sensors:
        lines += ["[[sensor]]", f'name = "{name}"', f'bundle = "{bundle}"', "interval_s = 1.0"]
    path.write_text("\n".join(lines))
    return path


@contextlib.contextmanager
def _agent(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "run", "--config", str(config)], stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def _broker(folder: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    (folder / "broker.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_type none\n")
    broker = subprocess.Popen(["mosquitto", "-c", str(folder / "broker.conf")], stderr=subprocess.DEVNULL)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.02)
        yield port
    finally:
        broker.terminate()
        broker.wait(10)


def _subscriber(port: int, arrived: Any) -> mqtt.Client:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_message = lambda *_: arrived()
    client.on_connect = lambda *_: client.subscribe("understudy/bench/one")
    client.connect("127.0.0.1", port)
    client.loop_start()
    time.sleep(0.2)
    return client


def _status(pid: int, key: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{key}:")).split()[1])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
