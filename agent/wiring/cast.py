"""Who plays: the sensors of a configuration, and the jobs that let them speak."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.arrival.agenda import Agenda
from agent.loop import Job, every, spread
from agent.modes.aggregator import BACK_NS, AggregatorMode
from agent.modes.sensor import Following, SensorMode
from agent.modes.voice import Item
from agent.parts import Part
from agent.player import Player
from agent.wiring.batches import aggregator_of
from agent.wiring.stage import Stage, player_of

if TYPE_CHECKING:
    from agent.modes.illustrator import Illustrator

log = logging.getLogger(__name__)

FINISH_S = 0.3  # of a goodbye, for what fell due meanwhile
SOON_S = 0.25  # until the next look, while there is more to play than the broker takes


@dataclass(frozen=True)
class Act:
    """A sensor while it plays. What did not change at a reload goes on with the same act."""

    part: Part
    player: Player
    agenda: Agenda | None = None
    job: Job | None = None


class Cast:
    """The acts of a configuration.

    Args:
        stage: Where they play.
        parts: The sensors.
        before: The cast before a reload: what did not change plays on, and every `seq` is continued.

    Attributes:
        acts: By sensor.
        jobs: What the loop has to do.
        aggregator: The mode, unless it is sensor mode.
    """

    def __init__(self, stage: Stage, parts: Sequence[Part], before: "Cast | None" = None) -> None:
        self._stage, self._before, self._count = stage, before, len(parts)
        self._now_ns, self._now_s = stage.clock.unix_ns(), stage.clock.monotonic_s()
        self.aggregator: AggregatorMode | None = None
        if stage.settings.mode == "sensor":
            self.acts = {part.sensor.name: self._speaker(part, place) for place, part in enumerate(parts)}
            self.jobs = [act.job for act in self.acts.values() if act.job is not None]
        else:
            self.acts = {part.sensor.name: self._voice(part) for part in parts}
            playing = [(act.part.sensor, act.player, act.agenda) for act in self.acts.values() if act.agenda]
            self.aggregator = aggregator_of(stage, playing, self._show())
            self.jobs = [self._batches(self.aggregator)]
        self._before = None  # else every reload would hold on to all those before it

    def leave(self) -> None:
        """Let go of what was collected and has not left yet."""
        if self.aggregator is not None:
            self.aggregator.flush()

    def finish(self) -> None:
        """Play what fell due until now, as far as there is time, and let it leave."""
        if self.aggregator is not None:
            self.aggregator.tick(self._stage.clock.monotonic_s() + FINISH_S)
            self.aggregator.flush()

    def plays_on(self, stage: Stage) -> bool:
        """Whether sensors that do not change would go on under another configuration."""
        old = self._stage
        return (old.settings.mode, old.seed) == (stage.settings.mode, stage.seed) and old.progress is stage.progress

    def _speaker(self, part: Part, place: int) -> Act:
        same, name = self._same(part), part.sensor.name
        player = same.player if same else self._player(part, self._seq(part))
        clock = self._stage.clock
        mode = SensorMode(player, clock, self._tell(part, player))
        if part.fixed_s is not None:
            due_s = same.job.due_s if same and same.job else self._now_s + spread(place, self._count, part.fixed_s)
            return Act(part, player, job=Job(due_s, every(part.fixed_s), mode.tick, f"sensor {name!r}"))
        agenda = same.agenda if same else None
        agenda = agenda or part.plan().agenda(player.rng, self._now_ns, part.sensor.until_ns(part.zone))
        left = None if part.sensor.count is None else max(0, part.sensor.count - player.seq)
        following = Following(agenda, mode.tick, clock, left)
        return Act(part, player, agenda, Job(following.first_s(), following.pace, following.tick, f"sensor {name!r}"))

    def _tell(self, part: Part, player: Player) -> Callable[[int, str], None]:
        """What a sensor's messages are given to."""
        illustrator, envelope = self._illustrator(part, player), self._stage.envelope(part.sensor.name)
        if illustrator is not None:
            return illustrator.tell
        return lambda seq, text: self._stage.publisher.publish(envelope.reading(seq, text))

    def _show(self) -> Callable[[Item], None] | None:
        """What has pictures made of the messages of all sensors; None: none has any."""
        made = {name: self._illustrator(act.part, act.player) for name, act in self.acts.items()}
        illustrators = {name: illustrator for name, illustrator in made.items() if illustrator is not None}

        def show(item: Item) -> None:
            if item.sensor in illustrators:
                illustrators[item.sensor].show(item.seq, item.text)

        return show if illustrators else None

    def _illustrator(self, part: Part, player: Player) -> "Illustrator | None":
        table, studio = part.sensor.pictures, self._stage.studio
        if table is None or studio is None:
            return None
        from agent.wiring.pictures import illustrator_of

        return illustrator_of(self._stage, studio, table, part, player)

    def _voice(self, part: Part) -> Act:
        same = self._same(part)
        if same is not None:
            return same
        before = self._before.aggregator if self._before is not None and self._before.plays_on(self._stage) else None
        seq, reached_ns = self._stage.progress.begin(part.sensor.name, before.reached_ns if before else self._now_ns)
        player = self._player(part, max(seq, self._seq(part)))
        start_ns = before.reached_ns if before else reached_ns
        if self._before is not None and before is None:
            start_ns = self._now_ns  # until now others played
        if start_ns > self._now_ns + BACK_NS:
            log.warning("%s was played until later than now: the clock was wrong then, or is now", part.sensor.name)
            start_ns = self._now_ns
        return Act(part, player, part.plan().agenda(player.rng, start_ns, part.sensor.until_ns(part.zone)))

    def _batches(self, mode: AggregatorMode) -> Job:
        step_s = self._stage.settings.aggregator.step_s
        before = self._before if self._before is not None and self._before.plays_on(self._stage) else None
        if before is not None and before.aggregator is not None:
            mode.begin(before.aggregator.reached_ns)
        elif self._before is not None:
            mode.begin(self._now_ns)
        same = before is not None and before._stage.settings.aggregator.step_s == step_s
        due_s = before.jobs[0].due_s if before is not None and same else self._now_s + step_s
        steady = every(step_s)

        def pace(due_s: float, now_s: float) -> tuple[float, int]:
            return (now_s + SOON_S, 0) if mode.behind else steady(due_s, now_s)

        return Job(due_s, pace, mode.tick, "aggregator")

    def _same(self, part: Part) -> Act | None:
        """The act before, if nothing about this sensor changed."""
        act = self._before.acts.get(part.sensor.name) if self._before is not None else None
        if act is None or self._before is None or not self._before.plays_on(self._stage):
            return None
        same = act.part.sensor == part.sensor and act.part.bundle.digest == part.bundle.digest
        return act if same else None

    def _seq(self, part: Part) -> int:
        """The last sequence number before a reload, where counting goes on."""
        before = self._before
        if before is None or before._stage.progress.run != self._stage.progress.run:
            return 0
        act = before.acts.get(part.sensor.name)
        return 0 if act is None else act.player.seq

    def _player(self, part: Part, seq: int) -> Player:
        anew = self._stage.settings.mode == "sensor" and self._stage.settings.seed is None
        again = [self._now_ns] if anew else []  # else every start would play the same rows again
        return player_of(part, [self._stage.seed, *again], seq, self._count)
