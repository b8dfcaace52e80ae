import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.recording import load

names = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=2, max_size=5, unique=True).filter(
    lambda names: not {"true", "false", "nan", "index"} & set(names)
)
# No cell is empty, missing, or like a number: those change type on purpose, and have tests of their own.
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12).map(lambda t: f"x{t}")
integers = st.integers(-(10**15) + 1, 10**15 - 1)
numbers = integers | st.floats(allow_nan=False, allow_infinity=False)
kinds = st.sampled_from([words, numbers, integers, st.booleans(), st.none() | numbers])


@st.composite
def tables(draw):
    header, height = draw(names), draw(st.integers(2, 6))
    columns = [draw(st.lists(draw(kinds), min_size=height, max_size=height)) for _ in header]
    return header, [list(row) for row in zip(*columns, strict=True)]


@given(tables(), st.sampled_from(",;\t|"), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_a_table_comes_back_as_it_was_written(table, delimiter, quoting):
    header, rows = table
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows([header, *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
        recording = load(str(path))
    assert [list(map(repr, message.values())) for message in recording.messages] == [list(map(repr, r)) for r in rows]
    assert list(recording.messages[0]) == header
    assert recording.tabular


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_header_and_line_ends_are_recognised(read, delimiter, end):
    lines = [delimiter.join(row) for row in [("time", "t", "door"), ("10:00", "21.5", "open"), ("10:01", "22", "shut")]]
    recording = read(end.join(lines) + end)
    assert recording.messages == [
        {"time": "10:00", "t": 21.5, "door": "open"},
        {"time": "10:01", "t": 22, "door": "shut"},
    ]
    assert recording.notes == [f"CSV: delimiter {delimiter!r}", "header in line 1"]


def test_decimal_commas_do_not_divide_cells(read):
    assert read("21,5;40,2\n22,5;41,0\n").messages[0] == {"column_1": "21,5", "column_2": "40,2"}


def test_a_delimiter_in_some_cells_does_not_divide_them(read):
    assert read("a,b\nx;y,1\nx;y,2\nx;y,3\n").messages[0] == {"a": "x;y", "b": 1}


def test_spaces_after_the_delimiter_are_no_part_of_cells(read):
    assert read('a, b, c\n1, 2, "x"\n').messages == [{"a": 1, "b": 2, "c": "x"}]


def test_a_byte_order_mark_is_no_part_of_the_first_name(read):
    assert list(read(b"\xef\xbb\xbfa,b\n1,2\n").messages[0]) == ["a", "b"]


@pytest.mark.parametrize("first", ["2015-02-04T17:51:00Z,x", "07/26/2021 16:00,x", "x,21.5", "x,true", "17:51,x"])
def test_a_first_row_of_data_is_no_header(read, first):
    recording = read(f"{first}\n{first}\n")
    assert len(recording.messages) == 2
    assert list(recording.messages[0]) == ["column_1", "column_2"]
    assert "no header" in recording.notes[1]


def test_names_that_begin_with_a_digit_are_a_header(read):
    assert list(read("0.3um,2nd floor\n1,2\n").messages[0]) == ["0.3um", "2nd floor"]


def test_row_numbers_as_r_writes_them_are_dropped(read):
    recording = read('"a","b"\n"1",5,"x"\n"2",6,"y"\n')
    assert recording.messages == [{"a": 5, "b": "x"}, {"a": 6, "b": "y"}]
    assert "leading row-number column dropped" in recording.notes


def test_row_numbers_of_a_single_named_column_are_dropped(read):
    assert read('"a"\n"1",5.5\n"2",6\n').messages == [{"a": 5.5}, {"a": 6}]


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
@pytest.mark.parametrize("start", [0, 1, 140])
def test_row_numbers_as_pandas_writes_them_are_dropped(read, name, start):
    recording = read(f"{name},a\n{start},5\n{start + 1},6\n")
    assert recording.messages == [{"a": 5}, {"a": 6}]


def test_numbers_may_be_names_beside_pandas_row_numbers(read):
    assert read(",0,1\n0,5,6\n1,7,8\n").messages == [{"0": 5, "1": 6}, {"0": 7, "1": 8}]


def test_a_first_column_that_does_not_count_is_kept(read):
    assert read(",a\n3,5\n9,6\n").messages == [{"column_1": 3, "a": 5}, {"column_1": 9, "a": 6}]
    assert read("number,a\n1,5\n2,6\n").messages[0] == {"number": 1, "a": 5}


def test_a_column_without_a_name_gets_one(read):
    assert read("a,\n5,\n6,\n").messages[0] == {"a": 5, "column_2": None}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["426", "429.5"], [426, 429.5]),
        (["1e3", "-0.5"], [1000.0, -0.5]),
        (["0.00479298817650529"], [0.00479298817650529]),
        (["1", "", "NaN", "NA", "None"], [1, None, None, None, None]),
        (["007", "12"], ["007", "12"]),
        (["+1", "12"], ["+1", "12"]),
        ([".5", "1"], [".5", "1"]),
        (["1_000", "1"], ["1_000", "1"]),
        (["٣", "1"], ["٣", "1"]),
        (["1" * 15], [int("1" * 15)]),
        (["1" * 16, "1"], ["1" * 16, "1"]),
        (["1e999", "1"], ["1e999", "1"]),
        (["true", "FALSE", ""], [True, False, None]),
        (["true", "1"], ["true", "1"]),
        (["None", "open", "NaN", ""], ["None", "open", None, None]),
        ([" open ", "1"], [" open ", "1"]),
        (["", ""], [None, None]),
    ],
)
def test_cells_take_the_type_that_their_column_allows(read, cells, expected):
    rows = "".join(f"x,{cell}\n" for cell in cells)
    assert [repr(message["b"]) for message in read("a,b\n" + rows).messages] == list(map(repr, expected))


