"""How wide the terminal is on which a bar is shown."""

import os
import sys

WIDTH = 80  # columns of a terminal that does not say


def bar_width() -> int | None:
    """For tqdm's `ncols`: a usual width where stderr's terminal says that it has none; None: what it says."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):  # no terminal
        return None
    return None if columns else WIDTH
