"""Memory that is free goes back to the system, where the C library keeps it unless it is asked."""

import ctypes
from collections.abc import Callable


def give_back() -> None:
    """Hand free memory back. Does nothing where the C library is not glibc, which alone has to be asked.

    Not preceded by a `gc.collect()`: nothing of a generation is in a cycle (tests hold that), so counting references
    frees it at once, and a full collection stops every thread for tens of milliseconds.
    """
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
