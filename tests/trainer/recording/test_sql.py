import sqlite3
from contextlib import closing

import pandas as pd
import pytest
import sqlalchemy

from agent.errors import RecordingError
from trainer.recording import load
from trainer.recording.sql import masked


@pytest.fixture
def database(tmp_path):
    """Runs statements on a database file, and gives its URL."""

    def made(*statements):
        path = tmp_path / "room.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        return f"sqlite:///{path}"

    return made


def refusal(source):
    with pytest.raises(RecordingError) as caught:
        load(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


ROOM = "CREATE TABLE room (b INTEGER, a REAL, door TEXT)"


def test_a_table_is_read_in_its_order_of_columns(database):
    recording = load(database(ROOM, "INSERT INTO room VALUES (1, 2, 'open'), (NULL, 0.5, NULL)") + "?table=room")
    assert [list(message.items()) for message in recording.messages] == [
        [("b", 1), ("a", 2.0), ("door", "open")],
        [("b", None), ("a", 0.5), ("door", None)],
    ]
    assert recording.name == "room"
    assert recording.place(1) == "row 2"
    assert recording.tabular


def test_the_hash_is_of_the_rows(database):
    url = database(ROOM, "INSERT INTO room VALUES (1, 2, 'open')") + "?table=room"
    before = load(url)
    database("CREATE TABLE other (x)")
    assert load(url).sha256 == before.sha256
    database("INSERT INTO room VALUES (1, 2, 'open')")
    assert load(url).sha256 != before.sha256


def test_a_view_is_read_like_a_table(database):
    url = database(ROOM, "INSERT INTO room VALUES (1, 2, 'open')", "CREATE VIEW warm AS SELECT a FROM room")
    assert load(url + "?table=warm").messages == [{"a": 2.0}]


def test_a_table_in_a_schema_is_read(database):
    url = database(ROOM, "INSERT INTO room VALUES (1, 2, 'open')")
    assert len(load(url + "?table=main.room").messages) == 1


def test_typed_columns_become_text_floats_and_booleans(database):
    url = database(
        "CREATE TABLE t (at DATETIME, day DATE, price DECIMAL(10, 2), on_ BOOLEAN)",
        "INSERT INTO t VALUES ('2015-02-04 17:51:00.000000', '2015-02-04', 5, 1)",
        "INSERT INTO t VALUES ('2015-02-04 17:51:59.000000', '2015-02-05', 0.00479298817650529, 0)",
    )
    assert list(map(repr, load(url + "?table=t").messages[0].values())) == [
        "'2015-02-04 17:51:00'",
        "'2015-02-04'",
        "5.0",
        "True",
    ]
    assert load(url + "?table=t").messages[1]["price"] == 0.00479298817650529


@pytest.mark.parametrize("stored", ["1423072260", "'04/02/2015 17:51'"])
def test_times_that_sqlite_stores_in_other_forms_stay_as_they_are(database, stored):
    url = database("CREATE TABLE t (at DATETIME, x INTEGER)", f"INSERT INTO t VALUES ({stored}, 1)")
    assert repr(load(url + "?table=t").messages[0]["at"]) == stored


def test_a_data_frame_comes_back_without_its_row_numbers(database):
    frame = pd.DataFrame({"at": pd.to_datetime(["2015-02-04 17:51:00.5", None]), "x": [1.5, None]})
    url = database()
    engine = sqlalchemy.create_engine(url)
    frame.to_sql("t", engine)
    engine.dispose()
    recording = load(url + "?table=t")
    assert recording.messages == [{"at": "2015-02-04 17:51:00.500", "x": 1.5}, {"at": None, "x": None}]
    assert "leading row-number column dropped" in recording.notes


def test_a_column_of_bytes_is_refused_by_name(database):
    url = database("CREATE TABLE t (picture BLOB)", "INSERT INTO t VALUES (x'00ff')")
    assert "column 'picture': holds values of type bytes" in refusal(url + "?table=t")


def test_a_missing_table_lists_those_there_are(database):
    url = database(ROOM, "CREATE TABLE other (x)")
    remedy = "add ?table=NAME to the URL, with one of: other, room"
    assert refusal(url + "?table=rom") == f"{url}: there is no table 'rom'; {remedy}"
    assert refusal(url) == f"{url}: the table is not named; {remedy}"


def test_an_empty_table_holds_no_messages(database):
    assert "holds no messages" in refusal(database(ROOM) + "?table=room")


def test_a_missing_database_is_not_created(tmp_path):
    assert "there is no such file" in refusal(f"sqlite:///{tmp_path}/none.db?table=t")
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "x.db").write_text("no database at all, but long enough to look like a file of some kind" * 20)
    assert "cannot be read" in refusal(f"sqlite:///{tmp_path}/x.db?table=t")


def test_a_database_given_as_a_file_is_told_how_to_name_a_table(database, tmp_path):
    database(ROOM)
    assert f"sqlite:///{tmp_path}/room.db?table=NAME" in refusal(str(tmp_path / "room.db"))


@pytest.mark.parametrize("query", ["timeout=5&table=room", "table=room&timeout=5"])
def test_the_rest_of_the_query_goes_to_the_driver(database, query):
    url = database(ROOM, "INSERT INTO room VALUES (1, 2, 'open')")
    assert len(load(f"{url}?{query}").messages) == 1
    assert "cannot be read" in refusal(f"{url}?table=room&timeout=soon")


@pytest.mark.parametrize(
    "source",
    [
        "postgresql://me:hunter2@127.0.0.1:1/db?table=t",
        "nonsense://me:hunter2@host/db?table=t",
        "mysql+nonsense://me:hunter2@host/db?table=t",
        "postgresql://me:hunter2@host:port/db?table=t",
        "://me:hunter2@host",
        "postgresql://host/db?table=t&password=hunter2",
        "sqlite:///:memory:?table=t&password=hunter2",
    ],
)
def test_no_password_is_shown(source):
    assert "hunter2" not in refusal(source)
    assert "hunter2" not in masked(source)
