"""Pictures as a subscriber gets them: the real agent with a fake camera, a real broker."""

import base64
import io
import json
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.broker import wait_until
from tests.scenes import LABELS, write_scenes

TOPIC = "understudy/pi/cam"
IMAGE, LABELLED, HEALTH = f"{TOPIC}/image", f"{TOPIC}/labels", "understudy/pi/health"


def config(url: str, folder: Path, *, camera: str = "", pictures: str = "", head: str = "", sensor: str = "") -> str:
    return f"""
        seed = 7
        {head}
        [device]
        id = "pi"
        [mqtt]
        url = "{url}"
        health_s = 0.5
        [camera]
        {camera or 'kind = "fake"'}
        [[sensor]]
        name = "cam"
        bundle = "{write_scenes(folder / "cam.npz")}"
        {sensor or "interval_s = 0.1"}
        [sensor.pictures]
        {pictures}
    """


def decoded(message) -> Image.Image:
    return Image.open(io.BytesIO(message["bytes"]))


@pytest.mark.parametrize(("format_", "name"), [("jpeg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")])
def test_every_message_has_its_picture_and_labels_under_the_same_seq(broker, run_agent, tmp_path, format_, name):
    pictures = f'labels = "coco"\nformat = "{format_}"'
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, tmp_path, pictures=pictures))
        subscriber.wait(LABELLED, 5)
        assert agent.stop() == 0
        subscriber.wait("understudy/pi/status", 2)
    messages = {m["properties"]["seq"]: json.loads(m["payload"]) for m in subscriber.seen(TOPIC)}
    images = {m["properties"]["seq"]: m for m in subscriber.seen(IMAGE)}
    labels = {m["properties"]["seq"]: json.loads(m["payload"]) for m in subscriber.seen(LABELLED)}
    assert messages.keys() == images.keys() == labels.keys()
    for seq, image in images.items():
        assert image["content_type"] == f"image/{format_}"
        assert image["properties"]["simulated"] == "true"
        picture = decoded(image)
        assert (picture.format, picture.size) == (name, (160, 120))
        near_y, near_x, far_y, far_x = messages[seq]["box"]
        (annotation,) = labels[seq]["annotations"]
        x, y, width, height = annotation["bbox"]
        assert [x, y, x + width, y + height] == [
            round(near_x * 160),
            round(near_y * 120),
            round(far_x * 160),
            round(far_y * 120),
        ]
        assert labels[seq]["categories"][annotation["category_id"] - 1]["name"] == messages[seq]["label"]
        assert {category["name"] for category in labels[seq]["categories"]} == set(LABELS)


def test_a_camera_that_fails_and_hangs_never_stops_a_message(broker, run_agent, tmp_path):
    camera = 'kind = "fake"\ntimeout_s = 0.5\nscript = ["frame", "error: busy", "delay 9", "delay 9", "frame"]'
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, tmp_path, camera=camera))
        first = time.monotonic()
        subscriber.wait(TOPIC, 100, timeout_s=30)
        spent_s = time.monotonic() - first
        wait_until(lambda: "the camera gives pictures again" in agent.text())
        subscriber.wait(IMAGE, 90, timeout_s=30)
        assert agent.stop() == 0
    assert spent_s < 14  # a hundred messages in ten seconds, though the camera took its time
    seqs = subscriber.seqs(TOPIC)
    assert seqs == list(range(1, len(seqs) + 1))
    sources = [message["properties"]["background"] for message in subscriber.seen(IMAGE)]
    assert sources[0] == "camera"
    assert "last" in sources
    assert sources[-1] == "camera"
    assert agent.text().count("busy") == 1
    troubles = {json.loads(message["payload"])["camera"] for message in subscriber.seen(HEALTH)}
    assert any("busy" in trouble for trouble in troubles)
    assert "ok" in troubles


def test_a_named_camera_that_cannot_be_opened_is_an_error(broker, run_agent, tmp_path):
    agent = run_agent(config(broker.url, tmp_path, camera='kind = "fake"\nscript = ["closed: no such device"]'))
    assert agent.process.wait(15) == 78
    assert re.search(r"\[camera\] kind = 'fake': .*no such device.*fallback", agent.text())
    assert "Traceback" not in agent.text()


