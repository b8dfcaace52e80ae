"""Rows are completed by what follows in time, the same ones however they are asked for."""

import json
import math
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pydantic import ValidationError

from agent.clock import NS_PER_S
from agent.errors import BundleError
from agent.model import model_of
from agent.models.bundle import Bundle
from agent.models.manifest import Manifest
from agent.models.series import Playing, series_of
from agent.player import Player
from agent.reading import Readings
from tests.agent.series.asked import are_independent, is_normal
from tests.made import copula_arrays, manifest_of, rows_of

MESSAGE = {
    "node": "object",
    "members": {
        "level": {"node": "number", "column": "level", "format": {"denominator": 10}},
        "twice": {"node": "number", "column": "twice", "format": {}},
        "state": {"node": "category", "column": "state", "labels": ["a", "b", "c"]},
        "mode": {"node": "category", "column": "mode", "labels": [0, 1]},
    },
}
MATRIX = np.array([[0.9, 0.1, 0], [0.2, 0.5, 0.3], [0.5, 0, 0.5]])
START_NS = 1_792_886_400 * NS_PER_S  # 2026-10-25 00:00 UTC: summer time ends in Europe at 01:00
LEVEL: Any = {
    "column": "level",
    "by": "state",
    "draw": "z",
    "cases": [
        {"table": 0, "terms": [{"term": "level", "value": 1000}], "low": 1100, "high": 1150},
        {"terms": [{"term": "noise", "response": 0}]},
        {"terms": [{"term": "walk", "std": 2}, {"term": "seasonal", "amplitude": 100, "period_s": 86400}]},
    ],
}
STATE: Any = {"column": "state", "cases": [{"terms": [{"term": "regimes", "regimes": 0}], "low": 0, "high": 2}]}
TWICE: Any = {"column": "twice", "cases": [{"terms": [{"term": "follow", "column": "level", "slope": 2, "origin": 5}]}]}
PROCESSES: list[Any] = [STATE, LEVEL, TWICE]
ARRAYS = {"series/regimes/0": MATRIX, "series/response/0": np.array([3.0, 2.0])}


def bundle(processes: list[Any] = PROCESSES, *, hidden: Any = ("z",), **arrays: Any) -> Bundle:
    made = manifest_of(MESSAGE, kind="declared", processes=processes)
    made["columns"] = [*made["columns"], *({"name": name} for name in hidden)]
    manifest = Manifest.model_validate(made)
    given = {f"series/{name.replace('_', '/')}": array for name, array in arrays.items()}
    drawn = copula_arrays(manifest.columns)
    drawn["z"][:3], drawn["value"][:3] = [-2, 0, 2], [0, 50, 200]  # the table of case a
    arrays_ = {k: v for k, v in {**drawn, **ARRAYS, **given}.items() if v is not None}
    return Bundle(manifest, arrays_, "some.npz")


def completed(seqs: range, key: int = 1, zone: Any = UTC, made: Bundle | None = None) -> np.ndarray:
    """Rows of these seqs, a minute apart; their drawn columns are a function of seq, too."""
    made = made or bundle()
    names = [column.name for column in made.manifest.columns]
    matrix = np.array([[0.0] * 3 + [seq % 2, (seq * 7919 % 997) / 200 - 2.5] for seq in seqs])
    times = [START_NS + seq % 1_000_003 * 60 * NS_PER_S for seq in seqs]
    return series_of(made).begin(key, zone).complete(Readings(rows_of(names, matrix), times, seqs)).rows.matrix


def test_each_case_holds_where_its_code_is():
    rows = completed(range(1, 4000))
    level, twice, state, _, z = rows.T
    assert set(state) == {0, 1, 2}
    expected = np.clip(np.rint(np.interp(z, [-2, 0, 2], [0, 50, 200]) + 1000), 1100, 1150)
    assert np.array_equal(level[state == 0], expected[state == 0])
    assert level[state == 1].std() == pytest.approx(math.sqrt(13), rel=0.1)
    assert np.array_equal(level, np.rint(level))
    assert np.allclose(twice, 2 * (level - 5))


