import json
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.clock import NS_PER_S
from agent.message.times import DAY_NS, TimeFormat

FORMATS = [
    TimeFormat(pattern="MM/DD/YYYY hh:mm:ss.ffffff", resolution_ns=1_000),
    TimeFormat(pattern="YYYY-MM-DDThh:mm:ss.fffffffZ", resolution_ns=100),
    TimeFormat(pattern="YYYY-MM-DDThh:mm:ss.fff±hh:mm", offset_s=7200, resolution_ns=1_000_000),
    TimeFormat(pattern="YYYY-MM-DDThh:mm:ss±hh:mm", offset_s=-12_600, resolution_ns=NS_PER_S),
    TimeFormat(pattern="YYYY-MM-DD hh:mm:ss", resolution_ns=NS_PER_S),
    TimeFormat(pattern="YYYY-MM-DD hh:mm:ss.fff", resolution_ns=1_000_000),
    TimeFormat(pattern="DD/MM/YYYY hh:mm", resolution_ns=60 * NS_PER_S),
    TimeFormat(pattern="DD.MM.YYYY, hh:mm", local=True, offset_s=-10_800, resolution_ns=60 * NS_PER_S),
    TimeFormat(pattern="YYYY-MM-DD", resolution_ns=DAY_NS),
    TimeFormat(pattern="YYYYMMDDhhmmss", quoted=False, resolution_ns=NS_PER_S),
    *(
        TimeFormat(pattern=pattern, quoted=quoted, resolution_ns=unit)
        for pattern, unit in {"epoch-s": NS_PER_S, "epoch-ms": 10**6, "epoch-us": 10**3, "epoch-ns": 1}.items()
        for quoted in (True, False)
    ),
    TimeFormat(pattern="epoch-s", fraction=9),
    TimeFormat(pattern="epoch-s", fraction=6, quoted=False, resolution_ns=1_000),
    TimeFormat(pattern="epoch-ms", fraction=3, quoted=False, resolution_ns=1_000),
]
TIMES = st.integers(-60_000 * DAY_NS, 100_000 * DAY_NS)  # 1805 to 2243
EXACT = st.integers(-10_000 * DAY_NS, 90_000 * DAY_NS)  # of these a 64-bit float holds the microseconds
ZONES = ["Europe/Brussels", "Asia/Kolkata", "America/St_Johns", "UTC"]


def written(format_: TimeFormat, time_ns: int, zone: ZoneInfo | None = None) -> str:
    return format_.texts([time_ns], zone)[0]


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f"{f.pattern}-{f.quoted}-{f.fraction}")
@given(time_ns=EXACT)
def test_a_time_reads_back_floored_to_the_resolution(format_: TimeFormat, time_ns: int):
    value = json.loads(written(format_, time_ns))
    assert isinstance(value, str) == format_.quoted
    assert format_.parse(value) == time_ns - time_ns % format_.resolution_ns


@given(
    time_ns=TIMES,
    order=st.permutations(["YYYY", "MM", "DD"]),
    mark=st.sampled_from("-/. "),
    gap=st.sampled_from(["T", " ", ", "]),
    digits=st.integers(0, 9),
    zone=st.sampled_from(["", "Z", "±hh:mm"]),
    offset_min=st.integers(-1439, 1439),
)
def test_any_pattern_reads_back_as_far_as_it_is_written(time_ns, order, mark, gap, digits, zone, offset_min):
    pattern = mark.join(order) + gap + "hh:mm:ss" + ("." + "f" * digits if digits else "") + zone
    format_ = TimeFormat(pattern=pattern, local=not zone, offset_s=60 * offset_min)
    assert format_.parse(json.loads(written(format_, time_ns))) == time_ns - time_ns % 10 ** (9 - digits)


@given(time_ns=TIMES)
def test_iso_times_are_those_of_datetime(time_ns: int):
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_ns // 1_000)
    utc = TimeFormat(pattern="YYYY-MM-DDThh:mm:ss.ffffff±hh:mm")
    assert json.loads(written(utc, time_ns)) == when.isoformat(timespec="microseconds")
    there = TimeFormat(pattern="YYYY-MM-DDThh:mm:ss.ffffff±hh:mm", offset_s=-9_000)
    local = when.astimezone(timezone(timedelta(seconds=-9_000)))
    assert json.loads(written(there, time_ns)) == local.isoformat(timespec="microseconds")