def test_with_a_fallback_it_plays_on_with_that(broker, run_agent, tmp_path):
    Image.new("RGB", (64, 48), (200, 30, 30)).save(tmp_path / "still.png")
    camera = 'kind = "fake"\nscript = ["closed: no such device"]\nfallback = "still.png"'
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, tmp_path, camera=camera))
        (image, *_) = subscriber.wait(IMAGE, 2)
        assert agent.stop() == 0
    assert image["properties"]["background"] == "fallback"
    assert decoded(image).size == (64, 48)
    assert decoded(image).getpixel((63, 47))[0] > 150
    assert "no such device" in agent.text()


def test_a_camera_that_nobody_named_may_be_missing(broker, run_agent, tmp_path):
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, tmp_path, camera='size = "320x240"'))
        (image, *_) = subscriber.wait(IMAGE, 1)
        assert agent.stop() == 0
    assert decoded(image).size == (320, 240)
    assert image["properties"]["background"] == "fallback"
    assert "there is no camera" in agent.text()


@pytest.mark.parametrize("privacy", ["blur", "replace"])
def test_what_the_camera_sees_is_not_published_where_it_is_private(broker, run_agent, tmp_path, privacy):
    seen = Image.new("RGB", (320, 240), (255, 255, 255))
    seen.paste((0, 0, 0), (150, 200, 154, 204))  # a detail in a corner where no object stands
    seen.save(tmp_path / "seen.png")
    Image.new("RGB", (320, 240), (0, 0, 200)).save(tmp_path / "instead.png")
    camera = f'kind = "still"\npath = "seen.png"\nfallback = "instead.png"\nprivacy = "{privacy}"'
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, tmp_path, camera=camera, pictures='format = "png"'))
        (image, *_) = subscriber.wait(IMAGE, 1)
        assert agent.stop() == 0
    red, _, blue = decoded(image).getpixel((152, 202))
    assert (red > 200) == (privacy == "blur")
    assert blue > 150


def test_inline_the_message_carries_its_picture(broker, run_agent, tmp_path):
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, tmp_path, pictures='inline = "picture"'))
        messages = subscriber.wait(TOPIC, 5)
        assert agent.stop() == 0
    assert [int(message["properties"]["seq"]) for message in messages[:5]] == [1, 2, 3, 4, 5]
    told = json.loads(messages[0]["payload"])
    assert list(told) == ["n", "time", "label", "score", "box", "picture"]
    assert Image.open(io.BytesIO(base64.b64decode(told["picture"]))).size == (160, 120)
    assert not subscriber.seen(IMAGE)


def test_inline_messages_come_while_the_camera_hangs(broker, run_agent, tmp_path):
    camera = 'kind = "fake"\ntimeout_s = 30\nscript = ["delay 60"]'
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, tmp_path, camera=camera, pictures='inline = "picture"'))
        subscriber.wait(TOPIC, 20)
        assert agent.stop() == 0
        subscriber.wait("understudy/pi/status", 2)
    messages = subscriber.seen(TOPIC)
    seqs = [int(message["properties"]["seq"]) for message in messages]
    assert seqs == list(range(1, len(seqs) + 1))
    (health, *_) = reversed(subscriber.seen(HEALTH))
    told = json.loads(health["payload"])
    assert told["pictures"] + told["pictures_dropped"] == len(seqs)


def test_inline_has_a_key_of_its_own(broker, run_agent, tmp_path):
    agent = run_agent(config(broker.url, tmp_path, pictures='inline = "label"'))
    assert agent.process.wait(15) == 78
    assert "inline = 'label': its messages have that key already" in agent.text()


def test_pictures_keep_to_their_size_and_what_is_too_large_is_counted(broker, run_agent, tmp_path):
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, tmp_path, pictures="max_bytes = 1100"))
        images = subscriber.wait(IMAGE, 3)
        wait_until(lambda: any(json.loads(m["payload"])["lower_quality"] for m in subscriber.seen(HEALTH)))
        assert agent.stop() == 0
    assert all(len(message["bytes"]) <= 1100 for message in images)


