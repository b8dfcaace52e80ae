"""Reads recordings: JSON, JSON lines, CSV, Parquet and SQL tables, all into the same list of messages.

A new format is a file of its own with `recognises` and `read`, and one line in `FORMATS` of `sources.py`.
"""

from trainer.recording.recorded import Recording
from trainer.recording.sources import load

__all__ = ["Recording", "load"]