@pytest.mark.parametrize("zone", ZONES)
@given(time_ns=TIMES)
def test_local_times_are_those_of_the_zone_before_1970_too(zone: str, time_ns: int):
    format_ = TimeFormat(pattern="YYYY-MM-DD hh:mm:ss", local=True, offset_s=3600, resolution_ns=NS_PER_S)
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time_ns // NS_PER_S)
    assert (
        json.loads(written(format_, time_ns, ZoneInfo(zone))) == f"{when.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
    )


def test_summer_time_moves_local_times_only():
    local = TimeFormat(pattern="DD/MM/YYYY hh:mm", local=True)
    summer, winter = (int(datetime(2024, month, 1, 12, tzinfo=UTC).timestamp()) * NS_PER_S for month in (7, 1))
    brussels = ZoneInfo("Europe/Brussels")
    assert local.texts([summer, winter], brussels) == ['"01/07/2024 14:00"', '"01/01/2024 13:00"']
    assert TimeFormat(pattern="hh:mm DD/MM/YYYY").texts([summer], brussels) == ['"12:00 01/07/2024"']
    offset = TimeFormat(pattern="YYYY-MM-DDThh:mm±hh:mm")
    assert offset.texts([summer, winter], brussels) == ['"2024-07-01T14:00+02:00"', '"2024-01-01T13:00+01:00"']


def test_a_local_time_is_cut_in_local_time():
    day = TimeFormat(pattern="YYYY-MM-DD hh:mm", local=True, resolution_ns=DAY_NS)
    late = int(datetime(2024, 7, 1, 23, 30, tzinfo=UTC).timestamp()) * NS_PER_S
    assert written(day, late, ZoneInfo("Europe/Brussels")) == '"2024-07-02 00:00"'
    hour = TimeFormat(pattern="hh:mm DD/MM/YYYY", local=True, offset_s=19_800, resolution_ns=3600 * NS_PER_S)
    assert written(hour, late) == '"05:00 02/07/2024"'


@pytest.mark.parametrize(
    ("time_ns", "text"), [(-1_500_000_000, "-1.5"), (-500_000_000, "-0.5"), (1_500_000_000, "1.5")]
)
def test_an_epoch_with_a_fraction_is_a_number_before_1970_too(time_ns: int, text: str):
    for quoted in (True, False):
        format_ = TimeFormat(pattern="epoch-s", fraction=1, quoted=quoted)
        assert written(format_, time_ns) == (f'"{text}"' if quoted else text)
        assert format_.parse(text) == time_ns


@pytest.mark.parametrize(
    "text",
    ["2024-02-30 10:00:00", "2024-13-01 10:00:00", "2024-01-01 24:00:00", "2024-01-01 10:60:00", "yesterday", ""],
)
def test_what_is_no_time_is_refused(text: str):
    with pytest.raises(ValueError, match=r".+"):
        TimeFormat(pattern="YYYY-MM-DD hh:mm:ss").parse(text)


@pytest.mark.parametrize(
    "pattern",
    [
        "hh:mm:ss",
        "YYYY-MM-DD MM",
        "YYYY-MM-DD ss:mm:hh",
        "YYYY-MM-DD mm:ss",
        "YYYY-MM-DD hh:mm:ss.ffffffffff",
        "YYYY-MM-DD {offset}",
        "YYYY-MM-DD%0hh",
        'YYYY-MM-DD"hh',
        "YYYY-MM-DD\\hh",
        "YYYY-MM-DD\nhh",
        "YYYY-MM-DD" + "x" * 60,
        "epoch-h",
    ],
)
def test_a_pattern_that_could_not_be_written_or_read_back_is_refused(pattern: str):
    with pytest.raises(ValidationError):
        TimeFormat(pattern=pattern)


def test_a_time_without_quotes_must_be_a_number():
    with pytest.raises(ValidationError, match="without quotes"):
        TimeFormat(pattern="YYYY-MM-DD", quoted=False)
    assert TimeFormat(pattern="YYYYMMDD", quoted=False).texts([0], None) == ["19700101"]


@pytest.mark.parametrize("text", ["abc", "", "nan", "inf", "12:30"])
def test_what_is_no_number_is_no_epoch(text: str):
    with pytest.raises(ValueError, match=r".+"):
        TimeFormat(pattern="epoch-s").parse(text)


def test_an_epoch_is_read_however_its_number_is_written():
    assert TimeFormat(pattern="epoch-ns").parse(1.7e18) == 1_700_000_000 * NS_PER_S
    assert TimeFormat(pattern="epoch-s").parse(-1e-06) == -1_000