def test_rows_are_the_same_in_one_go_one_by_one_and_from_the_middle():
    whole = completed(range(1, 3000))
    assert np.array_equal(np.concatenate([completed(range(seq, seq + 1)) for seq in range(1, 40)]), whole[:39])
    assert np.array_equal(completed(range(2000, 3000)), whole[1999:])


def test_sensors_of_different_keys_differ_and_those_of_the_same_do_not():
    assert np.array_equal(completed(range(500)), completed(range(500)))
    assert not np.array_equal(completed(range(500))[:, 2], completed(range(500), key=2)[:, 2])


def test_two_players_of_one_model_do_not_disturb_each_other():
    made = bundle()
    series, names = series_of(made), [column.name for column in made.manifest.columns]
    one, other = series.begin(1, UTC), series.begin(1, UTC)

    def row(playing: Playing, seq: int) -> Any:
        rows = rows_of(names, np.array([[0.0, 0, 0, 0, 0.3]]))
        return playing.complete(Readings(rows, [START_NS + seq * NS_PER_S], [seq])).rows.matrix[0].tolist()

    ahead = [row(one, seq) for seq in range(3000, 3050)]
    assert [row(other, seq) for seq in range(3050)][3000:] == ahead
    assert [row(one, seq) for seq in range(50)] == [row(other, seq) for seq in range(50)]


@pytest.mark.parametrize("place", [0, 1])
def test_noise_is_another_one_for_another_key_and_for_another_process(place):
    terms = [{"term": "noise", "response": 0}]
    made = bundle(
        [{"column": column, "cases": [{"terms": terms}]} for column in ("twice", "other")],
        hidden=("other",),
        response_0=np.ones(1),
    )

    def noise(key: int, column: int) -> np.ndarray:
        rows = rows_of([column.name for column in made.manifest.columns], np.zeros((20_000, 5)))
        seqs = range(20_000)
        return (
            series_of(made).begin(key, UTC).complete(Readings(rows, [START_NS] * 20_000, seqs)).rows.matrix[:, column]
        )

    one, other = noise(1, 1), (noise(2, 1), noise(1, 4))[place]
    assert is_normal(one)
    assert is_normal(other)
    assert are_independent(one, other)


def test_the_same_reading_is_the_same_at_the_highest_sequence_numbers_and_in_any_order():
    last = 2**53
    whole = completed(range(last - 1200, last + 1))
    assert np.array_equal(completed(range(last, last + 1)), whole[-1:])
    made = bundle()
    seqs = np.random.default_rng(0).permutation(900).tolist()
    rows = rows_of([column.name for column in made.manifest.columns], np.zeros((900, 5)))
    rows.matrix[:, 3] = [seq % 2 for seq in seqs]
    rows.matrix[:, 4] = [(seq * 7919 % 997) / 200 - 2.5 for seq in seqs]
    times = [START_NS + seq * 60 * NS_PER_S for seq in seqs]
    mixed = series_of(made).begin(1, UTC).complete(Readings(rows, times, seqs)).rows.matrix
    assert np.array_equal(mixed[np.argsort(seqs)], completed(range(900)))


def test_a_process_sees_what_the_one_before_it_made_and_not_what_was_drawn():
    chained = [
        {"column": "level", "cases": [{"terms": [{"term": "level", "value": 4}]}]},
        {"column": "twice", "cases": [{"terms": [{"term": "follow", "column": "level", "slope": 3, "origin": 2}]}]},
        {
            "column": "state",
            "cases": [{"terms": [{"term": "follow", "column": "twice", "slope": 0.3}], "low": 0, "high": 2}],
        },
        {
            "column": "end",
            "by": "state",
            "cases": [{"terms": [{"term": "level", "value": value}]} for value in (10, 20, 30)],
        },
    ]
    made = bundle(chained, hidden=("end",))
    rows = rows_of([column.name for column in made.manifest.columns], np.full((3, 5), 1.0))
    found = series_of(made).begin(1, UTC).complete(Readings(rows, [START_NS] * 3, range(3))).rows.matrix
    assert found.tolist() == [[4, 6, 2, 1, 30]] * 3


