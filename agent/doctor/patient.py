"""What is looked at: a configuration, and the machine around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from agent.configuration import examine
from agent.doctor.bounded import TooLong, within
from agent.doctor.finding import Skipped
from agent.doctor.running import Running, real, running, with_that_of_the_agent
from agent.doctor.unit import unit_of
from agent.settings.sensor import Sensor
from agent.settings.settings import Settings

READ_S = 5.0


@dataclass(frozen=True)
class Patient:
    """A configuration as it was read, and who plays it.

    Attributes:
        path: The configuration.
        env: The environment, with what only the running agent is told.
        root: Where `proc` and `run` are.
        agents: All that run on this machine and can be trusted.
        read: The configuration; None: it is wrong.
        sensors: Those that are right in any case.
        problems: Of the configuration.
    """

    path: Path
    env: Mapping[str, str]
    root: Path
    agents: list[Running]
    read: Settings | None
    sensors: list[Sensor]
    problems: list[str]

    @property
    def settings(self) -> Settings:
        """The configuration.

        Raises:
            Skipped: It is wrong.
        """
        if self.read is None:
            raise Skipped("the configuration has to be right first")
        return self.read

    @cached_property
    def players(self) -> list[Running]:
        """The agents that play this configuration."""
        return _playing(self.path, self.agents)

    @cached_property
    def unit(self) -> str | None:
        """The unit of systemd's that plays it, or would; None: none does."""
        return unit_of(self.path, self.players, self.root)


def admitted(path: Path, env: Mapping[str, str], root: Path) -> Patient:
    """Read a configuration, as the agent does that plays it, if one does."""
    agents = running(root, env)
    env = with_that_of_the_agent(env, root, _playing(path, agents))
    try:
        settings, sensors, problems = within(READ_S, lambda: examine(path, env))
    except TooLong:
        settings, sensors, problems = None, [], [f"could not be read within {READ_S:g} s; see what its files are"]
    except Exception as error:  # the checks that need no configuration are looked at all the same
        settings, sensors, problems = None, [], [f"could not be read ({type(error).__name__}: {error})"]
    return Patient(path, env, root, agents, None if problems else settings, sensors, problems)


def _playing(path: Path, agents: list[Running]) -> list[Running]:
    return [agent for agent in agents if agent.config == real(path)]
