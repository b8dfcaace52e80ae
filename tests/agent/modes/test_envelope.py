import pytest

from agent.modes.envelope import Envelope


@pytest.mark.parametrize("synced", [True, False])
def test_a_message_says_that_it_is_simulated_and_whether_its_clock_was_not_set(synced):
    message = Envelope("t", 1, "r", lambda: synced).message(b"{}", seq=7)
    told = {"simulated": "true", "run": "r", "seq": "7"}
    assert dict(message.properties) == (told if synced else told | {"clock_synced": "false"})