def test_each_case_follows_the_column_of_its_own_rows():
    cases = [{"terms": [{"term": "follow", "column": "level", "slope": slope}]} for slope in (1, -1)]
    made = bundle([{"column": "twice", "by": "mode", "cases": cases}], hidden=())
    matrix = np.array([[seq * seq, 0, 0, seq % 2] for seq in range(50)], float)
    rows = rows_of([column.name for column in made.manifest.columns], matrix)
    found = series_of(made).begin(1, UTC).complete(Readings(rows, [START_NS] * 50, range(50))).rows.matrix[:, 1]
    assert found.tolist() == [seq * seq * (-1) ** seq for seq in range(50)]


def test_a_sum_is_kept_within_its_limits_to_the_last_term():
    terms = [{"term": "noise", "response": 0}, {"term": "level", "value": 0.5}]
    made = bundle([{"column": "twice", "cases": [{"terms": terms, "low": -0.25, "high": 1.75}]}], hidden=())
    rows = rows_of([column.name for column in made.manifest.columns], np.zeros((2000, 4)))
    found = series_of(made).begin(1, UTC).complete(Readings(rows, [START_NS] * 2000, range(2000))).rows.matrix[:, 1]
    assert (found.min(), found.max()) == (-0.25, 1.75)
    assert 100 < ((found > -0.25) & (found < 1.75)).sum() < 1000


@pytest.mark.parametrize("chosen", [False, True])
def test_a_line_goes_by_universal_time(chosen):
    cases = [{"terms": [{"term": "trend", "per_day": 24, "start": "2026-10-25T00:00:00+00:00"}]}]
    by = {"by": "mode", "cases": cases * 2} if chosen else {"cases": cases}
    made = bundle([{"column": "twice", **by}], hidden=())
    rows = rows_of([column.name for column in made.manifest.columns], np.zeros((5, 4)))
    times = [START_NS + hour * 3600 * NS_PER_S for hour in range(5)]
    playing = series_of(made).begin(1, ZoneInfo("Europe/Brussels"))
    assert playing.complete(Readings(rows, times, range(5))).rows.matrix[:, 1] == pytest.approx(np.arange(5))


def test_the_largest_numbers_that_may_be_said_give_finite_messages():
    huge = [
        {"term": "noise", "response": 0},
        {"term": "walk", "std": 1e15, "start": -1e15},
        {"term": "seasonal", "amplitude": 1e15, "period_s": 1e-3, "phase": 0.999},
        {"term": "trend", "per_day": 1e15, "start": "0001-01-01T00:00:00+00:00"},
        {"term": "follow", "column": "level", "slope": -1e15, "origin": 1e15},
    ]
    level = {"column": "level", "cases": [{"terms": huge[:4]}]}
    made = bundle([level, {"column": "twice", "cases": [{"terms": huge}]}], hidden=(), response_0=np.full(65_536, 1e15))
    player = Player("s", model_of(made), [1], seq=2**53 - 300)
    messages = [json.loads(text) for text in player.play(range(START_NS, START_NS + 300)).texts]
    assert all(abs(message["twice"]) <= 1e15 and abs(message["level"]) <= 1e15 for message in messages)


def test_whole_numbers_are_written_as_such_also_where_a_limit_is_none():
    made = bundle([STATE, case(LEVEL, 0, low=1100.4, high=1100.6)])
    texts = Player("s", model_of(made), [1]).play(range(START_NS, START_NS + 500)).texts
    assert {len(text.split('"level":')[1].split(",")[0].partition(".")[2]) for text in texts} <= {0, 1}


