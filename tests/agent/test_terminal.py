import os
import pty
import sys
import termios

import pytest

from agent.terminal import bar_width


@pytest.mark.parametrize(("columns", "width"), [(0, 80), (40, None), (200, None)])
def test_a_bar_is_as_wide_as_the_terminal_or_of_a_usual_width_where_that_says_none(monkeypatch, columns, width):
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, columns))
    with os.fdopen(slave, "w") as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        assert bar_width() == width
    os.close(master)


def test_without_a_terminal_there_is_no_width(monkeypatch, tmp_path):
    with (tmp_path / "log").open("w") as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        assert bar_width() is None
