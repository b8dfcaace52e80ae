"""Having the C library keep little of the memory that was freed, where it can be asked (glibc).

Pictures come and go in every size. What lies free between those that stay is too small for the next one and is kept
nonetheless: after a few hundred pictures some 15 MB, of the 512 that a small Raspberry Pi has.
"""

import ctypes

_MMAP_THRESHOLD = -3  # malloc.h: M_MMAP_THRESHOLD
LARGE_BYTES = 2**20


def keep_large_apart() -> None:
    """From now on, what is large is memory of its own and goes back when it is freed; else only at first."""
    _ask("mallopt", _MMAP_THRESHOLD, LARGE_BYTES)


def give_back() -> None:
    """Give back whatever is free now."""
    _ask("malloc_trim", 0)


def _ask(name: str, *numbers: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*numbers)