def test_what_was_drawn_is_not_changed():
    made = bundle()
    rows = rows_of([column.name for column in made.manifest.columns], np.zeros((5, 5)))
    series_of(made).begin(1, UTC).complete(Readings(rows, [START_NS] * 5, range(5)))
    assert not rows.matrix.any()


@pytest.mark.parametrize("chosen", [False, True])
def test_the_days_wave_goes_by_the_sensors_clock_also_when_that_changes(chosen):
    cases = [{"terms": [{"term": "seasonal", "amplitude": 1, "period_s": 86400}]}]
    by = {"by": "mode", "cases": cases * 2} if chosen else {"cases": cases}
    made = bundle([{"column": "twice", **by}], hidden=())
    names = [column.name for column in made.manifest.columns]
    times = [START_NS + hour * 3600 * NS_PER_S for hour in range(24)]
    rows = rows_of(names, np.zeros((24, 4)))
    playing = series_of(made).begin(1, ZoneInfo("Europe/Brussels"))
    found = playing.complete(Readings(rows, times, range(24))).rows.matrix[:, 1]
    local = [hour + (2 if hour < 1 else 1) for hour in range(24)]
    assert found == pytest.approx(np.cos(2 * np.pi * np.array(local) / 24), abs=1e-9)


def case(process: Any, number: int, **changes: Any) -> Any:
    cases = [{**known, **changes} if place == number else known for place, known in enumerate(process["cases"])]
    return {**process, "cases": cases}


@pytest.mark.parametrize(
    ("processes", "said"),
    [
        ([LEVEL, STATE], "follows from what is not there, or made after it"),
        ([STATE, {**LEVEL, "draw": "other"}], "columns: not those|follows from what is not there"),
        ([STATE, {**LEVEL, "column": "other"}], "follows from what is not there"),
        ([STATE, LEVEL, {**TWICE, "column": "level"}], "follows from what is not there, or made after it|two of one"),
        (
            [STATE, LEVEL, case(TWICE, 0, terms=[{"term": "follow", "column": "twice", "slope": 1}])],
            "follows from what is not there",
        ),
        ([STATE, {**LEVEL, "draw": None}], "has a table, but no draw"),
        ([STATE, {**LEVEL, "by": None}], "several cases, and no column"),
        ([STATE, case(LEVEL, 0, low=2, high=1)], "low is above"),
        ([STATE, case(LEVEL, 0, low=-1e16)], "greater than or equal"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "system"}])], "term"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "level", "value": math.nan}])], "finite"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "level", "value": 1}] * 17)], "at most 16"),
        ([STATE, {**LEVEL, "cases": []}], "at least 1"),
        ([STATE, LEVEL, *[TWICE] * 300], "at most 256"),
        ([STATE, {**LEVEL, "by": "other"}], "follows from what is not there"),
        ([STATE, {**LEVEL, "by": "level"}], "follows from what is not there, or made after it"),
        ([STATE, LEVEL, {**TWICE, "draw": "twice"}], "follows from what is not there, or made after it"),
        ([TWICE, STATE, LEVEL], "follows from what is not there, or made after it"),
        ([STATE, LEVEL, TWICE, TWICE], "follows from what is not there, or made after it|two of one"),
        ([{**STATE, "cases": STATE["cases"] * 65, "by": "mode"}], "at most 64"),
        ([STATE, case(LEVEL, 0, table=-1)], "greater than or equal to 0"),
        ([STATE, case(LEVEL, 0, table=0.5)], "valid integer"),
        ([STATE, case(LEVEL, 0, high=math.inf)], "less than or equal|finite"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "noise", "response": 10**9}])], "less than 512"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "regimes", "regimes": 10**9}])], "less than 32"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "noise"}])], "response"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "walk", "std": -1}])], "greater than or equal to 0"),
        (
            [STATE, case(LEVEL, 1, terms=[{"term": "walk", "std": 1, "low": 1, "high": 1, "start": 1}])],
            "below its high",
        ),
        ([STATE, case(LEVEL, 1, terms=[{"term": "walk", "std": 1, "low": 1}])], "within its low and high"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "seasonal", "amplitude": 1, "period_s": 0}])], "greater than or equal"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "trend", "per_day": 1, "start": "then"}])], "start"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "level", "value": 1, "code": "import os"}])], "not permitted"),
    ],
)
def test_a_manifest_whose_processes_cannot_be_is_refused(processes, said):
    with pytest.raises(ValidationError, match=said):
        bundle(processes)


