"""Fitting real and made recordings, end to end but for the broker."""

import json
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp

from agent.clock import NS_PER_S
from agent.errors import RecordingError
from agent.model import model_of
from agent.models import bundle as bundles
from agent.models.manifest import Manifest
from agent.player import Player
from tests.trainer.conftest import START_NS, play, recording_of
from tests.trainer.likeness import assert_alike
from trainer import draft as drafting
from trainer.corrections import ORDER
from trainer.fit import Options, fit, learn
from trainer.parity import ParityError
from trainer.recording import load

DAY_NS = 86_400 * NS_PER_S
DETECTION_TIMES = {"._timestamp", ".EventProcessedUtcTime", ".EventEnqueuedUtcTime", ".IoTHub.EnqueuedTime"}


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("detections-single.json", DETECTION_TIMES),
        ("detections-pairs.json", DETECTION_TIMES),
        ("room-climate.csv", {".date"}),
    ],
)
def test_two_thousand_messages_keep_every_rule_of_the_recording(fitted, name, times) -> None:
    recording, bundle = fitted(name)
    assert_alike(play(bundle, 2000), recording.messages, times)


@pytest.mark.parametrize("name", ["detections-single.json", "detections-pairs.json"])
def test_the_times_of_one_message_agree_as_in_the_recording(fitted, name) -> None:
    recording, bundle = fitted(name)
    messages = play(bundle, 2000)

    def lags(message: dict[str, Any]) -> tuple[float, float]:
        event = datetime.strptime(message["_timestamp"], "%m/%d/%Y, %H:%M:%S.%f")
        hub = datetime.fromisoformat(message["IoTHub"]["EnqueuedTime"][:26])
        queued = datetime.fromisoformat(message["EventEnqueuedUtcTime"][:26])
        return (hub - event).total_seconds() + 7200, (queued - hub).total_seconds()

    for part in (0, 1):
        real, made = ([lags(m)[part] for m in ms] for ms in (recording.messages, messages))
        assert min(real) - 0.002 <= min(made) <= max(made) <= max(real) + 0.002
        assert abs(np.median(real) - np.median(made)) < 0.1
    assert all(message["EventEnqueuedUtcTime"] >= message["IoTHub"]["EnqueuedTime"] for message in messages)


def test_the_moment_of_an_export_is_one_instant_after_the_last_message(fitted) -> None:
    _, bundle = fitted("detections-pairs.json")
    messages = play(bundle, 50)
    processed = {message["EventProcessedUtcTime"] for message in messages}
    assert len(processed) == 1
    assert processed.pop() > max(message["EventEnqueuedUtcTime"] for message in messages)


def test_a_recording_of_two_messages_is_refused_with_what_to_do(shared) -> None:
    with pytest.raises(RecordingError, match=r"2 messages are too few to learn from; record at least 20"):
        fit(load(str(shared("vehicle-detections.json"))), "vehicle")


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(shared) -> None:
    recording = load(str(shared("detections-single.json")))
    first, second, other = (fit(recording, "camera", Options(seed=seed)).bundle.to_bytes() for seed in (5, 5, 6))
    assert first == second
    assert first != other


def test_the_manifest_holds_what_the_format_promises(fitted) -> None:
    _, bundle = fitted("room-climate.csv")
    manifest = json.loads(bundle.manifest.model_dump_json())
    assert set(manifest) == set(Manifest.model_fields)
    assert manifest["provenance"]["rows"] == 8143
    assert manifest["period"]["covered"]["day"]["repetitions"] == pytest.approx(5.65, abs=0.01)
    assert manifest["parity"]["worst"] <= manifest["parity"]["limit"]
    assert manifest["quality"]["score"] > 0.9


def test_an_export_that_differs_from_sdv_is_refused(shared, mocker) -> None:
    recording = load(str(shared("detections-single.json")))
    sampler = mocker.patch.object(drafting, "sampler_of")
    sampler.return_value.draw.side_effect = lambda count, rng: np.zeros((count, 8))
    with pytest.raises(ParityError, match=r"differs from SDV by more than .*; nothing was written"):
        fit(recording, "camera")


