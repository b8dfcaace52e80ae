"""What can go wrong, by the thing that was wrong.

A message says what, where and what to do, and names the file, key and value.
"""


class UnderstudyError(Exception):
    """Root of every error that Understudy raises on purpose."""


class ConfigError(UnderstudyError, ValueError):
    """The configuration cannot be used."""


class BundleError(UnderstudyError, ValueError):
    """A bundle is damaged, hostile or of another version."""


class RecordingError(UnderstudyError, ValueError):
    """A recording cannot be read or learnt from."""


class SpecificationError(UnderstudyError, ValueError):
    """A specification declares what cannot be."""


class ConditionError(UnderstudyError, ValueError):
    """A model draws no rows such as were asked for."""


class PictureError(UnderstudyError, OSError):
    """A file is no picture that can be used."""


class CameraError(UnderstudyError, OSError):
    """A camera could not be opened, or gave no frame in time."""


class OutputError(UnderstudyError, ConnectionError):
    """An output refused a message or could not be reached."""
