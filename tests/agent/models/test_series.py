"""Rows are completed by what follows in time, the same ones however they are asked for."""

import math
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pydantic import ValidationError

from agent.clock import NS_PER_S
from agent.errors import BundleError
from agent.models.bundle import Bundle
from agent.models.manifest import Manifest
from agent.models.series import series_of
from agent.reading import Readings
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
LEVEL = {
    "column": "level",
    "by": "state",
    "draw": "z",
    "cases": [
        {"table": 0, "terms": [{"term": "level", "value": 1000}], "low": 1100, "high": 1150},
        {"terms": [{"term": "noise", "response": 0}]},
        {"terms": [{"term": "walk", "std": 2}, {"term": "seasonal", "amplitude": 100, "period_s": 86400}]},
    ],
}
STATE = {"column": "state", "cases": [{"terms": [{"term": "regimes", "regimes": 0}], "low": 0, "high": 2}]}
TWICE = {"column": "twice", "cases": [{"terms": [{"term": "follow", "column": "level", "slope": 2, "origin": 5}]}]}
PROCESSES: list[Any] = [STATE, LEVEL, TWICE]
ARRAYS = {"series/regimes/0": MATRIX, "series/response/0": np.array([3.0, 2.0])}


def bundle(processes: list[Any] = PROCESSES, *, hidden: Any = ("z",), **arrays: Any) -> Bundle:
    made = manifest_of(MESSAGE, kind="declared", processes=processes)
    made["columns"] = [*made["columns"], *({"name": name} for name in hidden)]
    manifest = Manifest.model_validate(made)
    given = {f"series/{name.replace('_', '/')}": array for name, array in arrays.items()}
    drawn = copula_arrays(manifest.columns)
    drawn["z"][:3], drawn["value"][:3] = [-2, 0, 2], [0, 50, 200]  # the table of case a
    return Bundle(manifest, {**drawn, **ARRAYS, **{k: v for k, v in given.items() if v is not None}}, "some.npz")


def completed(seqs: range, key: int = 1, zone: Any = UTC, made: Bundle | None = None) -> np.ndarray:
    """Rows of these seqs, a minute apart; their drawn columns are a function of seq, too."""
    made = made or bundle()
    names = [column.name for column in made.manifest.columns]
    matrix = np.array([[0.0] * 3 + [seq % 2, (seq * 7919 % 997) / 200 - 2.5] for seq in seqs])
    times = [START_NS + seq * 60 * NS_PER_S for seq in seqs]
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
        ([STATE, {**LEVEL, "cases": LEVEL["cases"][:2]}], "must have a case for each code of 'state'"),
        ([STATE, {**LEVEL, "by": "twice"}], "must have a case for each code of 'twice'"),
        ([case(STATE, 0, high=3), LEVEL], "gives what are no codes"),
        ([STATE, LEVEL, {**STATE, "column": "mode"}], "gives what are no codes"),
        ([STATE, case(LEVEL, 1, terms=[{"term": "noise", "response": 7}])], "series/response/7: missing"),
    ],
)
def test_a_process_that_does_not_fit_the_bundle_is_refused(processes, said):
    with pytest.raises(BundleError, match=rf"^some\.npz: .*{said}"):
        series_of(bundle(processes))


@pytest.mark.parametrize(
    "arrays",
    [
        {"response_0": np.array([np.nan])},
        {"response_0": np.zeros((2, 2))},
        {"response_0": np.zeros(0)},
        {"response_0": np.zeros(70_000)},
        {"response_0": np.array([1, 2])},
        {"regimes_0": np.eye(3)},
        {"regimes_0": np.full((3, 3), 0.5)},
        {"regimes_0": np.zeros((3, 2))},
        {"regimes_0": np.full((4, 4), 0.25)},
        {"regimes_0": np.full((1, 1), 1.0)},
    ],
)
def test_an_array_that_is_not_as_it_must_be_is_refused_by_name(arrays):
    with pytest.raises(BundleError, match=r"^some\.npz: .*; export the bundle again"):
        series_of(bundle(**arrays))


def test_columns_that_nobody_needs_are_refused():
    with pytest.raises(ValidationError, match="columns: not those"):
        bundle(hidden=("z", "idle"))
