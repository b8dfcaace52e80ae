from agent.clock import FakeClock
from agent.timesync import LOOK_S, TimeSync


def test_where_no_service_keeps_the_clock_it_is_taken_as_right(tmp_path):
    assert TimeSync(FakeClock(), tmp_path / "none" / "synchronized")()


def test_the_clock_is_right_once_the_service_says_so_and_stays_so(tmp_path):
    clock, mark = FakeClock(), tmp_path / "synchronized"
    synced = TimeSync(clock, mark)
    assert not synced()
    mark.touch()
    assert not synced()  # it does not look at every message
    clock.advance(LOOK_S)
    assert synced()
    mark.unlink()
    clock.advance(LOOK_S)
    assert synced()
