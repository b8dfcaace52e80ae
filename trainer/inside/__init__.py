"""The private attributes of SDV and its sister packages, a file a kind of synthesizer."""

import os
import tempfile

# Nothing is ever compiled here, yet torch makes its folder for that: one that is there already is left as it is.
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())
