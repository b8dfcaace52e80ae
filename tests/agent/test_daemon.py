from agent import daemon
from agent.clock import SystemClock
from agent.daemon import Agent
from tests.bundles import write_bundle


def test_a_reload_that_fails_in_an_unknown_way_plays_on(tmp_path, mocker, caplog):
    bundle = write_bundle(tmp_path / "a.npz")
    path = tmp_path / "a.toml"
    path.write_text(f'seed = 1\n[mqtt]\nurl = "mqtt://localhost"\n[[sensor]]\nname = "a"\nbundle = "{bundle}"')
    agent = Agent(path, {}, SystemClock())
    stage = agent._stage
    mocker.patch.object(daemon, "load", side_effect=MemoryError("surprise"))
    agent.reload()
    assert agent._stage is stage
    assert "the old one plays on" in caplog.text
