import json
from datetime import UTC

import pytest

from agent.arrival import plan as plans
from agent.clock import NS_PER_S, FakeClock
from agent.model import model_of
from agent.modes.aggregator import AggregatorMode, Batching
from agent.modes.envelope import Envelope
from agent.modes.pack import Form, Pack, Tally
from agent.modes.voice import Voice
from agent.player import Player
from tests.bundles import make_bundle


class Stage:
    """An aggregator with one pack for all sensors, or one for each, and what it published."""

    def __init__(
        self, *names: str, together: bool = False, per_hour: float = 3600.0, form: Form | None = None, **options
    ):
        self.clock, self.published, self.tally, self.room = FakeClock(), [], Tally(), True
        self.start_ns = self.clock.unix_ns()
        self.reached: dict = {}
        form = form or Form(named=together)
        shared = Pack(Envelope("all", 1, "r"), form, self.tally, lambda _: lambda: None)
        voices = []
        for name in names:
            bundle = make_bundle(periods={"day": per_hour}, export=True)
            player = Player(name, model_of(bundle), [1])
            agenda = plans.recorded(bundle, "day", UTC).agenda(player.rng, options.get("reached_ns", self.start_ns))
            own = Pack(Envelope(f"t/{name}", 1, "r"), form, self.tally, lambda _: lambda: None)
            voices.append((Voice(player, agenda, options.get("most")), shared if together else own))
        pace = Batching(
            options.get("step_s", 60.0), options.get("flush_s", 60.0), options.get("catch_up_s", 86_400.0), 10_000
        )
        self.mode = AggregatorMode(
            voices,
            pace,
            clock=self.clock,
            publish=self.published.append,
            room=lambda: self.room,
            tally=self.tally,
            sent=self._note,
            reached_ns=options.get("reached_ns", self.start_ns),
        )

    def _note(self, reached):
        self.reached |= reached
        return lambda: None

    def ticks(self, count: int, seconds: float = 60.0) -> None:
        for _ in range(count):
            self.clock.advance(seconds)
            self.mode.tick()

    def messages(self, topic: str = "t/a") -> list[dict]:
        return [m for batch in self.published if batch.topic == topic for m in json.loads(batch.payload)]


def test_own_batches_are_arrays_with_their_range_of_seq():
    stage = Stage("a", "b")
    stage.ticks(3)
    batches = [message for message in stage.published if message.topic == "t/a"]
    assert len(batches) == 3
    last = 0
    for batch in batches:
        properties, messages = dict(batch.properties), json.loads(batch.payload)
        assert properties["simulated"] == "true"
        assert int(properties["seq_first"]) == last + 1
        last = int(properties["seq_last"])
        assert [message["n"] for message in messages] == list(range(int(properties["seq_first"]), last + 1))
        (exported,) = {message["exported"] for message in messages}
        assert messages[-1]["time"] + NS_PER_S <= exported <= stage.clock.unix_ns() + NS_PER_S
    assert last == pytest.approx(180, abs=3)


def test_a_batch_of_all_is_in_order_and_leaves_at_one_moment():
    stage = Stage("a", "b", together=True)
    stage.ticks(1)
    items = stage.messages("all")
    times = [item["message"]["time"] for item in items]
    assert times == sorted(times)
    assert {item["sensor"] for item in items} == {"a", "b"}
    assert all(item["seq"] == item["message"]["n"] for item in items)
    assert {item["message"]["exported"] for item in items} == {stage.clock.unix_ns() + NS_PER_S}
    assert len(stage.published) == 1


def test_nothing_due_is_no_message_and_is_counted():
    stage = Stage("a", per_hour=1e-6)
    stage.ticks(3)
    assert stage.published == []
    assert stage.tally.empty == 3


def test_a_batch_leaves_when_it_is_full_however_long_that_takes():
    stage = Stage("a", form=Form(max_count=50), step_s=1.0, flush_s=None)
    stage.ticks(240, seconds=1.0)
    assert [len(json.loads(batch.payload)) for batch in stage.published] == [50, 50, 50, 50]


def test_a_batch_leaves_when_it_is_full_or_after_its_time():
    stage = Stage("a", form=Form(max_count=50), step_s=1.0, flush_s=60.0)
    stage.ticks(121, seconds=1.0)
    assert [len(json.loads(batch.payload)) for batch in stage.published] == [50, 10, 50, 10]


def test_what_was_collected_leaves_on_request():
    stage = Stage("a", form=Form(max_count=50), step_s=1.0, flush_s=None)
    stage.ticks(10, seconds=1.0)
    stage.mode.flush()
    assert len(stage.messages()) == 10


