"""Sensors that speak in batches: as they fall due, or as they would have in the past."""

from collections.abc import Callable, Sequence

from agent.arrival.agenda import Agenda
from agent.modes.aggregator import AggregatorMode
from agent.modes.pack import Form, Pack, Tally
from agent.modes.voice import Voice
from agent.player import Player
from agent.settings.sensor import Sensor
from agent.wiring.stage import Stage

STEP_READINGS = 1000  # of the past, played in one go
LARGEST_BYTES = 268_000_000  # of a message in MQTT

Playing = tuple[Sensor, Player, Agenda]


def aggregator_of(stage: Stage, playing: Sequence[Playing]) -> AggregatorMode:
    """The sensors of aggregator mode, each going on where it was."""
    ours, tally = stage.settings.aggregator, Tally()
    now_ns = stage.clock.unix_ns()
    return AggregatorMode(
        _voices(stage, playing, form_of(stage), tally),
        clock=stage.clock,
        publish=stage.publisher.publish,
        room=stage.publisher.has_room,
        tally=tally,
        sent=stage.progress.sent,
        reached_ns=min(stage.progress.begin(sensor.name, now_ns)[1] for sensor, *_ in playing),
        step_s=ours.step_s,
        flush_s=ours.flush_s,
        catch_up_s=ours.catch_up_s,
    )


def past_of(
    stage: Stage, playing: Sequence[Playing], first_ns: int, room: Callable[[], bool], *, to_file: bool
) -> AggregatorMode:
    """The sensors of a past: packed as they would have been; in sensor mode or for a file, each message alone.

    In a file several sensors are told apart as in batches of them all: each message with its sensor and `seq`.
    """
    ours, tally = stage.settings.aggregator, Tally()
    batched = stage.settings.mode == "aggregator" and not to_file
    busiest = sum(agenda.most_an_hour for _, _, agenda in playing)
    form = form_of(stage)
    if not batched:
        form = Form("single", LARGEST_BYTES, named=form.named or (to_file and len(playing) > 1))
    return AggregatorMode(
        _voices(stage, playing, form, tally),
        clock=stage.clock,
        publish=stage.publisher.publish,
        room=room,
        tally=tally,
        sent=stage.progress.sent,
        reached_ns=first_ns,
        step_s=ours.step_s if batched else min(3600.0, 3600 * STEP_READINGS / max(busiest, 1e-6)),
        flush_s=ours.flush_s if batched else None,
        catch_up_s=0.0,
    )


def form_of(stage: Stage) -> Form:
    """How batches are packed; those of all sensors name them."""
    ours = stage.settings.aggregator
    together = stage.settings.mode == "aggregator" and ours.topic is not None
    return Form(ours.format, ours.max_bytes, ours.batch_count, ours.gzip, named=together)


def _voices(stage: Stage, playing: Sequence[Playing], form: Form, tally: Tally) -> list[tuple[Voice, Pack]]:
    """Each sensor, and where its messages are packed."""
    topic, together = stage.settings.aggregator.topic, None
    if form.named and topic is not None:
        together = Pack(stage.envelope_on(stage.settings.topic(topic)), form, tally, stage.progress.sent)
    voices = []
    for sensor, player, agenda in playing:
        pack = together or Pack(stage.envelope(sensor.name), form, tally, stage.progress.sent)
        voices.append((Voice(player, agenda, sensor.count), pack))
    return voices