def people(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    made: list[dict[str, Any]] = []
    for i in range(count):
        message: dict[str, Any] = {
            "messageId": str(uuid.UUID(int=int(rng.integers(2**62)) << 60)),
            "userId": f"user-{rng.integers(1, 6):03d}",
            "email": f"person{rng.integers(30)}@firm{i}.example",
            "site": "north",
            "time": f"2026-03-02T{i // 60 % 24:02d}:{i % 60:02d}:00Z",
            "level": int(rng.integers(1, 4)),
            "load": round(float(rng.normal(5, 1)), 2),
        }
        if rng.random() < 0.3:
            message["load"] = None
        if rng.random() < 0.2:
            del message["level"]
        made.append(message)
    return made


def test_identifiers_and_personal_data_are_made_up_afresh(tmp_path: Path) -> None:
    recorded = people(400)
    bundle = fit(recording_of(recorded), "people").bundle
    content = bundle.manifest.model_dump_json()
    text = content + json.dumps(play(bundle, 2000))
    for key in ("messageId", "userId", "email"):
        replayed = [message[key] for message in recorded if message[key] in text]
        assert not replayed, key
    played = play(bundle, 500)
    assert all(uuid.UUID(message["messageId"]).version == 4 for message in played)
    assert len({message["messageId"] for message in played}) == 500
    assert len({message["userId"] for message in played}) == 5
    assert all("@" in message["email"] for message in played)


def test_nulls_and_missing_keys_come_at_their_rates() -> None:
    played = play(fit(recording_of(people(1000)), "people").bundle, 4000)
    assert np.mean([message["load"] is None for message in played]) == pytest.approx(0.3, abs=0.05)
    assert np.mean(["level" not in message for message in played]) == pytest.approx(0.2, abs=0.05)
    assert {type(message["load"]) for message in played} == {float, type(None)}


def detections(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(2)
    made = []
    for i in range(count):
        kinds = [["person"], ["person", "dog"], ["car"], [], ["person", "person", "dog", "car"]][int(rng.integers(5))]
        items = []
        for kind in kinds:
            y, x = rng.uniform(0, 0.5, 2).astype(np.float32)
            far = np.float32([y + rng.uniform(0.1, 0.4), x + rng.uniform(0.1, 0.4)])
            box = [float(v) for v in (y, x, *far)]
            items.append({"box": str(box), "label": kind, "score": str(int(rng.integers(128, 256)) / 256)})
        items.sort(key=lambda item: -float(item["score"]))
        made.append({"t": 1_772_000_000_000 + i * 5000, "objects": items, "device": {"id": "cam-1"}})
    return made


def test_lists_of_varying_length_are_learnt_per_message() -> None:
    recorded = detections(600)
    bundle = fit(recording_of(recorded), "camera").bundle
    played = play(bundle, 2000)
    assert_alike([_sorted(m) for m in played], [_sorted(m) for m in recorded], {".t"})
    for message in played:
        scores = [float(item["score"]) for item in message["objects"]]
        assert scores == sorted(scores, reverse=True)
    assert {len(message["objects"]) for message in played} == {0, 1, 2, 4}


def _sorted(message: dict[str, Any]) -> dict[str, Any]:
    return message | {"objects": sorted(message["objects"], key=lambda item: item["label"])}


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([{"a": 1}] * 5, "5 messages are too few"),
        (
            [{"a": 1 if i % 2 else "x"} for i in range(30)],
            r"a: mixed types \(string in message 1, number in message 2\)",
        ),
        ([{"a": 1}] * 30, "nothing varies but times"),
    ],
)
def test_a_recording_that_cannot_be_learnt_is_refused_in_one_sentence(messages, said) -> None:
    with pytest.raises(RecordingError, match=said):
        fit(recording_of(messages), "sensor")


def test_a_bundle_reads_back_as_it_was_written(fitted, tmp_path: Path) -> None:
    _, bundle = fitted("detections-pairs.json")
    bundles.write(bundle, tmp_path / "camera.npz")
    read = bundles.read(tmp_path / "camera.npz")
    assert read.manifest == bundle.manifest
    assert play(read, 20) == play(bundle, 20)


def test_rows_are_learnt_in_the_order_of_their_events_and_else_as_they_were_recorded() -> None:
    events = np.random.default_rng(3).permutation(96)
    messages = [{"time": f"2026-03-02T{e // 4:02d}:{15 * (e % 4):02d}:00Z", "level": int(e) / 2} for e in events]
    messages.append({"time": "2026-03-03T00:00:00Z", "level": 48.5})
    recording = recording_of(messages)
    _, sorted_, _ = learn(recording, "s", Options())
    _, recorded, _ = learn(recording, "s", Options(without=frozenset([ORDER])))
    assert sorted_.table["level"].is_monotonic_increasing
    unit = sorted_.table["level"][2] - sorted_.table["level"][0]
    assert (recorded.table["level"][:96] / unit).tolist() == (events / 2).tolist()
    assert recorded.hours is not None
    assert recorded.hours[:96].tolist() == (events // 4).tolist()


def test_keys_that_look_like_a_path_are_keys_like_any_other() -> None:
    rng = np.random.default_rng(2)
    messages = []
    for i in range(60):
        message = {key: round(float(rng.normal()), 3) for key in ("[]", "", '""', "a.b", "x?", "l[item 1]", "?joint 1")}
        message |= {"a": {"b": i % 2}, "l": [{"v": i % 3, "[]": i / 7}] * (i % 3), "\\": "yes" if i % 5 else "no"}
        messages.append(message | ({"x": float(rng.normal())} if i % 4 else {}))
    drawn = play(fit(recording_of(messages), "s").bundle, 50)
    assert {tuple(message) for message in drawn} <= {tuple(message) for message in messages}
    assert len({tuple(message) for message in drawn}) == 2
    assert {len(message["l"]) for message in drawn} == {0, 1, 2}
    assert all(list(item) == ["v", "[]"] for message in drawn for item in message["l"])
    assert {message["\\"] for message in drawn} == {"yes", "no"}


def test_a_reading_looks_like_those_recorded_in_its_hour(fitted) -> None:
    recording, bundle = fitted("room-climate.csv")
    assert bundle.manifest.hours
    player = Player("room", model_of(bundle), [1])
    hours = [int(message["date"][11:13]) for message in recording.messages]
    for hour in (3, 8, 12, 16, 21):
        recorded = [message for message, at in zip(recording.messages, hours, strict=True) if at == hour]
        times = [START_NS // DAY_NS * DAY_NS + hour * 3_600 * NS_PER_S + i * NS_PER_S for i in range(1000)]
        played = [json.loads(text) for text in player.play(times).texts]
        assert {int(message["date"][11:13]) for message in played} == {hour}
        for name in ("Temperature", "Light", "CO2"):
            distance = ks_2samp([m[name] for m in recorded], [m[name] for m in played]).statistic
            assert distance < 0.09, (hour, name)
        occupied = [sum(m["Occupancy"] for m in messages) / len(messages) for messages in (recorded, played)]
        assert occupied[0] == pytest.approx(occupied[1], abs=0.05)