@pytest.mark.parametrize("jump_s", [86_400 * 400, -86_400 * 400, -2 * 3600])
def test_a_clock_that_is_set_far_off_goes_on_from_there(caplog, jump_s):
    stage = Stage("a")
    stage.ticks(1)
    stage.clock.epoch_ns += jump_s * NS_PER_S
    stage.ticks(1)
    stage.ticks(1)
    assert "the wall clock was set" in caplog.text
    now_ns, numbers = stage.clock.unix_ns(), [message["n"] for message in stage.messages()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(now_ns - 61 * NS_PER_S <= message["time"] <= now_ns for message in stage.messages()[-59:])


@pytest.mark.parametrize("steps_s", [(0, 5, -5, 0), (0, -1800, *[0] * 31), (0, 7200, 0)])
def test_a_clock_that_is_set_a_little_loses_and_repeats_nothing(steps_s):
    stage = Stage("a")
    for step_s in steps_s:
        stage.clock.epoch_ns += step_s * NS_PER_S
        stage.ticks(1)
    times = [message["time"] for message in stage.messages()]
    assert times == sorted(set(times))
    assert len(times) == pytest.approx((stage.clock.unix_ns() - stage.start_ns) / NS_PER_S, abs=61)


def test_what_fell_due_while_the_machine_slept_comes_in_batches_of_their_usual_size_and_counts_as_late():
    stage = Stage("a")
    stage.ticks(1, seconds=600)
    assert [len(json.loads(batch.payload)) for batch in stage.published] == pytest.approx([60] * 10, abs=1)
    assert stage.tally.late == 9 - 1


def test_what_fell_due_too_long_ago_is_left_out_and_counted(caplog):
    stage = Stage("a", reached_ns=FakeClock().unix_ns() - 7200 * NS_PER_S, catch_up_s=3600)
    stage.ticks(1)
    assert stage.tally.skipped_s == pytest.approx(3600)
    assert "catch_up_s" in caplog.text
    assert len(stage.messages()) == pytest.approx(3660, abs=62)


def test_without_room_readings_are_made_later_and_none_is_lost():
    stage = Stage("a")
    stage.room = False
    stage.ticks(5)
    assert stage.published == []
    stage.room = True
    stage.ticks(1)
    numbers = [message["n"] for message in stage.messages()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == pytest.approx(360, abs=2)


def test_a_sensor_is_silent_after_its_count():
    stage = Stage("a", "b", most=100)
    stage.ticks(3)
    assert [message["n"] for message in stage.messages()] == list(range(1, 101))


def test_a_large_batch_is_split():
    stage = Stage("a", form=Form(max_bytes=4096))
    stage.ticks(1)
    assert stage.tally.split == len(stage.published) - 1 > 0
    assert len(stage.messages()) == pytest.approx(60, abs=1)


def test_a_silent_sensor_gets_as_far_as_the_others():
    stage = Stage("a", per_hour=1e-6)
    stage.ticks(2)
    assert stage.reached == {"a": (0, stage.start_ns + 120 * NS_PER_S)}


def test_a_sensor_that_got_farther_than_others_repeats_nothing_when_old_readings_are_left_out():
    stage = Stage("a", reached_ns=FakeClock().unix_ns() - 7200 * NS_PER_S, catch_up_s=3600)
    (voice, _), *_ = stage.mode._voices
    voice.due(stage.start_ns - 60 * NS_PER_S)
    stage.ticks(1)
    assert len(stage.messages()) == pytest.approx(120, abs=1)


def test_it_says_that_it_is_behind_until_there_is_room():
    stage = Stage("a")
    stage.room = False
    stage.ticks(1)
    assert stage.mode.behind
    stage.room = True
    stage.mode.tick()
    assert not stage.mode.behind


@pytest.mark.parametrize("catch_up_s", [0.0, 0.5])
def test_what_fell_due_since_the_last_batch_is_never_too_long_ago(catch_up_s):
    stage = Stage("a", catch_up_s=catch_up_s)
    stage.ticks(5)
    assert len(stage.messages()) == pytest.approx(300, abs=1)
    assert stage.tally.skipped_s == 0


def test_a_long_batch_is_made_in_steps_and_looks_for_room_between_them():
    stage = Stage("a", per_hour=3_600_000.0, step_s=3600.0, flush_s=3600.0)
    looks = iter([True, True, False])
    stage.mode._room = lambda: next(looks)
    stage.ticks(1, seconds=3600.0)
    assert 0 < stage.tally.readings <= 25_000
    assert stage.mode.behind


def test_a_goodbye_has_an_end():
    stage = Stage("a", per_hour=3_600_000.0, step_s=3600.0, flush_s=3600.0)
    stage.clock.advance(3600.0)
    stage.mode.tick(end_s=stage.clock.monotonic_s() - 1)
    assert stage.tally.readings == 0


def test_a_sensor_that_fails_is_silent_and_the_others_go_on(caplog):
    stage = Stage("a", "b")
    (voice, _), *_ = stage.mode._voices
    voice.agenda.due = lambda _: 1 / 0
    stage.ticks(3)
    assert (stage.messages("t/a"), stage.tally.silenced) == ([], 1)
    assert len(stage.messages("t/b")) == pytest.approx(180, abs=2)
    assert "sensor 'a' failed and is silent" in caplog.text


def test_what_is_still_collected_does_not_count_as_reached():
    stage = Stage("a", form=Form(max_count=50), step_s=1.0, flush_s=None)
    stage.ticks(10, seconds=1.0)
    assert stage.reached == {}
    stage.mode.flush()
    assert stage.reached == {"a": (10, stage.clock.unix_ns())}