def test_an_aggregators_readings_have_pictures_too_and_none_is_left_out(broker, run_agent, tmp_path):
    head = 'mode = "aggregator"\n[aggregator]\nbatch_s = 1'
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, tmp_path, head=head, sensor="interval_s = 0.02"))
        subscriber.wait(TOPIC, 3)
        wait_until(lambda: len(subscriber.seen(IMAGE)) >= 100)
        assert agent.stop() == 0
        subscriber.wait("understudy/pi/status", 2)
    batches = [json.loads(message["payload"]) for message in subscriber.seen(TOPIC)]
    seqs = [int(message["properties"]["seq"]) for message in subscriber.seen(IMAGE)]
    assert seqs == list(range(1, len(seqs) + 1))
    assert abs(len(seqs) - sum(map(len, batches))) <= 64


def test_a_reload_changes_pictures_and_the_camera(broker, run_agent, tmp_path):
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, tmp_path))
        subscriber.wait(IMAGE, 2)
        changed = config(broker.url, tmp_path, camera='kind = "color"\nsize = "64x48"', pictures='format = "png"')
        (tmp_path / "agent.toml").write_text(changed)
        agent.signal(signal.SIGHUP)
        agent.wait_for("reloaded")
        wait_until(lambda: any(m["content_type"] == "image/png" for m in subscriber.seen(IMAGE)))
        (tmp_path / "agent.toml").write_text(changed.replace('kind = "color"', 'kind = "still"\npath = "nowhere.png"'))
        agent.signal(signal.SIGHUP)
        agent.wait_for("the old one plays on")
        count = len(subscriber.seen(IMAGE))
        subscriber.wait(IMAGE, count + 3)
        assert agent.stop() == 0
    last = subscriber.seen(IMAGE)[-1]
    assert (decoded(last).format, decoded(last).size) == ("PNG", (64, 48))
    assert "nowhere.png" in agent.text()
    seqs = subscriber.seqs(TOPIC)
    assert seqs == list(range(1, len(seqs) + 1))


@pytest.mark.parametrize(
    ("protocol", "limit"),  # of which the broker does not tell its clients
    [("5", "message_size_limit 30000"), ("3.1.1", "max_packet_size 30000")],
)
def test_a_picture_that_is_too_large_for_the_broker_is_given_up_and_messages_come(
    broker, run_agent, tmp_path, protocol, limit
):
    broker.stop()
    broker.options = (limit,)
    broker.start()
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (240, 320, 3), np.uint8)).save(tmp_path / "noise.png")
    camera = 'kind = "still"\npath = "noise.png"'
    text = config(broker.url, tmp_path, camera=camera, pictures='format = "png"', sensor="interval_s = 1.0")
    with broker.subscriber() as subscriber:
        agent = run_agent(text.replace("health_s", f'protocol = "{protocol}"\n        health_s'))
        subscriber.wait(TOPIC, 8, timeout_s=40)
        wait_until(lambda: any(json.loads(m["payload"])["lost"] for m in subscriber.seen(HEALTH)), 40)
        agent.stop()
    assert "is that too large for the broker?" in agent.text()
    seqs = list(dict.fromkeys(subscriber.seqs(TOPIC)))
    assert seqs == list(range(1, len(seqs) + 1))


def test_a_reload_waits_for_no_camera(broker, run_agent, tmp_path):
    with broker.subscriber() as subscriber:
        agent = run_agent(config(broker.url, tmp_path))
        subscriber.wait(IMAGE, 2)
        for script in ('["closed: busy"]', '["delay 60"]\ntimeout_s = 60'):
            changed = config(broker.url, tmp_path, camera=f'kind = "fake"\nscript = {script}')
            (tmp_path / "agent.toml").write_text(changed)
            agent.signal(signal.SIGHUP)
            count = len(subscriber.seen(TOPIC))
            subscriber.wait(TOPIC, count + 15)
        assert agent.stop() == 0
    stamps = [json.loads(message["payload"])["time"] / 1e9 for message in subscriber.seen(TOPIC)]
    assert max(np.diff(stamps)) < 2
    assert "busy" in agent.text()