def test_places_are_the_lines_in_which_rows_begin(read):
    recording = read('a,b\n1,"two\nlines"\n\n2,x\n')
    assert recording.places == ["line 2", "line 5"]


@pytest.mark.parametrize(("row", "cells"), [("1,2", 2), ("1,2,3,4", 4)])
def test_a_ragged_row_is_named_with_its_cells(refuse, row, cells):
    message = refuse(f"a,b,c\n1,2,3\n{row}\n1,2,3\n")
    assert f"line 3: {cells} cells where 3 are expected; add or remove cells, or quote" in message


def test_a_ragged_row_beside_row_numbers_is_named(refuse):
    assert "line 3: 4 cells where 3 are expected" in refuse('"a","b"\n"1",5,6\n"2",5,6,7\n"3",5,6\n')


def test_a_row_wider_than_the_header_without_row_numbers_is_ragged(refuse):
    assert "line 2: 3 cells where 2 are expected" in refuse("a,b\n9,5,6\n4,5,6\n")


def test_doubled_names_are_refused(refuse):
    assert "line 1: the name 'b' stands more than once" in refuse("a,b,b\n1,2,3\n")


def test_only_a_header_is_refused(refuse):
    assert "line 1: a header and no rows" in refuse("time,temperature\n")


def test_one_row_is_loaded(read):
    assert read("time,temperature\n10:00,21.5\n").messages == [{"time": "10:00", "temperature": 21.5}]


def test_a_quote_that_does_not_close_is_named_by_its_line(refuse):
    assert "line 3: not valid CSV" in refuse('a,b\n1,2\n"3,4\n5,6\n')


def test_a_cell_too_large_is_refused(refuse, mocker):
    mocker.patch("trainer.recording.csv_text.LARGEST_CELL", 150_000)
    assert "line 2: not valid CSV (field larger than field limit" in refuse(f"a,b\n1,{'x' * 200_000}\n")


def test_the_real_room_is_read_whole(real):
    recording = load(real("room-climate.csv"))
    assert len(recording.messages) == 8143
    assert recording.messages[1] == {
        "date": "2015-02-04 17:51:59",
        "Temperature": 23.15,
        "Humidity": 27.2675,
        "Light": 429.5,
        "CO2": 714,
        "HumidityRatio": 0.00478344094931065,
        "Occupancy": 1,
    }
    assert type(recording.messages[0]["Light"]) is int
    assert recording.place(1) == "line 3"
    assert recording.tabular
