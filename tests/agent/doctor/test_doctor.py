"""The boundary of a check: nothing that it does ends the others."""

import os
import threading
import time

import pytest

from agent.doctor import doctor
from agent.doctor.bounded import TooLong, within
from agent.doctor.checks import Check
from agent.doctor.doctor import findings
from agent.doctor.finding import Skipped, failed, ok
from agent.doctor.report import as_json, line, status
from tests.agent.doctor.patients import configured, process


def hang(_):
    time.sleep(60)


def fail(_):
    return failed("wrong", "mend it")


def broken(_):
    raise KeyError("x")


def nothing(_):
    raise Skipped("there is none")


def late(_):
    raise TimeoutError("its own")


def test_whatever_a_check_does_the_next_is_looked_at(tmp_path, mocker):
    checks = [
        Check("hangs", hang, 0.1, "wake it"),
        Check("breaks", broken),
        Check("late", late),
        Check("none", nothing),
    ]
    mocker.patch.object(doctor, "CHECKS", (*checks, Check("well", lambda _: ok("well"))))
    found = dict(findings(configured(tmp_path), {}, tmp_path))
    assert [finding.status for finding in found.values()] == ["failed", "failed", "failed", "skipped", "ok"]
    assert (found["hangs"].said, found["hangs"].remedy) == ("did not end within 0.1 s", "wake it")
    assert found["breaks"].said == "the check itself failed (KeyError: 'x')"
    assert found["late"].said == "the check itself failed (TimeoutError: its own)"
    assert found["none"].said == "there is none"


def test_what_follows_from_a_failure_is_left_out_and_the_first_cause_is_named(tmp_path, mocker):
    checks = (
        Check("a", fail),
        Check("b", broken, after="a"),
        Check("c", broken, after="b"),
        Check("d", nothing),
        Check("e", nothing, after="d"),
    )
    mocker.patch.object(doctor, "CHECKS", checks)
    found = dict(findings(configured(tmp_path), {}, tmp_path))
    assert found["b"].said == found["c"].said == "a has to be right first"
    assert found["e"].said == "there is none"  # what is skipped is no failure


def test_each_finding_comes_as_soon_as_it_is_known(tmp_path, mocker):
    mocker.patch.object(doctor, "CHECKS", (Check("a", nothing), Check("b", hang, 60)))
    assert next(findings(configured(tmp_path), {}, tmp_path))[0] == "a"


def test_a_task_that_takes_too_long_is_left_behind():
    with pytest.raises(TooLong, match=r"0\.05 s"):
        within(0.05, lambda: time.sleep(60))
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "check")
    assert within(5, lambda: 7) == 7


def test_a_configuration_that_hangs_or_breaks_is_a_wrong_one(tmp_path, mocker):
    mocker.patch("agent.doctor.patient.READ_S", 0.1)
    for reads, said in ((hang, "could not be read within 0.1 s"), (broken, "could not be read (KeyError: 'x')")):
        mocker.patch("agent.doctor.patient.examine", lambda path, env, reads=reads: reads(path))
        found = dict(findings(configured(tmp_path), {}, tmp_path))
        assert said in found["configuration"].said
        assert found["versions"].status == "ok"


def test_the_exit_status_tells_a_wrong_configuration_from_other_failures():
    well, bad = ok("x"), failed("x", "y")
    assert status([("configuration", well), ("tls", well)]) == 0
    assert status([("configuration", well), ("tls", bad)]) == 1
    assert status([("configuration", bad), ("tls", bad)]) == 78


def test_a_finding_is_a_line_and_several_problems_stand_below_each_other():
    assert line("disk", ok("well")) == "ok       disk           well"
    assert line("tls", failed("wrong", "mend it")) == "failed   tls            wrong; mend it"
    told = line("bundles", failed("2 problems\n  a\n  b", "mend it")).splitlines()
    assert told[0].endswith("2 problems")
    assert [text.strip() for text in told[1:]] == ["a", "b", "mend it"]
    assert {len(text) - len(text.lstrip()) for text in told[1:]} == {24, 26}


def test_json_has_four_keys_for_each_finding():
    text = as_json([("disk", ok("größer")), ("tls", failed("wrong", "mend it"))])
    assert "größer" in text
    assert text.count('"remedy"') == text.count('"said"') == text.count('"status"') == text.count('"check"') == 2


def test_the_running_agents_environment_stands_in_for_what_is_not_set(tmp_path, mocker):
    seen = []
    mocker.patch.object(doctor, "CHECKS", (Check("a", lambda patient: seen.append(dict(patient.env)) or ok("x")),))
    path, handed = configured(tmp_path), {"STATE_DIRECTORY": "/s", "UNDERSTUDY_MQTT__QOS": "2", "SECRET": "x"}
    process(tmp_path / "a", 5, "/usr/bin/understudy-agent", "run", "--config", str(path), **handed)
    list(findings(path, {"UNDERSTUDY_MQTT__QOS": "0"}, tmp_path / "a"))
    assert seen == [{"STATE_DIRECTORY": "/s", "UNDERSTUDY_MQTT__QOS": "0"}]


def test_a_configuration_that_links_to_itself_is_a_wrong_one_whatever_else_is_played(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    process(tmp_path / "a", 5, "understudy-agent", "run", "--config", "/etc/other.toml")
    found = dict(findings(tmp_path / "loop", {}, tmp_path / "a"))
    assert "Too many levels of symbolic links" in found["configuration"].said


def test_an_agent_that_somebody_else_has_started_tells_nothing_and_plays_nothing(tmp_path):
    path = configured(tmp_path)
    words = ("understudy-agent", "run", "--config", str(path))
    process(tmp_path / "a", 5, *words, uid=os.getuid() + 1, UNDERSTUDY_MQTT__URL="mqtt://elsewhere")
    found = dict(findings(path, {}, tmp_path / "a"))
    assert "played by" not in found["configuration"].said
    assert found["name"].said.startswith("localhost is")
