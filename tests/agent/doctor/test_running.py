import os
from pathlib import Path

import pytest

from agent.doctor.running import Running, environment, running
from tests.agent.doctor.patients import process, program


@pytest.mark.parametrize(
    ("words", "config"),
    [
        (["/opt/bin/understudy-agent", "run", "--config", "/etc/a.toml"], "/etc/a.toml"),
        (["/opt/bin/python", "/opt/bin/understudy-agent", "run", "--config", "/etc/a.toml"], "/etc/a.toml"),
        (["python3.11", "-u", "-m", "agent", "backfill", "--from", "x", "--config=/etc/a.toml"], "/etc/a.toml"),
        (["python3", "-m", "agent", "run", "--config", "a.toml"], "{cwd}/a.toml"),
    ],
)
def test_an_agent_and_its_configuration_are_known_by_the_command_line(tmp_path, words, config):
    process(tmp_path, 42, *words, cwd=tmp_path)
    assert running(tmp_path, {}) == [Running(42, Path(config.format(cwd=tmp_path)))]


@pytest.mark.parametrize(
    "words",
    [
        ["sudo", "understudy-agent", "run", "--config", "/etc/a.toml"],
        ["understudy-agent", "doctor", "--config", "/etc/a.toml"],
        ["python3", "-m", "pytest", "agent", "run"],
        ["vi", "understudy-agent"],
        ["python3"],
        [],
    ],
)
def test_other_programs_are_no_agents(tmp_path, words):
    process(tmp_path, 42, *words)
    assert running(tmp_path, {}) == []


def test_a_relative_configuration_of_an_unknown_folder_is_unknown(tmp_path):
    process(tmp_path, 42, "understudy-agent", "run", "--config", "a.toml")
    process(tmp_path, 43, "understudy-agent", "run", "--config")
    assert {agent.config for agent in running(tmp_path, {})} == {None}


def test_what_has_ended_or_is_no_process_is_passed_over(tmp_path):
    (tmp_path / "proc" / "7").mkdir(parents=True)
    (tmp_path / "proc" / "self").mkdir()
    assert running(tmp_path, {}) == []
    assert running(tmp_path / "nowhere", {}) == []


def test_of_an_environment_only_settings_are_taken(tmp_path):
    process(tmp_path, 42, CREDENTIALS_DIRECTORY="/run/credentials/x", HOME="/root", UNDERSTUDY_SEED="5")
    assert environment(tmp_path, 42) == {"CREDENTIALS_DIRECTORY": "/run/credentials/x", "UNDERSTUDY_SEED": "5"}


@pytest.mark.parametrize("folder", ["/var/lib/private/x", "/run/credentials", "/run/credentials/../../tmp/x", "x"])
def test_credentials_are_systemds_alone(tmp_path, folder):
    process(tmp_path, 42, CREDENTIALS_DIRECTORY=folder)
    assert environment(tmp_path, 42) == {}
    assert environment(tmp_path, 43) == {}


AGENT = ("understudy-agent", "run", "--config", "/etc/a.toml")


def test_an_agent_that_somebody_else_has_started_is_none(tmp_path):
    process(tmp_path, 42, *AGENT, uid=os.getuid() + 1)
    assert running(tmp_path, {}) == []


def test_a_program_that_takes_on_another_user_is_no_agent_whatever_its_name(tmp_path):
    process(tmp_path, 42, *AGENT, exe="/usr/bin/sudo")
    assert running(tmp_path, {}) == []


def test_an_agent_that_systemd_has_started_is_one_whoever_asks(tmp_path):
    for pid in (42, 43, 44):
        process(tmp_path, pid, *AGENT, uid=os.getuid() + 1)
    script = """[ "$*" = "show --property=MainPID understudy-agent.service understudy-agent@*.service" ] || exit 1
        printf 'MainPID=42\\n\\nMainPID=0\\n\\nMainPID=44\\n'"""
    agents = running(tmp_path, {"PATH": program(tmp_path, "systemctl", script)})
    assert {agent.pid for agent in agents} == {42, 44}


def test_where_nothing_looks_like_an_agent_systemd_is_not_asked(tmp_path):
    process(tmp_path, 42, "bash")
    assert running(tmp_path, {"PATH": program(tmp_path, "systemctl", f"touch {tmp_path}/asked")}) == []
    assert not (tmp_path / "asked").exists()


def test_links_that_lead_in_a_circle_are_a_configuration_like_any_other(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    process(tmp_path, 42, "understudy-agent", "run", "--config", str(tmp_path / "loop"))
    assert [agent.pid for agent in running(tmp_path, {})] == [42]
