"""Waiting for what comes by itself: soon, and on a slow machine late."""

import time
from collections.abc import Callable

LATE = 60.0
"""Seconds after which it is not coming. What comes sooner is not waited for any longer, so there is no haste."""


def until(reached: Callable[[], object], said: Callable[[], object] = str) -> None:
    """Wait until `reached()`; what it `said` until then is told where it is not."""
    late = time.monotonic() + LATE
    while not reached():
        assert time.monotonic() < late, said()
        time.sleep(0.02)
