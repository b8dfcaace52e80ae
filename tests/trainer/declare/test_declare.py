"""A specification becomes a bundle whose messages are as it says."""

import json
import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy import stats

from agent.clock import NS_PER_S
from agent.errors import ConditionError, SpecificationError
from agent.message.template import Template
from agent.model import model_of
from agent.models.bundle import Bundle
from agent.parts import parts_of
from agent.player import Player, given_of
from agent.settings.sensor import Sensor
from tests.commands import ROOT
from tests.made_declared import SPEC, declared_bundle
from trainer.declare.declare import EXAMPLE, declare

MONDAY_NS = 1_796_601_600 * NS_PER_S  # 2026-12-07 00:00 UTC, a Monday
HEAD = 'sensor = "s"\n[arrival]\ninterval_s = 1\n'


def play(bundle: Bundle, count: int, *, step_s: float = 1, seed: int = 1, zone: Any = UTC) -> list[Any]:
    """`count` messages from a Monday's midnight on."""
    player = Player("s", model_of(bundle), [seed], zone=zone)
    times = [MONDAY_NS + round(place * step_s * NS_PER_S) for place in range(count)]
    return [json.loads(text) for text in player.play(times).texts]


def field(text: str) -> Bundle:
    """A bundle of one field `x`."""
    return declared_bundle(f"{HEAD}[fields.x]\n{text}\n")


def values(text: str, count: int = 20_000, **options: Any) -> list[Any]:
    return [message["x"] for message in play(field(text), count, **options)]


def problems(text: str, tmp_path: Path) -> list[str]:
    path = tmp_path / "spec.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SpecificationError) as caught:
        declare(path)
    head, _, rest = str(caught.value).partition("\n")
    assert head.startswith(f"{path}: ")
    return [line.strip() for line in rest.splitlines()] or [head.removeprefix(f"{path}: ")]


def test_a_float_is_drawn_within_its_limits_on_its_grid_by_the_truncated_distribution():
    drawn = np.array(values('type = "float"\ndecimals = 3\nmin = 18\nmax = 30\n' + NORMAL))
    assert drawn.min() >= 18
    assert drawn.max() <= 30
    assert np.array_equal(drawn, np.round(drawn, 3))
    exact = stats.truncnorm((18 - 20) / 5, (30 - 20) / 5, 20, 5)
    assert stats.kstest(drawn, exact.cdf).statistic < 0.012


NORMAL = 'distribution = { name = "normal", mean = 20, std = 5 }'


def test_an_integer_has_no_fraction_and_its_own_distribution():
    drawn = values('type = "integer"\ndistribution = { name = "poisson", mean = 3 }')
    assert all(isinstance(value, int) for value in drawn)
    counts = np.bincount(drawn, minlength=12)[:12]
    expected = stats.poisson(3).pmf(np.arange(12)) * len(drawn)
    assert stats.chisquare(counts, expected * counts.sum() / expected.sum()).pvalue > 0.001


def test_labels_come_by_their_weights_and_are_written_as_they_are_to_be():
    drawn = values('type = "category"\nweights = { a = 3, b = 1, c = 0 }\nlabels = { b = true }')
    assert set(map(json.dumps, drawn)) == {'"a"', "true"}
    assert drawn.count("a") / len(drawn) == pytest.approx(0.75, abs=0.012)


def test_a_boolean_is_true_as_often_as_said():
    drawn = values('type = "boolean"\nprobability = 0.2')
    assert set(drawn) == {True, False}
    assert np.mean(drawn) == pytest.approx(0.2, abs=0.012)


def test_a_value_is_null_and_its_key_missing_as_often_as_said():
    messages = play(field('type = "float"\nnull = 0.1\nmissing = 0.2\n' + NORMAL), 20_000)
    assert np.mean(["x" not in message for message in messages]) == pytest.approx(0.2, abs=0.012)
    assert np.mean([message.get("x", 0) is None for message in messages]) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Asia/Tokyo")])
