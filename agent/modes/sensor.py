"""Sensor mode: one message per instant, stamped now."""

import math
from collections.abc import Callable

from agent.arrival.agenda import Agenda
from agent.clock import NS_PER_S, Clock, Jumps
from agent.player import Player

LATE_NS = NS_PER_S  # after which an instant counts as missed
LOOK_S = 30.0  # the wall clock may be set while nobody speaks
SET_NS = 2 * NS_PER_S  # the wall clock is corrected by less without anything going on anew


class SensorMode:
    """One sensor that speaks at every tick.

    Args:
        player: The sensor.
        clock: What to stamp with.
        tell: Takes each message, with its `seq`.
    """

    def __init__(self, player: Player, clock: Clock, tell: Callable[[int, str], None]) -> None:
        self._player, self._clock, self._tell = player, clock, tell

    def tick(self) -> None:
        """Say one message."""
        played = self._player.play([self._clock.unix_ns()])
        self._tell(played.first_seq, played.texts[0])


class Following:
    """Ticks a sensor by its agenda: as recorded, or by a schedule.

    Args:
        agenda: Its instants.
        tick: Lets the sensor speak once.
        clock: What to go by.
        most: How often it speaks; None: without end.
    """

    def __init__(self, agenda: Agenda, tick: Callable[[], None], clock: Clock, most: int | None = None) -> None:
        self._agenda, self._speak, self._clock, self._left = agenda, tick, clock, most
        self._jumps = Jumps(clock)
        self._missed = 0

    def tick(self) -> None:
        """Speak for each instant that fell due; those long gone are missed, and skipped."""
        now_ns, jump_ns = self._jumps.look()
        if abs(jump_ns) > SET_NS:
            self._agenda.enter(now_ns - 1)
        for stretch in self._agenda.due(now_ns):
            for event_ns in stretch.event_ns.tolist():
                if event_ns < now_ns - LATE_NS:
                    self._missed += 1
                elif self._left != 0:
                    self._speak()
                    self._left = None if self._left is None else self._left - 1

    def first_s(self) -> float:
        """When to tick next on the monotonic clock: at the next instant, or to look again; infinity: never."""
        if self._left == 0:
            return math.inf
        next_ns = self._agenda.next_ns()  # none: but the wall clock may be set
        wait_s = math.inf if next_ns is None else (next_ns - self._clock.unix_ns()) / NS_PER_S
        return self._clock.monotonic_s() + min(max(0.0, wait_s), LOOK_S)

    def pace(self, _due_s: float, _now_s: float) -> tuple[float, int]:
        """See `loop.Pace`."""
        missed, self._missed = self._missed, 0
        return self.first_s(), missed