def test_a_manifest_of_too_many_terms_is_refused():
    terms = [{"term": "level", "value": 1}] * 16
    cases = [{"terms": terms}] * 17
    with pytest.raises(ValidationError, match="more than 256 terms"):
        bundle([{**LEVEL, "draw": None, "cases": cases}], hidden=())


@pytest.mark.parametrize(
    ("processes", "said"),
    [
        ([STATE, case(LEVEL, 0, table=99)], "there are tables 0 to"),
        ([STATE, case(LEVEL, 0, table=5)], "there are tables 0 to 4"),
        ([STATE, {**LEVEL, "cases": LEVEL["cases"][:2]}], "must have a case for each code of 'state'"),
        ([STATE, {**LEVEL, "by": "twice"}], "must have a case for each code of 'twice'"),
        ([case(STATE, 0, high=3), LEVEL], "gives what are no codes"),
        ([STATE, LEVEL, {**STATE, "column": "mode"}], "gives what are no codes"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "noise", "response": 7}])], "series/response/7: missing"),
        (
            [STATE, {**LEVEL, "cases": [*LEVEL["cases"], LEVEL["cases"][1]]}],
            "must have a case for each code of 'state'",
        ),
        ([case(STATE, 0, low=-1), LEVEL], "gives what are no codes"),
        ([case(STATE, 0, low=-1e15, high=1e15), LEVEL], "gives what are no codes"),
        ([STATE, LEVEL, {"column": "mode", "cases": [{**STATE["cases"][0], "high": 1}]}], "gives what are no codes"),
        ([case(STATE, 0, terms=[{"term": "regimes", "regimes": 3}]), LEVEL], "series/regimes/3: missing"),
    ],
)
def test_a_process_that_does_not_fit_the_bundle_is_refused(processes, said):
    with pytest.raises(BundleError, match=rf"^some\.npz: .*{said}"):
        model_of(bundle(processes))


@pytest.mark.parametrize(
    "arrays",
    [
        {"response_0": np.array([np.nan])},
        {"response_0": np.zeros((2, 2))},
        {"response_0": np.zeros(0)},
        {"response_0": np.zeros(70_000)},
        {"response_0": np.array([1, 2])},
        {"response_0": None},
        {"response_0": np.array([np.inf])},
        {"response_0": np.array([1e16])},
        {"response_0": np.array(["x"])},
        {"response_0": np.ones(())},
        {"regimes_0": None},
        {"regimes_0": np.full((65, 65), 1 / 65)},
        {"regimes_0": np.full((3, 3), np.nan)},
        {"regimes_0": np.array([[2.0, -1, 0], [0, 0, 1], [1, 0, 0]])},
        {"regimes_0": np.eye(3)},
        {"regimes_0": np.full((3, 3), 0.5)},
        {"regimes_0": np.zeros((3, 2))},
        {"regimes_0": np.full((4, 4), 0.25)},
        {"regimes_0": np.full((1, 1), 1.0)},
    ],
)
def test_an_array_that_is_not_as_it_must_be_is_refused_by_name(arrays):
    with pytest.raises(BundleError, match=r"^some\.npz: .*; export the bundle again"):
        model_of(bundle(**arrays))


def test_columns_that_nobody_needs_are_refused():
    with pytest.raises(ValidationError, match="columns: not those"):
        bundle(hidden=("z", "idle"))
