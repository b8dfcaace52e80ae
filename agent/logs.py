"""Logs go to stderr: with priorities for the journal under systemd, with a level in words elsewhere."""

import logging
import sys
from collections.abc import Mapping

_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class JournalFormatter(logging.Formatter):
    """Puts `<3>` and the like before every line: sd-daemon(3)."""

    def format(self, record: logging.LogRecord) -> str:
        priority = f"<{_PRIORITIES.get(record.levelno, 6)}>"
        return "\n".join(priority + line for line in super().format(record).splitlines())


def begin(env: Mapping[str, str], level: int = logging.INFO) -> None:
    """Send logs to stderr."""
    stream = logging.StreamHandler(sys.stderr)
    if env.get("JOURNAL_STREAM"):
        stream.setFormatter(JournalFormatter("%(message)s"))
    else:
        stream.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level=level, handlers=[stream], force=True)
