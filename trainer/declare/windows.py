"""Windows of a week, as text: `mon-fri 09:00-18:00`, `sat,sun`, `22:00-06:00`."""

import re
from collections.abc import Iterable, Mapping

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS_OF_WEEK = 168
ELSE = "else"

Hours = frozenset[int]
"""Hours of a week, 0 to 167 from Monday."""

_HELP = 'write days, hours or both, as in "mon-fri 09:00-18:00", "sat,sun" or "22:00-06:00"'


def hours_of(window: str) -> Hours:
    """The hours of a window; one that ends before it begins goes on into the day after.

    Raises:
        ValueError: It is none.
    """
    parts = window.split()
    days, times = [part for part in parts if part[0].isalpha()], [part for part in parts if part[0].isdigit()]
    if not parts or len(days) > 1 or len(times) > 1 or parts != days + times:
        raise ValueError(f"{window!r} is no window; {_HELP}")
    first, length = _times(times[0], window) if times else (0, 24)
    named = _days(days[0], window) if days else range(7)
    return frozenset((day * 24 + first + hour) % HOURS_OF_WEEK for day in named for hour in range(length))


def windows_of(windows: Iterable[str], place: str, problems: list[str]) -> dict[str, Hours]:
    """The hours of each window of a field; what is wrong with them is a problem at `place`."""
    found = {}
    for window in windows:
        try:
            found[window] = hours_of(window)
        except ValueError as error:
            problems.append(f"{place} when: {error}")
    problems += [f"{place} when: {overlap}" for overlap in apart(found)]
    return found


def apart(windows: Mapping[str, Hours]) -> list[str]:
    """What is wrong with windows that share an hour."""
    names = list(windows)
    return [
        f"{name!r} and {other!r} overlap; let one end where the other begins"
        for place, name in enumerate(names)
        for other in names[:place]
        if windows[name] & windows[other]
    ]


def _days(text: str, window: str) -> list[int]:
    found = []
    for part in text.split(","):
        ends = part.split("-")
        if len(ends) > 2 or not set(ends) <= set(DAYS):
            raise ValueError(f"{window!r} is no window: {part!r} is no day (mon, tue, …, sun) and no span of days")
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        found += [(first + day) % 7 for day in range((last - first) % 7 + 1)]
    return found


def _times(text: str, window: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", text, re.ASCII)
    if match is None:
        raise ValueError(f"{window!r} is no window; {_HELP}")
    first, first_min, last, last_min = (int(part) for part in match.groups())
    if first > 23 or last > 24 or first_min or last_min:
        raise ValueError(f"{window!r}: windows begin and end on the hour, from 00:00 to 24:00")
    return first, (last - first) % 24 or 24
