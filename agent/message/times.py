"""How a sensor writes its times: a small pattern language, and epochs.

A pattern is the text of a time with letters for digits: `YYYY MM DD` for the date, `hh mm ss` for the
time of day, a run of `f` for the fraction, `±hh:mm` for the offset; every other character stands for
itself (`YYYY-MM-DDThh:mm:ss.fffffffZ`). An epoch is `epoch-s`, `epoch-ms`, `epoch-us` or `epoch-ns`.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, tzinfo
from functools import cached_property, lru_cache
from typing import Annotated

from pydantic import Field, field_validator

from agent.clock import NS_PER_S
from agent.strict import Strict

DAY_NS = 86_400 * NS_PER_S
EPOCHS_NS = {"epoch-s": NS_PER_S, "epoch-ms": 1_000_000, "epoch-us": 1_000, "epoch-ns": 1}

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_QUARTER_HOUR_NS = 900 * NS_PER_S
_TOKEN = re.compile(r"YYYY|MM|DD|hh|mm|ss|f+|±hh:mm")
_DIGITS = {"YYYY": r"(?P<Y>\d{4})", "MM": r"(?P<M>\d{2})", "DD": r"(?P<D>\d{2})"} | {
    "hh": r"(?P<h>\d{2})",
    "mm": r"(?P<m>\d{2})",
    "ss": r"(?P<s>\d{2})",
    "±hh:mm": r"(?P<sign>[+-])(?P<oh>\d{2}):(?P<om>\d{2})",
}


class TimeFormat(Strict):
    """From nanoseconds since 1970 (UTC) to the text of a time, and back.

    Attributes:
        pattern: See the module's text.
        quoted: The time stands in a JSON string.
        local: The text is local time without an offset; else it is UTC, or says its offset.
        offset_s: Offset from UTC in seconds where no timezone is set.
        resolution_ns: Times are cut to whole multiples of this.
        fraction: Digits after the point of an epoch.
    """

    pattern: str
    quoted: bool = True
    local: bool = False
    offset_s: Annotated[int, Field(gt=-86_400, lt=86_400)] = 0
    resolution_ns: Annotated[int, Field(ge=1, le=DAY_NS)] = 1
    fraction: Annotated[int, Field(ge=0, le=9)] = 0

    @field_validator("pattern")
    @classmethod
    def _known(cls, pattern: str) -> str:
        if pattern in EPOCHS_NS:
            return pattern
        tokens = [token[:1] if token[0] == "f" else token for token in _TOKEN.findall(pattern)]
        clock = [t for t in tokens if t in ("hh", "mm", "ss", "f")]
        if not {"YYYY", "MM", "DD"} <= set(tokens) or len(set(tokens)) != len(tokens):
            raise ValueError(f"time pattern {pattern!r} needs YYYY, MM and DD, each token once")
        if clock != ["hh", "mm", "ss", "f"][: len(clock)] or len(pattern) > 64:
            raise ValueError(f"time pattern {pattern!r} needs hh, mm, ss and f in this order")
        if pattern.count("f") > 9 or "{" in pattern or "}" in pattern:
            raise ValueError(f"time pattern {pattern!r} has more than nine f, or a brace")
        return pattern

    def parse(self, value: str | int | float) -> int:
        """Nanoseconds since 1970 (UTC).

        Raises:
            ValueError: `value` is not written in this format.
        """
        if self.pattern in EPOCHS_NS:
            return _parse_epoch(str(value), EPOCHS_NS[self.pattern])
        match = self._regex.fullmatch(str(value))
        if match is None:
            raise ValueError(f"{value!r} is not a time written as {self.pattern}")
        part = match.groupdict(default="0")
        day = date(int(part["Y"]), int(part["M"]), int(part["D"])).toordinal() - _EPOCH_DAY
        seconds = int(part.get("h", 0)) * 3600 + int(part.get("m", 0)) * 60 + int(part.get("s", 0))
        offset_s = self.offset_s if self.local else 0
        if "sign" in part:
            offset_s = int(part["sign"] + "1") * (int(part["oh"]) * 3600 + int(part["om"]) * 60)
        fraction = int(part.get("f", "0").ljust(9, "0")[:9])
        return day * DAY_NS + (seconds - offset_s) * NS_PER_S + fraction

    def texts(self, times_ns: Iterable[int], zone: tzinfo | None) -> list[str]:
        """The JSON text of each time, quotes included; local ones in `zone`, else at `offset_s`."""
        step = self.resolution_ns
        return [self._write(t - t % step, zone) for t in times_ns]

    @cached_property
    def _write(self) -> Callable[[int, tzinfo | None], str]:
        write = self._epoch_writer() if self.pattern in EPOCHS_NS else self._text_writer()
        if not self.quoted:
            return write
        return lambda time_ns, zone: f'"{write(time_ns, zone)}"'

    def _epoch_writer(self) -> Callable[[int, tzinfo | None], str]:
        unit, digits = EPOCHS_NS[self.pattern], self.fraction
        if digits == 0:
            return lambda time_ns, _zone: str(time_ns // unit)
        if self.quoted:
            return lambda time_ns, _zone: f"{time_ns // unit}.{_fraction(time_ns % unit, unit, digits)}"
        return lambda time_ns, _zone: repr(float(f"{time_ns // unit}.{_fraction(time_ns % unit, unit, digits)}"))

    def _text_writer(self) -> Callable[[int, tzinfo | None], str]:
        form, digits = _TOKEN.sub(_as_format, self.pattern.replace("%", "%%")), self.pattern.count("f")
        unit_ns, fields = 10 ** (9 - digits), form.count("%0")
        moves = self.local or "{offset}" in form

        def write(time_ns: int, zone: tzinfo | None) -> str:
            offset_s = 0
            if moves:
                offset_s = self.offset_s if zone is None else utc_offset_s(zone, time_ns // _QUARTER_HOUR_NS)
            day, rest = divmod(time_ns + offset_s * NS_PER_S, DAY_NS)
            seconds, nanos = divmod(rest, NS_PER_S)
            clock = (seconds // 3600, seconds // 60 % 60, seconds % 60, nanos // unit_ns)
            return _on_day(form, day, offset_s) % clock[:fields]

        return write

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        parts, end = [], 0
        for token in _TOKEN.finditer(self.pattern):
            parts.append(re.escape(self.pattern[end : token.start()]))
            parts.append(_DIGITS.get(token[0]) or rf"(?P<f>\d{{{len(token[0])}}})")
            end = token.end()
        return re.compile("".join(parts) + re.escape(self.pattern[end:]))


@lru_cache(maxsize=4096)
def utc_offset_s(zone: tzinfo, quarter_hour: int) -> int:
    """Offset of `zone` from UTC in seconds, at a quarter of an hour since 1970 (offsets change on these)."""
    offset = datetime.fromtimestamp(quarter_hour * 900, zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


@lru_cache(maxsize=256)
def _on_day(form: str, day: int, offset_s: int) -> str:
    """`form` with its date and offset filled in; what is left is a printf field for each part of the clock."""
    when, minutes = date.fromordinal(day + _EPOCH_DAY), abs(offset_s) // 60
    offset = f"{'-' if offset_s < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
    return form.format(Y=when.year, M=when.month, D=when.day, offset=offset)


def _as_format(token: re.Match[str]) -> str:
    """A date token as a str.format field, a clock token as a printf field."""
    fields = {"YYYY": "{Y:04d}", "MM": "{M:02d}", "DD": "{D:02d}", "±hh:mm": "{offset}"}
    return fields.get(token[0]) or (f"%0{len(token[0])}d" if token[0][0] == "f" else "%02d")


def _fraction(rest: int, unit: int, digits: int) -> str:
    return f"{rest * 10**digits // unit:0{digits}d}"


def _parse_epoch(text: str, unit_ns: int) -> int:
    whole, _, fraction = text.partition(".")
    nanos = int((fraction + "0" * 12)[:12]) * unit_ns // 10**12 if fraction else 0
    return int(whole) * unit_ns + nanos
