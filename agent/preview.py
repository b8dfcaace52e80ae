"""`preview`: a bundle's messages, without a configuration or a broker."""

import logging
import zoneinfo
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from itertools import islice
from pathlib import Path

from agent import seed as seeds
from agent.arrival import plan as plans
from agent.clock import LAST_NS, NS_PER_S, Clock
from agent.errors import ConfigError
from agent.model import model_of
from agent.models.bundle import read
from agent.player import Player, given_of, hours_for

log = logging.getLogger(__name__)

DEFAULT_INTERVAL_S = 1.0


def preview(
    path: Path,
    count: int,
    clock: Clock,
    *,
    seed: int | None = None,
    start: str | None = None,
    interval_s: float | None = None,
    timezone: str | None = None,
    given: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """The JSON text of `count` messages, as sensor mode would publish them.

    Args:
        path: The bundle.
        count: How many.
        clock: When now is.
        seed: None: another one each time.
        start: Event time of the first message in ISO 8601; without an offset, in `timezone` (else UTC).
        interval_s: Between messages; None: in the recorded rhythm, else one second.
        given: Values that fields must have, by name.
        timezone: Of naive local times; None: at the recording's offset.

    Raises:
        BundleError: The bundle cannot be used.
        ConfigError: `start` is no time, or `timezone` none that is known.
        ConditionError: Messages are never as `given` says.
    """
    zone = _zone(timezone)
    first_ns = clock.unix_ns() if start is None else _start_ns(start, zone)
    bundle = read(path)
    recorded_s = bundle.manifest.arrival.pace_s
    step_s = interval_s or recorded_s or DEFAULT_INTERVAL_S
    if not 0 <= first_ns + (count - 1) * step_s * NS_PER_S <= LAST_NS or first_ns < 0:
        raise ConfigError("--start, --interval, -n: the messages' times would not lie between 1970 and 2262")
    entropy = [seeds.drawn() if seed is None else seed]
    asked = given_of(bundle, given or {})
    model = model_of(bundle)
    player = Player(bundle.manifest.sensor, model, entropy, zone=zone, given=asked, hours=hours_for(model, asked))
    even = (first_ns + round(place * step_s * NS_PER_S) for place in range(count))
    times = even if interval_s or not recorded_s else _recorded_times(player, first_ns)
    return (player.play([time_ns]).texts[0] for time_ns in islice(times, count))


def _recorded_times(player: Player, first_ns: int) -> Iterator[int]:
    """Instants in the recording's rhythm, by the longest period that it covers."""
    bundle, period = player.bundle, plans.longest(player.bundle)
    steady = plans.steady(bundle, bundle.manifest.arrival.pace_s or DEFAULT_INTERVAL_S, player.local)
    plan = plans.recorded(bundle, period, player.local) if period else steady
    agenda = plan.agenda(player.rng, first_ns - 1)
    while (time_ns := agenda.next_ns()) is not None:
        for stretch in agenda.due(time_ns):
            yield from stretch.event_ns.tolist()
    log.warning("nothing more comes within a year: these are fewer messages than were asked for")


def _zone(name: str | None) -> tzinfo | None:
    try:
        return None if name is None else zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"--timezone {name}: no known timezone; give a name such as Europe/Brussels") from error


def _start_ns(text: str, zone: tzinfo | None) -> int:
    try:
        start = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--start {text}: no ISO 8601 time; write it as 2025-06-01T12:00:00Z") from error
    if start.tzinfo is None:
        start = start.replace(tzinfo=zone or UTC)
    try:
        return round(start.timestamp() * 1_000_000) * 1_000
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"--start {text}: lies outside the calendar; choose a time after 1970") from error
