"""How a command ends: with an exit status and, if it failed, one message on stderr."""

import os
import sys
from collections.abc import Callable

from agent.errors import UnderstudyError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_CONFIG = 78  # sysexits.h EX_CONFIG: systemd is told not to restart into the same error
EXIT_INTERRUPTED = 130  # as a shell tells of Ctrl-C


def exit_status(program: str, command: Callable[[], int]) -> int:
    """Run a command, and tell what goes wrong in one message on stderr. Returns its exit status."""
    try:
        status = command()
        sys.stdout.flush()
        return status
    except UnderstudyError as error:
        return _tell(EXIT_CONFIG, f"{program}: {error}")
    except KeyboardInterrupt:
        return _tell(EXIT_INTERRUPTED, f"{program}: interrupted; nothing is left half-written")
    except BrokenPipeError:  # the reader of our output has seen enough: `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else what is buffered fails again at the end
        return 0
    except OSError as error:
        return _tell(EXIT_FAILED, f"{program}: the system refused: {error}; see that there is space and permission")


def _tell(status: int, message: str) -> int:
    print(message, file=sys.stderr)
    return status
