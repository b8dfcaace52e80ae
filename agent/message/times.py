"""How a sensor writes its times: a small pattern language, and epochs.

A pattern is the text of a time with letters for digits: `YYYY MM DD` for the date, `hh mm ss` for the
time of day, a run of `f` for the fraction, `±hh:mm` for the offset; every other character stands for
itself (`YYYY-MM-DDThh:mm:ss.fffffffZ`). An epoch is `epoch-s`, `epoch-ms`, `epoch-us` or `epoch-ns`.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from agent.clock import NS_PER_S
from agent.strict import Strict

DAY_NS = 86_400 * NS_PER_S
EPOCHS_NS = {"epoch-s": NS_PER_S, "epoch-ms": 1_000_000, "epoch-us": 1_000, "epoch-ns": 1}

_Writer = Callable[[Iterable[int], tzinfo | None], list[str]]
EPOCH_DAY = date(1970, 1, 1).toordinal()
QUARTER_NS, MINUTE_NS = 900 * NS_PER_S, 60 * NS_PER_S
_TOKEN = re.compile(r"YYYY|MM|DD|hh|mm|ss|f+|±hh:mm")
_DIGITS = {"YYYY": r"(?P<Y>\d{4})", "MM": r"(?P<M>\d{2})", "DD": r"(?P<D>\d{2})"} | {
    "hh": r"(?P<h>[01]\d|2[0-3])",
    "mm": r"(?P<m>[0-5]\d)",
    "ss": r"(?P<s>[0-5]\d|60)",
    "±hh:mm": r"(?P<sign>[+-])(?P<oh>\d{2}):(?P<om>\d{2})",
}


class TimeFormat(Strict):
    """From nanoseconds since 1970 (UTC) to the text of a time, and back.

    Attributes:
        pattern: See the module's text.
        quoted: The time stands in a JSON string.
        local: The text is local time without an offset; else it is UTC, or says its offset.
        offset_s: Offset from UTC in seconds where no timezone is set.
        resolution_ns: Times are cut to whole multiples of this, as they are written.
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
        if pattern.count("f") > 9 or not pattern.isprintable() or any(mark in pattern for mark in '{}%"\\'):
            raise ValueError(f'time pattern {pattern!r} has more than nine f, or one of {{}}%"\\')
        return pattern

    @model_validator(mode="after")
    def _an_unquoted_one_is_a_number(self) -> "TimeFormat":
        digits = self.pattern.startswith("YYYY") and "±" not in self.pattern and not _TOKEN.sub("", self.pattern)
        if not self.quoted and not digits and self.pattern not in EPOCHS_NS:
            raise ValueError(f"time pattern {self.pattern!r} without quotes must be digits, and begin with YYYY")
        return self

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
        day = date(int(part["Y"]), int(part["M"]), int(part["D"])).toordinal() - EPOCH_DAY
        seconds = int(part.get("h", 0)) * 3600 + int(part.get("m", 0)) * 60 + int(part.get("s", 0))
        offset_s = self.offset_s if self.local else 0
        if "sign" in part:
            offset_s = int(part["sign"] + "1") * (int(part["oh"]) * 3600 + int(part["om"]) * 60)
        fraction = int(part.get("f", "0").ljust(9, "0")[:9])
        return day * DAY_NS + (seconds - offset_s) * NS_PER_S + fraction

    def texts(self, times_ns: Iterable[int], zone: tzinfo | None) -> list[str]:
        """The JSON text of each time, quotes included; local ones in `zone`, else at `offset_s`."""
        return self._write(times_ns, zone)

    @cached_property
    def _write(self) -> _Writer:
        return self._epoch_writer() if self.pattern in EPOCHS_NS else self._text_writer()

    def _epoch_writer(self) -> _Writer:
        unit, digits, step = EPOCHS_NS[self.pattern], self.fraction, self.resolution_ns
        scale, quote = 10**digits, '"' if self.quoted else ""

        def text(time_ns: int) -> str:
            count = (time_ns - time_ns % step) * scale // unit
            if digits == 0:
                return f"{quote}{count}{quote}"
            whole, rest = divmod(abs(count), scale)
            written = f"{'-' if count < 0 else ''}{whole}.{rest:0{digits}d}"
            return f'"{written}"' if quote else repr(float(written))

        return lambda times_ns, _zone: [text(time_ns) for time_ns in times_ns]

    def _text_writer(self) -> _Writer:
        form, digits = _TOKEN.sub(_as_format, self.pattern.replace("%", "%%")), self.pattern.count("f")
        form = f'"{form}"' if self.quoted else form
        unit_ns, fields = 10 ** (9 - digits), form.count("%0")
        moves, step = self.local or "{offset}" in form, self.resolution_ns

        def write(times_ns: Iterable[int], zone: tzinfo | None) -> list[str]:
            texts, offset_s = [], self.offset_s if moves else 0
            for time_ns in times_ns:
                if moves and zone is not None:
                    offset_s = utc_offset_s(zone, time_ns // QUARTER_NS)
                local_ns = time_ns + offset_s * NS_PER_S
                minute, rest = divmod(local_ns - local_ns % step, MINUTE_NS)
                clock = (rest // NS_PER_S, rest % NS_PER_S // unit_ns)
                texts.append(_in_minute(form, minute, offset_s) % clock[:fields])
            return texts

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
def _in_minute(form: str, minute: int, offset_s: int) -> str:
    """`form` with all but its seconds filled in; what is left is a printf field for them and for their fraction."""
    when, minutes = date.fromordinal(minute // 1440 + EPOCH_DAY), abs(offset_s) // 60
    offset = f"{'-' if offset_s < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
    day = {"Y": when.year, "M": when.month, "D": when.day}
    return form.format(**day, h=minute // 60 % 24, m=minute % 60, offset=offset)


def _as_format(token: re.Match[str]) -> str:
    """Seconds and their fraction as printf fields, all else as fields of str.format."""
    fields = {"YYYY": "{Y:04d}", "MM": "{M:02d}", "DD": "{D:02d}", "hh": "{h:02d}", "mm": "{m:02d}"}
    fields["±hh:mm"] = "{offset}"
    return fields.get(token[0]) or (f"%0{len(token[0])}d" if token[0][0] == "f" else "%02d")


def _parse_epoch(text: str, unit_ns: int) -> int:
    try:
        return int(Decimal(text) * unit_ns)
    except ArithmeticError as error:
        raise ValueError(f"{text!r} is no number, and so no epoch") from error
