"""How a command ends: with an exit status and, if it failed, one message on stderr."""

import codecs
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agent.errors import UnderstudyError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_CONFIG = 78  # sysexits.h EX_CONFIG: systemd is told not to restart into the same error
EXIT_INTERRUPTED = 130  # as a shell tells of Ctrl-C
EXIT_SIGNAL = 128  # and, with its number added, of another signal
CTRL_C = ("interrupted", EXIT_INTERRUPTED)
ENDING = (signal.SIGTERM, signal.SIGHUP)


class EndedError(KeyboardInterrupt):
    """A signal that asks to end has come; whatever tidies up at Ctrl-C does so then, too."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.name, self.status = signal.Signals(number).name, EXIT_SIGNAL + number


def exit_status(program: str, command: Callable[[], int]) -> int:
    """Run a command, and tell what goes wrong in one message on stderr. Returns its exit status."""
    _let_all_be_told()
    with _signals_end():
        return _status(program, command)


def _status(program: str, command: Callable[[], int]) -> int:
    try:
        status = command()
        sys.stdout.flush()
        return status
    except UnderstudyError as error:
        return _tell(EXIT_CONFIG, f"{program}: {error}")
    except KeyboardInterrupt as end:
        by, status = (f"ended by {end.name}", end.status) if isinstance(end, EndedError) else CTRL_C
        return _tell(status, f"{program}: {by}; nothing is left half-written")
    except BrokenPipeError:  # the reader of our output has seen enough: `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else what is buffered fails again at the end
        return 0
    except UnicodeEncodeError as error:  # a file's name may hold any bytes, and what is written has to be text
        held = f"a name holds {error.object[error.start : error.end]!a}, which is no text in {error.encoding}"
        return _tell(EXIT_FAILED, f"{program}: {held}; rename that file or folder")
    except OSError as error:
        return _tell(EXIT_FAILED, f"{program}: the system refused: {error}; see that there is space and permission")


@contextmanager
def held() -> Iterator[None]:
    """Ctrl-C and its like have to wait: torch ends the whole process if one comes while it is loaded."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, *ENDING})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _signals_end() -> Iterator[None]:
    """SIGTERM and SIGHUP end a command as Ctrl-C does, unless they are ignored (nohup) or it answers them itself."""
    alone = threading.current_thread() is threading.main_thread()  # no other thread may say what signals do
    taken = [number for number in ENDING if alone and signal.getsignal(number) == signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in taken:
            if signal.getsignal(number) is _end:
                signal.signal(number, signal.SIG_DFL)


def _end(number: int, _: object) -> None:
    raise EndedError(number)


def _tell(status: int, message: str) -> int:
    print(message, file=sys.stderr)
    return status


def _let_all_be_told() -> None:
    """To a stream that is closed, which Python has as None, and in letters that stdout's encoding lacks.

    These (of a terminal that is not for UTF-8, or in a file's name that is none) are escaped as JSON does it, in which
    they then mean the same.
    """
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        codecs.register_error("as-in-json", _as_in_json)
        sys.stdout.reconfigure(errors="as-in-json")


def _nowhere() -> io.TextIOWrapper:
    return open(os.devnull, "w", encoding="utf-8", errors="backslashreplace")


def _as_in_json(error: UnicodeError) -> tuple[str, int]:
    import json

    assert isinstance(error, UnicodeEncodeError)
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end