def test_what_holds_at_certain_hours_holds_at_those_of_the_sensors_own_days(zone):
    drawn = values(
        'type = "category"\nweights = { night = 1 }\nwhen."mon-fri 09:00-17:00".weights = { work = 1 }\n'
        'when."sat 22:00-02:00".weights = { party = 1 }',
        count=7 * 24 * 4,
        step_s=900,
        zone=zone,
    )
    for place, value in enumerate(drawn):
        local = (datetime(2026, 12, 7, tzinfo=UTC) + timedelta(minutes=15 * place)).astimezone(zone)
        day, hour = local.weekday(), local.hour
        party = (day == 5 and hour >= 22) or (day == 6 and hour < 2)
        assert value == ("work" if day < 5 and 9 <= hour < 17 else "party" if party else "night")


def test_numbers_and_counts_of_items_differ_by_the_hour_too():
    bundle = declared_bundle(
        f"{HEAD}[fields.x]\ntype = 'integer'\ndistribution = {{ name = 'constant', value = 1 }}\n"
        "when.'06:00-12:00'.distribution = { name = 'constant', value = 2 }\n"
        "[fields.y]\ntype = 'list'\nkind_key = 'k'\ngroups.a.count = 3\ngroups.a.when.'00:00-06:00'.count = 1\n"
        "groups.b.count = { name = 'bernoulli', p = 0.5 }\ngroups.b.when.'18:00-24:00'.count = 0\n"
    )
    assert bundle.manifest.hours == 24
    messages = play(bundle, 24 * 60, step_s=60)
    for place, message in enumerate(messages):
        kinds = Counter(item["k"] for item in message["y"])
        assert message["x"] == (2 if 6 <= place // 60 < 12 else 1)
        assert kinds["a"] == (1 if place < 360 else 3)
        assert kinds["b"] <= (place // 60 < 18)
    assert 0.4 < np.mean([len(m["y"]) > 3 for m in messages[360:1080]]) < 0.6


def test_each_label_of_another_field_has_its_own_distribution_or_series():
    bundle = declared_bundle(
        f"{HEAD}[fields.s]\ntype = 'category'\nweights = {{ a = 1, b = 1, c = 1 }}\n"
        "[fields.x]\ntype = 'float'\nby = 's'\ndistribution = { name = 'uniform', low = 0, high = 1 }\n"
        "cases.b = { distribution = { name = 'normal', mean = 50, std = 2 }, max = 51 }\n"
        "cases.c.series = [{ name = 'level', value = -7 }, { name = 'white-noise', std = 0.5 }]\n"
        "[fields.w]\ntype = 'boolean'\nby = 's'\nprobability = 0\ncases.b.probability = 1\n"
    )
    messages = play(bundle, 9_000)
    by = {label: np.array([m["x"] for m in messages if m["s"] == label]) for label in "abc"}
    assert stats.kstest(by["a"], stats.uniform.cdf).pvalue > 0.001
    assert by["b"].max() <= 51
    assert stats.kstest(by["b"], stats.truncnorm(-np.inf, 0.5, 50, 2).cdf).statistic < 0.03
    assert by["c"].mean() == pytest.approx(-7, abs=0.05)
    assert by["c"].std() == pytest.approx(0.5, abs=0.03)
    assert all(m["w"] == (m["s"] == "b") for m in messages)


def test_a_regime_lasts_as_long_as_said_and_goes_where_it_may():
    drawn = values(
        'type = "category"\nregimes.a = { mean_readings = 20, next = { b = 1 } }\n'
        "regimes.b = { mean_readings = 5, next = { a = 1, c = 3 } }\n"
        "regimes.c = { mean_readings = 2, next = { a = 1 } }",
        count=60_000,
    )
    changes = [place for place in range(1, len(drawn)) if drawn[place] != drawn[place - 1]]
    stays: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    for start, stop in pairwise(changes):
        stays[drawn[start]].append(stop - start)
    assert [np.mean(stays[label]) for label in "abc"] == pytest.approx([20, 5, 2], rel=0.1)
    goes = Counter((drawn[place - 1], drawn[place]) for place in changes)
    assert set(goes) == {("a", "b"), ("b", "a"), ("b", "c"), ("c", "a")}
    assert goes["b", "c"] / (goes["b", "a"] + goes["b", "c"]) == pytest.approx(0.75, abs=0.04)


@pytest.mark.parametrize(
    ("term", "lags"),
    [
        ("{ name = 'ar', coefficients = [0.8], std = 1 }", [0.8, 0.64, 0.512]),
        ("{ name = 'ar', coefficients = [0.5, 0.3], std = 1 }", [0.5 / 0.7, 0.5 * 0.5 / 0.7 + 0.3]),
        ("{ name = 'ma', coefficients = [0.6, 0.3], std = 1 }", [0.78 / 1.45, 0.3 / 1.45, 0.0]),
        ("{ name = 'white-noise', std = 1 }", [0.0, 0.0]),
        ("{ name = 'seasonal', period_s = 60, amplitude = 5 }", [math.cos(k * math.pi / 30) for k in range(1, 40)]),
    ],
)
def test_a_series_has_the_autocorrelation_of_theory_in_its_messages(term, lags):
    drawn = np.array(values(f"type = 'float'\ndecimals = 4\nseries = [{term}]", count=60_000))
    drawn -= drawn.mean()
    found = [float(np.mean(drawn[k:] * drawn[:-k]) / drawn.var()) for k in range(1, len(lags) + 1)]
    assert found == pytest.approx(lags, abs=0.025)


def test_a_sum_is_the_sum_of_its_terms_and_kept_within_its_limits():
    text = (
        "type = 'float'\ndecimals = 2\nmax = 13.5\nseries = [{ name = 'level', value = 10 },"
        "{ name = 'seasonal', period_s = 86400, amplitude = 4, phase = 0.625 },"
        "{ name = 'trend', per_day = 0.5, from = 2026-12-07 }]"
    )
    drawn = values(text, count=48, step_s=3600, zone=ZoneInfo("Asia/Tokyo"))
    for hour, value in enumerate(drawn):
        wave = 4 * np.cos(2 * np.pi * ((hour + 9) / 24 - 0.625))
        assert value == pytest.approx(min(10 + wave + hour / 48, 13.5), abs=0.006)


def test_limits_end_a_sum_and_not_what_is_drawn_for_it():
    text = (
        "type = 'float'\ndecimals = 3\nmin = 9\ndistribution = { name = 'normal', mean = 0, std = 1 }\n"
        "series = [{ name = 'level', value = 10 }]"
    )
    drawn = np.array(values(text))
    assert np.mean(drawn == 9) == pytest.approx(stats.norm.cdf(-1), abs=0.012)
    assert drawn.max() > 12.5


def test_the_terms_of_a_sum_are_independent():
    drawn = np.array(values("type = 'float'\nseries = [" + "{ name = 'white-noise', std = 1 }," * 4 + "]"))
    assert drawn.std() == pytest.approx(2, rel=0.03)


def test_a_random_walk_begins_at_its_start_and_stays_between_its_walls():
    text = "type = 'float'\nseries = [{ name = 'random-walk', std = 1, start = 5, low = 0, high = 10 }]"
    drawn = np.array(values(text, count=20_000))
    assert abs(drawn[0] - 5) < 5
    assert drawn.min() >= 0
    assert drawn.max() <= 10
    assert np.abs(np.diff(drawn)).mean() == pytest.approx(np.sqrt(2 / np.pi), abs=0.1)


def test_a_field_follows_another_that_may_be_declared_later_and_stand_nowhere():
    bundle = declared_bundle(
        f"{HEAD}[fields.y]\ntype = 'float'\nseries = [{{ name = 'follow', field = 'x', slope = -2, origin = 3 }}]\n"
        f"[fields.x]\ntype = 'integer'\n{NORMAL}\n[fields.z]\ntype = 'integer'\n{NORMAL}\n"
        "[fields.h]\ntype = 'float'\nseries = [{ name = 'follow', field = 'z', slope = 1 }]\n"
        "[message]\nx = '{x}'\ny = '{y}'\ndeep = { h = '{h}' }\n"
    )
    messages = play(bundle, 500)
    assert all(m["y"] == -2 * (m["x"] - 3) for m in messages)
    assert list(messages[0]) == ["x", "y", "deep"]
    assert np.std([m["deep"]["h"] for m in messages]) > 4


def test_ranks_are_correlated_as_said():
    bundle = declared_bundle(
        f"{HEAD}[fields.a]\ntype = 'float'\n{NORMAL}\n[fields.b]\ntype = 'integer'\n"
        "distribution = { name = 'poisson', mean = 1 }\n[fields.c]\ntype = 'boolean'\n"
        "probability = 0.3\n[fields.d]\ntype = 'float'\n"
        "distribution = { name = 'pareto', shape = 1.5, low = 1 }\n"
        "[[correlation]]\nfields = ['a', 'b', 'd']\nspearman = [[1, 0.6, -0.4], [0.6, 1, -0.2], [-0.4, -0.2, 1]]\n"
        "[[correlation]]\nfields = ['c', 'a']\nspearman = 0.5\n"
    )
    table = np.array([list(m.values()) for m in play(bundle, 50_000)], float)
    found = stats.spearmanr(table).statistic
    expected = np.array([[1, 0.6, 0.5, -0.4], [0.6, 1, 0, -0.2], [0.5, 0, 1, 0], [-0.4, -0.2, 0, 1]])
    assert np.abs(found - expected).max() < 0.02


def test_items_hold_their_kind_and_boxes_within_the_frame_best_first():
    messages = play(declare(ROOT / "examples/street-camera.toml"), 3_000, step_s=20)
    kinds: set[str] = set()
    for message in messages:
        scores = [item["score"] for item in message["detections"]]
        assert scores == sorted(scores, reverse=True)
        for item in message["detections"]:
            top, left, bottom, right = item["box"]
            assert 0 <= top < bottom <= 720
            assert 0 <= left < right <= 1280
            kinds.add(item["label"])
    assert kinds == {"person", "car", "dog"}


def test_times_lag_behind_the_event_and_texts_have_their_form():
    text = (
        f"{HEAD}[fields.t]\ntype = 'timestamp'\nformat = 'epoch-ms'\n"
        "[fields.l]\ntype = 'timestamp'\nformat = 'epoch-ms'\nlag = { name = 'uniform', low = 2, high = 3 }\n"
        "[fields.n]\ntype = 'counter'\nstart = 7\nstep = -2\n"
        "[fields.u]\ntype = 'uuid'\n[fields.p]\ntype = 'text'\npattern = 'B[0-9]{3}-\\w'\n"
        "[fields.c]\ntype = 'constant'\nvalue = { a = [1, '{'] }\n"
    )
    messages = play(declared_bundle(text), 500)
    lags = np.array([m["l"] - m["t"] for m in messages])
    assert 2000 <= lags.min() < 2100
    assert 2900 < lags.max() <= 3000
    assert [m["n"] for m in messages[:3]] == [7, 5, 3]
    assert len({m["u"] for m in messages}) == 500
    assert all(m["c"] == {"a": [1, "{"]} for m in messages)


@pytest.mark.parametrize("spec", [SPEC, EXAMPLE.read_text("utf-8"), *((ROOT / "examples").glob("*.toml"))], ids=str)
def test_readings_are_the_same_in_one_go_one_by_one_and_after_a_restart(spec):
    bundle = declare(spec) if isinstance(spec, Path) else declared_bundle(spec)
    model, times = model_of(bundle), [MONDAY_NS + place * NS_PER_S for place in range(1500)]
    whole = Player("s", model, [3]).play(times).texts
    single = Player("s", model, [3])
    assert [single.play([time]).texts[0] for time in times[:300]] == whole[:300]
    again = Player("s", model, [3], seq=900)
    again.restart(skip=900)
    assert again.play(times[900:]).texts == whole[900:]


@pytest.mark.parametrize("mode", ["sensor", "aggregator"])
@pytest.mark.parametrize("name", ["street-camera", "weather-station", "filling-machine"])
def test_a_declared_sensor_plays_in_both_modes_as_declared(mode, name):
    sensor = Sensor.model_validate({"name": name, "bundle": (ROOT / f"examples/{name}.npz")})
    (part,), found = parts_of([sensor], mode)
    assert found == []
    assert part.pace.startswith("as declared, by the ")
    assert part.plan().agenda(lambda *key: np.random.default_rng(key), MONDAY_NS).next_ns()


@pytest.mark.parametrize("name", ["street-camera", "weather-station", "filling-machine"])
def test_the_shipped_bundles_are_those_of_the_shipped_specifications(name):
    shipped, made = (ROOT / f"examples/{name}.npz"), declare(ROOT / f"examples/{name}.toml")
    assert shipped.read_bytes() == made.to_bytes()


def test_the_weather_station_is_the_example_that_is_printed():
    assert (ROOT / "examples/weather-station.toml").read_text("utf-8") == EXAMPLE.read_text("utf-8")


def test_what_follows_in_time_cannot_be_asked_for():
    bundle = declare(ROOT / "examples/filling-machine.toml")
    with pytest.raises(ConditionError, match="state: follows from other values and cannot be given"):
        given_of(bundle, {"state": 9})
    assert given_of(bundle, {"operator": "late"}).values


def test_every_problem_is_told_at_once_with_its_place(tmp_path):
    found = problems(
        'sensors = "x"\n[arrival]\ninterval_s = 0\n[fields.a]\ntype = "flot"\n[fields.b]\ntype = "float"\n'
        'distribution = { name = "normal", mean = 2, std = -1 }\n[fields.c]\ntype = "float"\n'
        'distribution = { name = "lognorml", mean = 2 }\n[fields.d]\ntype = "category"\n'
        'probabilities = { a = 0.5, b = 0.4 }\n[message]\nx = "{bb}"\n[[correlation]]\nfields = ["b", "z"]\n'
        "spearman = 2",
        tmp_path,
    )
    starts = [
        "sensors: no such key; did you mean sensor?",
        "sensor: must be the sensor's name",
        "[arrival] interval_s = 0: must be greater than or equal to 0.001",
        "[fields.a] type = 'flot': no such type; did you mean float?",
        "[fields.b] distribution: normal needs mean (where its middle is) and std (its standard deviation, above 0); "
        "got std = -1",
        "[fields.c] distribution: no distribution is called lognorml; did you mean lognormal?",
        "[fields.d]: probabilities add up to 0.9, must add up to 1",
        "[message].x: no field 'bb' is declared; declared: a, b, c, d",
        "[message]: field 'a' stands nowhere in it",
        "[[correlation]] 1 spearman = 2: must be a number from -1 to 1, or a matrix of them",
    ]
    for start in starts:
        assert any(line.startswith(start) for line in found), start


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[fields.x]\ntype = 'float'", "[fields.x]: needs a distribution or a series"),
        ("[fields.x]\ntype = 'category'\nweights = { a = 0 }", "[fields.x]: weights: one label at least must come"),
        ("[fields.x]\ntype = 'boolean'", "[fields.x]: needs probability: how often it is true, 0 to 1"),
        (f"[fields.x]\ntype = 'float'\nmin = 1e6\n{NORMAL}", "[fields.x] distribution: no value of normal(mean = 20"),
        (f"[fields.x]\ntype = 'float'\nby = 'y'\n{NORMAL}", "[fields.x] by = 'y': no category or boolean is declared"),
        (f"[fields.x]\ntype = 'float'\nnull = 0.6\nmissing = 0.6\n{NORMAL}", "[fields.x]: null and missing add up to"),
        (
            "[fields.x]\ntype = 'float'\nseries = [{ name = 'follow', field = 'x', slope = 1 }]",
            "[fields]: these follow each other in a circle: x → x",
        ),
        (
            "[fields.x]\ntype = 'float'\nseries = [{ name = 'ar', coefficients = [1.0], std = 1 }]",
            "[fields.x] series 1: ar: coefficients [1.0] are not stationary",
        ),
        (
            "[fields.x]\ntype = 'category'\nregimes.a = { mean_readings = 3, next = { c = 1 } }\n"
            "regimes.b = { mean_readings = 3 }",
            "[fields.x] regimes.a next: 'c' is no other regime",
        ),
        (
            "[fields.x]\ntype = 'category'\nweights = { a = 1 }\nwhen.'mon'.weights = { a = 1 }\n"
            "when.'08:00-09:00'.weights = { a = 1 }",
            "[fields.x] when: '08:00-09:00' and 'mon' overlap",
        ),
        ("[fields.x]\ntype = 'list'\ngroups.a.count = 1", "[fields.x] groups.a items: an item has no field"),
        (
            "[fields.x]\ntype = 'list'\nkind_key = 'k'\n"
            + "\n".join(f"groups.{g}.count = {{ name = 'poisson', mean = 9 }}" for g in "abcd"),
            "[fields.x]: its groups come together in",
        ),
        (
            "[fields.x]\ntype = 'list'\nkind_key = 'k'\ngroups.a.count = { name = 'normal', mean = 3, std = 1 }",
            "[fields.x] groups.a count: normal(mean = 3, std = 1) gives fractions",
        ),
        (
            f"[fields.x]\ntype = 'float'\n{NORMAL}\n[fields.y]\ntype = 'float'\n{NORMAL}\n[fields.z]\ntype = 'float'\n"
            f"{NORMAL}\n[[correlation]]\nfields = ['x', 'y', 'z']\n"
            "spearman = [[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]]",
            "[[correlation]]: ",
        ),
        (
            "[fields.t]\ntype = 'timestamp'\n[fields.u]\ntype = 'timestamp'",
            "[message]: 't' and 'u' are both the event's",
        ),
        (
            f"[fields.x]\ntype = 'float'\n{NORMAL}\nwhen.'mon'.distribution = {{ name = 'constant', value = 1 }}\n"
            f"[fields.y]\ntype = 'float'\n{NORMAL}\n[[correlation]]\nfields = ['y', 'x']\nspearman = 0.1",
            "[[correlation]] 1: 'x' differs by the hour (when)",
        ),
        (
            f"[fields.x]\ntype = 'uuid'\n[fields.y]\ntype = 'float'\n{NORMAL}\n"
            "[[correlation]]\nfields = ['y', 'x']\nspearman = 0.1",
            "[[correlation]] 1: 'x' is no number, category or boolean",
        ),
        ("[fields.'a b']\ntype = 'uuid'", "[fields.a b]: a name has up to 100 letters"),
        ("[fields.x]\ntype = 'text'\npattern = 'a+'", "[fields.x]: pattern = 'a+': not understood at '+'"),
        ("fields = 3", "[fields]: must declare 1 to 1000 fields"),
    ],
)
def test_what_cannot_be_is_told_with_its_place_and_a_remedy(text, said, tmp_path):
    found = problems(text + "\n" + HEAD if text.startswith("fields") else HEAD + text, tmp_path)
    assert any(line.startswith(said) for line in found), found


@pytest.mark.parametrize("content", [b"\xff", b"sensor = ", b"x = " + b"[" * 5000, b"x = 1" + b"0" * 5000])
def test_what_is_no_toml_is_one_clear_error(content, tmp_path):
    path = tmp_path / "spec.toml"
    path.write_bytes(content)
    with pytest.raises(SpecificationError, match=r"is not TOML .*; declare --example prints a specification"):
        declare(path)
    with pytest.raises(SpecificationError, match="cannot be read"):
        declare(tmp_path)


def test_the_template_is_that_of_any_bundle(tmp_path):
    template = declared_bundle().manifest.template
    assert Template.model_validate_json(template.model_dump_json()) == template
