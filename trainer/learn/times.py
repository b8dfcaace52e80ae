"""Guess which fields are times, how they are written, and which of them says when it happened."""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from agent.clock import NS_PER_S
from agent.message.times import EPOCHS_NS, TimeFormat

RESOLUTIONS_NS = [NS_PER_S, 1_000_000, 1_000, 100, 10]
_TIME = re.compile(
    r"(?P<date>\d{4}[-/.]\d{2}[-/.]\d{2}|\d{2}[-/.]\d{2}[-/.]\d{4})"
    r"(?:(?P<gap>T|, | )(?P<clock>\d{2}:\d{2}(?::\d{2})?)(?:(?P<point>[.,])(?P<fraction>\d{1,9}))?)?"
    r"(?P<zone>Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?"
)
_NAMED = re.compile(r"time|date|stamp|epoch|(^|_)(ts|at|when)$|At$|Utc$|UTC$")
_LATER = re.compile(r"enqueue|process|receiv|ingest|creat|updat|arriv|insert|sent|export|upload", re.IGNORECASE)


@dataclass(frozen=True)
class Moments:
    """A field of times: its path, its format and the times in ns, None where a message has none."""

    path: str
    format: TimeFormat
    times_ns: list[int | None]

    @property
    def known(self) -> list[int]:
        return [time for time in self.times_ns if time is not None]

    def shifted(self, offset_s: int) -> "Moments":
        """The same texts, read as local time at an offset from UTC."""
        times = [None if time is None else time - offset_s * NS_PER_S for time in self.times_ns]
        return Moments(self.path, self.format.model_copy(update={"offset_s": offset_s}), times)


def guess_time(name: str, values: Sequence[int | float | str]) -> TimeFormat | None:
    """The format in which all of `values` are times, or None."""
    candidates = [_epoch(name, values)] if _all_numeric(values) else _texts(values)
    for candidate in filter(None, candidates):
        try:
            times = [candidate.parse(value) for value in values]
        except ValueError:
            continue
        step = next((s for s in RESOLUTIONS_NS if all(t % s == 0 for t in times)), 1)
        return candidate.model_copy(update={"resolution_ns": step})
    return None


def is_ambiguous(format_: TimeFormat, values: Sequence[str]) -> bool:
    """Whether day and month could as well stand the other way round."""
    swapped = format_.pattern.replace("MM", "xx").replace("DD", "MM").replace("xx", "DD")
    try:
        for value in values:
            TimeFormat(pattern=swapped).parse(value)
    except ValueError:
        return False
    return not format_.pattern.startswith("YYYY")


def choose_event(moments: list[Moments]) -> Moments | None:
    """The time that says when it happened: in every message, rarely shared, not named as a later stage."""
    whole = [m for m in moments if None not in m.times_ns]
    if not whole:
        return None
    return max(
        whole, key=lambda m: (not is_shared(m), not _LATER.search(m.path), len(set(m.known)) / len(m.known) > 0.5)
    )


def is_shared(moments: Moments) -> bool:
    """Whether many messages carry the same time (the moment of an export)."""
    return len(moments.known) >= 10 and len(set(moments.known)) <= len(moments.known) / 5


def is_export(moments: Moments, event: Moments) -> bool:
    """Whether a shared time lies after the last event."""
    return is_shared(moments) and min(moments.known) >= max(event.known)


def local_offset_s(naive: Moments, others: list[Moments]) -> int | None:
    """Offset of naive local times from UTC, to the quarter of an hour, by the nearest UTC time of a message."""
    lags = []
    for other in others:
        if not other.format.local:
            pairs = zip(naive.times_ns, other.times_ns, strict=True)
            lags.append(statistics.median([a - b for a, b in pairs if a is not None and b is not None] or [0]))
    quarter = 900 * NS_PER_S
    return round(min(lags, key=lambda lag: abs(lag - round(lag / quarter) * quarter)) / quarter) * 900 if lags else None


def _all_numeric(values: Sequence[int | float | str]) -> bool:
    return all(not isinstance(v, str) or re.fullmatch(r"\d{9,19}(\.\d+)?", v) for v in values)


def _epoch(name: str, values: Sequence[int | float | str]) -> TimeFormat | None:
    """The unit of an epoch between 2001 and 2096, where the name or the order speaks for a time."""
    numbers = [float(value) for value in values]
    ordered = numbers in (sorted(numbers), sorted(numbers, reverse=True)) and len(set(numbers)) > 1
    if not (ordered or _NAMED.search(name)):
        return None
    digits = max(len(str(value).partition(".")[2].rstrip("0")) for value in values)
    for pattern, unit_ns in EPOCHS_NS.items():
        scale = NS_PER_S / unit_ns
        if all(1e9 * scale <= x < 4e9 * scale for x in numbers):
            return TimeFormat(pattern=pattern, quoted=isinstance(values[0], str), fraction=min(digits, 9))
    return None


def _texts(values: Sequence[int | float | str]) -> list[TimeFormat]:
    match = _TIME.fullmatch(values[0]) if isinstance(values[0], str) else None
    if match is None:
        return []
    day = match["date"]
    mark = re.sub(r"\d", "", day)[0]
    orders = ["YYYY{0}MM{0}DD"] if day[4] == mark else ["MM{0}DD{0}YYYY", "DD{0}MM{0}YYYY"]
    if mark == ".":
        orders.reverse()  # 13.07.2021 is written day first wherever points are used
    clock = "hh:mm:ss"[: len(match["clock"])] if match["clock"] else ""
    fraction = match["point"] + "f" * len(match["fraction"]) if match["fraction"] else ""
    zone = {None: "", "Z": "Z"}.get(match["zone"], "±hh:mm")
    tail = (match["gap"] or "") + clock + fraction + zone
    formats = [TimeFormat(pattern=order.format(mark) + tail, local=not zone) for order in orders]
    if zone == "±hh:mm":
        sign = -1 if match["zone"][0] == "-" else 1
        offset_s = sign * (int(match["zone"][1:3]) * 3600 + int(match["zone"][4:6]) * 60)
        formats = [f.model_copy(update={"offset_s": offset_s}) for f in formats]
    return formats
