"""The `[[sensor]]` tables: what each sensor plays, and when it speaks."""

import zoneinfo
from datetime import UTC, date, datetime, tzinfo
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from agent.clock import NS_PER_S
from agent.models.manifest import PeriodName
from agent.problems import closest
from agent.settings.fields import Interval, PathFrom, Text, Wanted
from agent.settings.pictures import PicturesTable
from agent.settings.schedule import Window, refuse_overlap
from agent.strict import Strict


def _time(value: Any) -> Any:
    """A time in ISO 8601, or TOML's own, that the calendar holds."""
    text = value.isoformat() if isinstance(value, date) else value
    if not isinstance(text, str):
        raise ValueError("is no time; write it as 2026-06-01T12:00:00")
    try:
        time = datetime.fromisoformat(text)
        time.replace(tzinfo=time.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        raise ValueError("is no time in ISO 8601; write it as 2026-06-01T12:00:00") from None
    return text


class Sensor(Strict):
    """One sensor to play."""

    name: Text
    bundle: PathFrom
    interval_s: Interval | None = None
    spacing: Literal["regular", "poisson"] | None = None
    schedule: Annotated[list[Window], AfterValidator(refuse_overlap)] = Field(default_factory=list)
    period: Literal["day", "week", "month", "auto", "none"] | None = None
    begins: Literal["monday", "recording"] = "monday"
    count: Annotated[int, Field(ge=1)] | None = None
    until: Annotated[str, BeforeValidator(_time)] | None = None
    timezone: str | None = None
    given: dict[str, Wanted] = Field(default_factory=dict)
    pictures: PicturesTable | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "Sensor":
        said = {"interval_s": self.interval_s, "schedule": self.schedule, "period": self.period}
        given = [name for name, value in said.items() if value]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} each say when it speaks; keep one of them")
        if self.spacing is not None and not (self.interval_s or self.schedule):
            raise ValueError("spacing is of interval_s or of a schedule; set one of them")
        return self

    @property
    def named_period(self) -> PeriodName | None:
        """The period, where one is named."""
        match self.period:
            case "auto" | "none" | None:
                return None
            case period:
                return period

    def until_ns(self, zone: tzinfo) -> int | None:
        """`until`, in nanoseconds since 1970 (UTC); without an offset it is local."""
        if self.until is None:
            return None
        until = datetime.fromisoformat(self.until)
        return round((until if until.tzinfo else until.replace(tzinfo=zone)).timestamp()) * NS_PER_S

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        try:
            if name is not None:
                zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            hint = closest(str(name), zoneinfo.available_timezones()) or "give a name such as Europe/Brussels"
            raise ValueError(f"is no known timezone; {hint}") from None
        return name

    @property
    def zone(self) -> zoneinfo.ZoneInfo | None:
        """Timezone of naive local times; None: at the recording's offset."""
        return None if self.timezone is None else zoneinfo.ZoneInfo(self.timezone)
