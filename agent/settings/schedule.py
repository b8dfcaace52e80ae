"""The `[[sensor.schedule]]` tables: how many messages come in an hour of which days and times."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from agent.strict import Strict

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN = 1440


def _minute(text: object) -> int:
    """The minute of the day that a time such as 09:00 is."""
    match = re.fullmatch(r"(\d\d):(\d\d)", text, re.ASCII) if isinstance(text, str) else None
    minute = int(match[1]) * 60 + int(match[2]) if match and int(match[2]) < 60 else DAY_MIN + 1
    if minute > DAY_MIN:
        raise ValueError('must be a time of day such as "09:00"; the last is "24:00"')
    return minute


def _not_next_to_nothing(per_hour: float) -> float:
    if 0 < per_hour < 0.001:
        raise ValueError("must be 0, or at least 0.001")
    return per_hour


Minute = Annotated[int, BeforeValidator(_minute)]


class Window(Strict):
    """A part of some days. Without `from` and `to`: what is left of these days by the other windows."""

    days: Annotated[list[Day], Field(min_length=1)] = Field(default_factory=lambda: list(DAYS))
    start: Minute | None = Field(None, alias="from")
    stop: Minute | None = Field(None, alias="to")
    per_hour: Annotated[float, Field(ge=0, le=3_600_000), AfterValidator(_not_next_to_nothing)]

    @model_validator(mode="after")
    def _from_and_to(self) -> "Window":
        if (self.start is None) != (self.stop is None):
            raise ValueError("needs both from and to, or neither: what is left of its days")
        if self.start is not None and self.start == self.stop:
            raise ValueError("from and to are the same time; leave both out for what is left of its days")
        if self.start == DAY_MIN:
            raise ValueError('from = "24:00" is the day after; write "00:00" and that day')
        return self

    def __str__(self) -> str:
        hours = "what is left"
        if self.start is not None and self.stop is not None:
            hours = f"{self.start // 60:02d}:{self.start % 60:02d} to {self.stop // 60:02d}:{self.stop % 60:02d}"
        return f"{' '.join(dict.fromkeys(self.days))} {hours}"

    def minutes(self) -> set[int]:
        """Those it names, of a week from Monday; one that ends before it begins goes on into the day after."""
        start, stop = self.start or 0, self.stop or DAY_MIN
        length = (stop - start) % DAY_MIN or DAY_MIN
        firsts = [DAYS.index(day) * DAY_MIN + start for day in self.days]
        return {(first + minute) % (7 * DAY_MIN) for first in firsts for minute in range(length)}


def refuse_overlap(windows: list[Window]) -> list[Window]:
    """Windows do not overlap, but for those that take what is left by others."""
    for later, window in enumerate(windows):
        for other in windows[:later]:
            if (window.start is None) == (other.start is None) and window.minutes() & other.minutes():
                raise ValueError(f"these windows overlap: {other}; {window}. Let one end where the other begins")
    return windows


def weekly(windows: list[Window]) -> list[float]:
    """Messages per hour in each minute of a week from Monday."""
    rates = [0.0] * (7 * DAY_MIN)
    for window in sorted(windows, key=lambda window: window.start is not None):  # what is left comes first
        for minute in window.minutes():
            rates[minute] = window.per_hour
    return rates
