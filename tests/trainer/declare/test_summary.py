from tests.commands import ROOT
from tests.made_declared import SPEC, declared_bundle
from trainer.declare.declare import declare
from trainer.declare.summary import summary


def test_a_summary_says_when_messages_come_and_what_stands_where():
    assert summary(declared_bundle(SPEC)) == [
        "messages come at even intervals, every 10 s",
        "time          event time, YYYY-MM-DDThh:mm:ss.fffZ",
        "level         number",
        "count         whole number, sometimes null",
        'state         one of "low", "high", "off"',
        "seen          list of up to 3 items",
        'seen[].label  one of "cat", "dog"',
        "seen[].score  number",
    ]


def test_it_says_what_follows_and_what_differs_by_the_hour():
    lines = summary(declare(ROOT / "examples/filling-machine.toml"))
    assert lines[0] == "messages come at even intervals, every 5 s; rows differ by the hour of the day"
    assert "state          one of 0, 1, 9, follows" in lines
    assert summary(declare(ROOT / "examples/street-camera.toml"))[0] == (
        "messages come at random, 20 to 1000 an hour; rows differ by the hour of the week"
    )
