"""The sensors of a configuration, each with its bundle: checked, not yet playing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path

import numpy as np

from agent.arrival import plan as plans
from agent.arrival.plan import Plan
from agent.arrival.rhythm import SHORTEST_S
from agent.errors import BundleError, ConditionError, ConfigError, UnderstudyError
from agent.model import Model, model_of
from agent.models import bundle as bundles
from agent.models.bundle import Bundle
from agent.models.manifest import PeriodName
from agent.models.sampler import GIVEN_BLOCK, Given, drawn
from agent.player import given_of, hours_for, local_zone
from agent.problems import listed
from agent.settings.schedule import weekly
from agent.settings.sensor import Sensor
from agent.settings.settings import Settings


@dataclass(frozen=True)
class Part:
    """One sensor of the configuration, with the model it plays."""

    sensor: Sensor
    model: Model

    @property
    def bundle(self) -> Bundle:
        return self.model.bundle

    @property
    def zone(self) -> tzinfo:
        """Where its midnight is."""
        return local_zone(self.bundle, self.sensor.zone)

    @property
    def given(self) -> Given:
        """What its rows have to be like (ConditionError: they never are)."""
        return given_of(self.bundle, self.sensor.given)

    @property
    def hours(self) -> list[int]:
        """For each hour by which rows differ, the one whose rows are played (ConditionError: none is as given)."""
        return hours_for(self.model, self.given)

    @property
    def fixed_s(self) -> float | None:
        """Seconds between its messages where nothing but that is known of them."""
        sensor = self.sensor
        plain = sensor.spacing != "poisson" and sensor.count is None and sensor.until is None
        return sensor.interval_s if plain else None

    @property
    def recorded_s(self) -> float | None:
        """Mean seconds between ticks as recorded; None: not known, or none that can be played."""
        recorded_s = self.bundle.manifest.arrival.pace_s
        return recorded_s if recorded_s and recorded_s >= SHORTEST_S else None

    @property
    def period(self) -> PeriodName | None:
        """As set, else the longest that is covered; None: it is played without."""
        sensor = self.sensor
        if sensor.schedule or sensor.interval_s or sensor.period == "none":
            return None
        return sensor.named_period or plans.longest(self.bundle)

    @property
    def pace(self) -> str:
        """When it speaks, for people."""
        sensor = self.sensor
        ways = f", {sensor.spacing}" if sensor.spacing else ""
        if sensor.schedule:
            return f"by a schedule of {len(sensor.schedule)} windows{ways}"
        if sensor.interval_s:
            return f"every {sensor.interval_s:g} s{ways}"
        origin = self.bundle.manifest.origin
        steady = f"as {origin}, every {self.recorded_s:g} s on average" if self.recorded_s else "never"
        return f"as {origin}, by the {self.period}" if self.period else steady

    def plan(self) -> Plan:
        """When it speaks.

        Raises:
            BundleError: An array of the bundle is not as it must be.
        """
        sensor, bundle = self.sensor, self.bundle
        if sensor.schedule:
            return plans.scheduled(weekly(sensor.schedule), sensor.spacing or "regular", self.zone)
        if sensor.interval_s:
            return plans.spaced(sensor.interval_s, sensor.spacing or "regular", self.zone)
        if self.period:
            return plans.recorded(bundle, self.period, self.zone, self._first_day(self.period))
        return plans.steady(bundle, self.recorded_s or SHORTEST_S, self.zone)

    def problem(self, mode: str | None) -> str | None:
        """Why this sensor cannot be played in `mode` (None: in any); None: it can.

        Raises:
            BundleError: What the bundle says of times is not as it must be.
        """
        impossible = self._impossible() if self.sensor.given else None
        impossible = impossible or self._unpicturable()
        if impossible:
            return impossible
        by_hand = self.sensor.schedule or self.sensor.interval_s
        named = self.sensor.named_period
        needed = named or (mode == "aggregator" and self.sensor.period != "none" and not by_hand)
        uncovered = plans.coverage_problem(self.bundle, named) if needed else None
        if uncovered:
            return uncovered
        if mode and not (by_hand or self.period or self.recorded_s):
            return "its bundle tells no usable interval; set interval_s"
        if mode:
            self.plan()
        return None

    def _unpicturable(self) -> str | None:
        """Why no pictures can be made of its messages; every sprite is looked at now, while somebody is there."""
        if self.sensor.pictures is None:
            return None
        from agent.imaging.pictures import Pictures

        try:
            Pictures(self.bundle.manifest.template, self.sensor.pictures).stock.check()
        except UnderstudyError as error:
            return f"[sensor.pictures]: {error}"
        return None

    def _first_day(self, period: PeriodName) -> int:
        """What a period begins with; see `Rates`."""
        span = self.bundle.manifest.provenance.span
        if self.sensor.begins == "monday" or span is None or period == "day":
            return 0
        first = datetime.fromisoformat(span[0]).astimezone(self.zone)
        return first.weekday() if period == "week" else min(first.day, 28) - 1

    def _impossible(self) -> str | None:
        """Why its messages are never as asked: better told now than when the first one is drawn."""
        try:
            given = replace(self.given, hour=self.hours[0] if self.bundle.manifest.hours else None)
            drawn(self.model.sampler, 2 * GIVEN_BLOCK, np.random.default_rng(0), given)
        except ConditionError as error:
            return f"given: {error}"
        return None


def parts_of(sensors: Sequence[Sensor], mode: str | None) -> tuple[list[Part], list[str]]:
    """The sensors that can be played, and every problem of the others.

    A bundle that several sensors play is loaded once.
    """
    parts, problems = [], []
    loaded: dict[Path, Model | BundleError] = {}
    for sensor in sensors:
        if sensor.bundle not in loaded:
            loaded[sensor.bundle] = _load(sensor.bundle)
        found = loaded[sensor.bundle]
        try:
            if isinstance(found, BundleError):
                raise found
            part = Part(sensor, found)
            problem = part.problem(mode)
        except BundleError as error:
            problem = str(error)
        if problem:
            problems.append(f"[[sensor]] {sensor.name!r}: {problem}")
        else:
            parts.append(part)
    return parts, problems


def prepare(settings: Settings, where: str) -> list[Part]:
    """Every sensor of the settings, ready to play.

    Raises:
        ConfigError: Any of them cannot be played; the message lists every problem.
    """
    parts, problems = parts_of(settings.sensor, settings.mode)
    if problems:
        raise ConfigError(listed(where, problems))
    return parts


def _load(path: Path) -> Model | BundleError:
    try:
        return model_of(bundles.read(path))
    except BundleError as error:
        return error
