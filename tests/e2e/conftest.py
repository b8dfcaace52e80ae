"""Real brokers and real agents for the end-to-end tests."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bundles import write_bundle
from tests.e2e.broker import MISSING, Broker, wait_until

ROOT = Path(__file__).parents[2]


@dataclass
class AgentProcess:
    """`python -m agent run`."""

    process: subprocess.Popen[bytes]
    log: Path

    def text(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str) -> None:
        """Wait until it logged `text`."""
        wait_until(lambda: text in self.text() or self.process.poll() is not None)
        assert text in self.text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self, timeout_s: float = 2.0) -> int:
        """SIGTERM; the promise is that it is over within two seconds."""
        self.process.terminate()
        return self.process.wait(timeout_s)


@pytest.fixture(params=[False], ids=["plain"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    if MISSING:
        pytest.skip(MISSING)
    broker = Broker(tmp_path, secure=request.param)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def run_agent(tmp_path: Path) -> Iterator[Callable[..., AgentProcess]]:
    """Starts agents with a configuration, and ends what is left of them."""
    started: list[AgentProcess] = []

    def run(config: str, **env: str) -> AgentProcess:
        path, log = tmp_path / "agent.toml", tmp_path / f"agent-{len(started)}.log"
        path.write_text(config)
        with log.open("wb") as out:
            words = [sys.executable, "-m", "agent", "run", "--config", str(path)]
            process = subprocess.Popen(words, cwd=ROOT, stderr=out, env=os.environ | env)
        started.append(AgentProcess(process, log))
        return started[-1]

    yield run
    for agent in started:
        agent.process.kill()
        agent.process.wait()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle that covers a day, with a reading every half second."""
    return write_bundle(tmp_path / "climate.npz", periods={"day": 7200.0}, export=True)
