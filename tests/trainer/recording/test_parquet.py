import datetime as dt
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def parquet():
    def contents(columns, names=None):
        table = pa.table(columns, names=names)
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        return sink.getvalue().to_pybytes()

    return contents


def test_rows_keep_order_types_and_nulls(read, parquet):
    recording = read(parquet({"b": [1, None], "a": [1.5, float("nan")], "c": ["x", None], "d": [True, None]}))
    assert recording.messages == [{"b": 1, "a": 1.5, "c": "x", "d": True}, dict.fromkeys("bacd")]
    assert list(recording.messages[0]) == ["b", "a", "c", "d"]
    assert type(recording.messages[0]["b"]) is int
    assert recording.place(1) == "row 2"
    assert recording.tabular


@pytest.mark.parametrize(
    ("micros", "expected"),
    [
        ([0, 0], ["2015-02-04 17:51:00", "2015-02-04 17:51:00"]),
        ([0, 120_000], ["2015-02-04 17:51:00.000", "2015-02-04 17:51:00.120"]),
        ([5, 120_000], ["2015-02-04 17:51:00.000005", "2015-02-04 17:51:00.120000"]),
    ],
)
@pytest.mark.parametrize("unit", ["us", "ns"])
def test_naive_times_are_text_with_the_fraction_that_the_column_needs(read, parquet, micros, expected, unit):
    times = pa.array([dt.datetime(2015, 2, 4, 17, 51, 0, micro) for micro in micros], pa.timestamp(unit))
    assert [message["t"] for message in read(parquet({"t": times})).messages] == expected


def test_parts_of_a_microsecond_are_cut(read, parquet):
    times = pa.array([1_423_072_260_000_000_001, None], pa.timestamp("ns"))
    assert read(parquet({"t": times})).messages == [{"t": "2015-02-04 17:51:00"}, {"t": None}]


@pytest.mark.parametrize("unit", ["ms", "ns"])
def test_times_with_a_timezone_are_utc(read, parquet, unit):
    times = pa.array([dt.datetime(2021, 7, 13, 10, tzinfo=dt.UTC)], pa.timestamp(unit, "Europe/Brussels"))
    assert read(parquet({"t": times})).messages == [{"t": "2021-07-13T10:00:00Z"}]


def test_dates_decimals_structs_and_lists_become_json(read, parquet):
    row = {"day": [dt.date(2021, 7, 13)], "d": [Decimal("1.50")], "s": [{"x": 1, "l": [{"y": None}, {"y": "z"}]}]}
    assert read(parquet(row)).messages == [
        {"day": "2021-07-13", "d": 1.5, "s": {"x": 1, "l": [{"y": None}, {"y": "z"}]}}
    ]


@pytest.mark.parametrize("values", [[b"\x00"], pa.array([1], pa.duration("s"))])
def test_what_json_cannot_hold_is_refused_by_column(refuse, parquet, values):
    assert "column 'b': holds values of type" in refuse(parquet({"b": values}))


def test_infinity_is_refused_by_row(refuse, parquet):
    assert "row 2: 'a' is not a finite number" in refuse(parquet({"a": [1.0, float("inf")]}))


def test_doubled_names_are_refused(refuse, parquet):
    assert "'a' stands more than once" in refuse(parquet([pa.array([1]), pa.array([2])], names=["a", "a"]))


def test_a_table_without_rows_holds_no_messages(refuse, parquet):
    assert "holds no messages" in refuse(parquet({"a": pa.array([], pa.int64())}))


def test_a_damaged_file_is_refused(refuse, parquet):
    whole = parquet({"a": [1, 2, 3]})
    assert "not a Parquet table" in refuse(whole[:-20])
    assert "not a Parquet table" in refuse(b"PAR1")


def test_the_index_of_a_filtered_frame_is_dropped(read, tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3]})
    frame[frame["a"] != 2].to_parquet(tmp_path / "frame.parquet")
    assert read((tmp_path / "frame.parquet").read_bytes()).messages == [{"a": 1}, {"a": 3}]
