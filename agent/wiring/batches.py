"""Sensors that speak in batches: as they fall due, or as they would have in the past."""

from collections.abc import Callable, Sequence

from agent.arrival.agenda import Agenda
from agent.modes.aggregator import AggregatorMode, Batching
from agent.modes.pack import Form, Pack, Sent, Tally
from agent.modes.voice import Item, Voice
from agent.player import Player
from agent.settings.sensor import Sensor
from agent.wiring.stage import Stage

LARGEST_BYTES = 268_000_000  # of a message in MQTT

Playing = tuple[Sensor, Player, Agenda]


def aggregator_of(
    stage: Stage, playing: Sequence[Playing], show: Callable[[Item], None] | None = None
) -> AggregatorMode:
    """The sensors of aggregator mode, each going on where it was; `show` has pictures made of their messages."""
    ours, now_ns = stage.settings.aggregator, stage.clock.unix_ns()
    return _mode(
        stage,
        playing,
        form_of(stage),
        Batching(ours.step_s, ours.flush_s, ours.catch_up_s),
        room=stage.publisher.has_room,
        sent=stage.progress.sent,
        reached_ns=min(stage.progress.begin(sensor.name, now_ns)[1] for sensor, *_ in playing),
        show=show,
    )


def past_of(
    stage: Stage, playing: Sequence[Playing], first_ns: int, room: Callable[[], bool], *, to_file: bool, at_once: int
) -> AggregatorMode:
    """The sensors of a past: packed as they would have been; in sensor mode or for a file, each message alone.

    In a file several sensors are told apart as in batches of them all: each message with its sensor and `seq`.
    What is settled counts by whole steps of `at_once` readings, for all sensors alike: from there one can go on.
    """
    ours, form = stage.settings.aggregator, form_of(stage)
    batched = stage.settings.mode == "aggregator" and not to_file
    if not batched:
        form = Form("single", LARGEST_BYTES, named=form.named or (to_file and len(playing) > 1))
    return _mode(
        stage,
        playing,
        form,
        Batching(ours.step_s, ours.flush_s if batched else None, readings=at_once),
        room=room,
        sent=lambda reached: stage.progress.sent(reached if len(reached) == len(playing) else {}),
        reached_ns=first_ns,
    )


def _mode(
    stage: Stage,
    playing: Sequence[Playing],
    form: Form,
    pace: Batching,
    *,
    room: Callable[[], bool],
    sent: Sent,
    reached_ns: int,
    show: Callable[[Item], None] | None = None,
) -> AggregatorMode:
    tally = Tally()
    return AggregatorMode(
        _voices(stage, playing, form, tally, sent),
        pace,
        clock=stage.clock,
        publish=stage.publisher.publish,
        room=room,
        tally=tally,
        sent=sent,
        reached_ns=reached_ns,
        show=show,
    )


def form_of(stage: Stage) -> Form:
    """How batches are packed; those of all sensors name them."""
    ours = stage.settings.aggregator
    together = stage.settings.mode == "aggregator" and ours.topic is not None
    return Form(ours.format, ours.max_bytes, ours.batch_count, ours.gzip, named=together)


def _voices(stage: Stage, playing: Sequence[Playing], form: Form, tally: Tally, sent: Sent) -> list[tuple[Voice, Pack]]:
    """Each sensor, and where its messages are packed."""
    topic, together = stage.settings.aggregator.topic, None
    if form.named and topic is not None:
        together = Pack(stage.envelope_on(stage.settings.topic(topic)), form, tally, sent)
    voices = []
    for sensor, player, agenda in playing:
        pack = together or Pack(stage.envelope(sensor.name), form, tally, sent)
        voices.append((Voice(player, agenda, sensor.count), pack))
    return voices
