import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from agent.arrival import plan as plans
from agent.clock import NS_PER_S, FakeClock
from agent.loop import Job, Loop
from agent.model import model_of
from agent.modes.envelope import Envelope
from agent.modes.sensor import Following, SensorMode
from agent.player import Player
from tests.bundles import make_bundle


def test_each_tick_is_a_message_stamped_now_that_tells_what_it_is():
    clock, published = FakeClock(), []
    mode = sensor_mode(clock, published)
    for _ in range(3):
        clock.advance(1)
        mode.tick()
    assert [dict(message.properties) for message in published] == [
        {"simulated": "true", "run": "r", "seq": str(n)} for n in (1, 2, 3)
    ]
    first = json.loads(published[0].payload)
    assert (first["time"], first["n"]) == (clock.unix_ns() - 2 * NS_PER_S, 1)
    assert (published[0].topic, published[0].qos, published[0].retain) == ("t", 2, False)


def sensor_mode(clock: FakeClock, published: list) -> SensorMode:
    bundle = make_bundle()
    player = Player("climate", model_of(bundle), [1])
    envelope = Envelope("t", 2, "r")
    return SensorMode(player, clock, lambda seq, text: published.append(envelope.reading(seq, text)))


class Street:
    """A loop that lets one sensor follow a plan, on a clock that jumps from wait to wait."""

    def __init__(self, plan, **options):
        self.clock, self.published = FakeClock(), []
        mode = sensor_mode(self.clock, self.published)
        until_ns = options.pop("until_ns", None)
        agenda = plan.agenda(Player("x", model_of(make_bundle()), [1]).rng, self.clock.unix_ns(), until_ns)
        self.following = Following(agenda, mode.tick, self.clock, options.pop("most", None))
        self.loop = Loop(self.clock, self._wait)
        self.waits = []
        self.loop.replace([Job(self.following.first_s(), self.following.pace, self.following.tick)])

    def _wait(self, timeout_s):
        self.waits.append(timeout_s)
        self.clock.advance(3600.0 if timeout_s is None else timeout_s)
        raise __import__("queue").Empty

    def pass_(self, seconds: float) -> list[int]:
        """The times of what was said meanwhile, in nanoseconds."""
        before = len(self.published)
        self.loop.run(until=lambda: False, timeout_s=seconds)
        return [json.loads(message.payload)["time"] for message in self.published[before:]]


def office_hours() -> plans.Plan:
    rates = [0.0] * (7 * 1440)
    for day in range(5):
        rates[day * 1440 + 540 : day * 1440 + 1080] = [60.0] * 540
    return plans.scheduled(rates, "regular", UTC)


def test_a_sensor_follows_the_recorded_rhythm():
    times = Street(plans.steady(make_bundle(), 10.28, UTC)).pass_(3600)
    gaps = [(b - a) / NS_PER_S for a, b in pairwise(times)]
    assert len(times) == pytest.approx(350, abs=1)
    assert gaps == pytest.approx([10.28] * len(gaps), abs=1e-6)


def test_a_schedule_is_kept():
    times = Street(office_hours()).pass_(7 * 86_400)
    when = [datetime.fromtimestamp(time / NS_PER_S, UTC) for time in times]
    assert len(times) == pytest.approx(5 * 9 * 60, abs=2)
    assert {time.weekday() for time in when} == {0, 1, 2, 3, 4}
    assert {time.hour for time in when} == set(range(9, 18))


def test_a_sensor_ends_after_its_count_or_its_last_instant():
    assert len(Street(plans.steady(make_bundle(), 1.0, UTC), most=7).pass_(3600)) == 7
    end = FakeClock().unix_ns() + 100 * NS_PER_S
    street = Street(plans.steady(make_bundle(), 1.0, UTC), until_ns=end)
    assert len(street.pass_(3600)) == 100
    assert street.following.first_s() > street.clock.now_s  # it looks on, for the clock may be set


def test_instants_of_a_stall_are_missed_counted_and_not_caught_up_with():
    street = Street(plans.steady(make_bundle(), 1.0, UTC))
    street.pass_(10)
    street.clock.advance(500)
    assert len(street.pass_(10)) <= 12
    assert street.loop.missed == pytest.approx(500, abs=2)


@pytest.mark.parametrize(
    "jump", [timedelta(hours=-5), timedelta(hours=5), timedelta(days=-20_000), timedelta(days=500)]
)
def test_the_sensor_speaks_on_when_the_wall_clock_is_set(jump):
    street = Street(plans.steady(make_bundle(), 10.0, UTC))
    street.pass_(100)
    street.clock.epoch_ns += round(jump.total_seconds()) * NS_PER_S
    street.pass_(60)
    times = street.pass_(600)
    assert len(times) == pytest.approx(60, abs=2)
    assert abs(times[-1] - street.clock.unix_ns()) <= 10 * NS_PER_S


def test_a_schedule_is_kept_when_the_wall_clock_is_set_while_nobody_speaks():
    street = Street(office_hours())
    now = datetime.fromtimestamp(street.clock.unix_ns() / NS_PER_S, UTC)
    midnight = now.replace(hour=0, minute=0, second=0) + timedelta(days=(7 - now.weekday()))
    street.pass_((midnight - now).total_seconds())
    street.clock.epoch_ns += 8 * 3600 * NS_PER_S
    times = street.pass_(3600 + 600)
    assert len(times) == pytest.approx(10, abs=1)
