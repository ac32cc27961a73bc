"""Long work beside requests: one thread of low priority that leaves pauses and ends when it is told to."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.errors import TwinshotError
from engine.index.flat import set_threads

T = TypeVar("T")
NICE = 10
"""How far the thread steps back: beside busy threads it gets a tenth of what one of them gets."""
STRETCH = 0.002
"""Seconds of work after which it sleeps as long: pure Python would keep others from running for 5 ms at a time."""


class StoppedError(TwinshotError):
    """The service ends, and the work with it."""


class Gently:
    """Runs work in a thread of its own, made for it: a priority that was lowered cannot be raised again.

    Whatever threads the work begins would have the low priority for good; so it opens no model that is to be served.
    """

    def __init__(self) -> None:
        self._over = threading.Event()
        self._paused = 0.0

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work`, one at a time. It calls `breathe` wherever it may be held up or ended."""
        pool = ThreadPoolExecutor(1, "generation", initializer=_step_back)
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        finally:
            pool.shutdown(wait=False)

    def breathe(self) -> None:
        """Sleep if it is time to. Raises StoppedError once `stop` was called."""
        if self._over.is_set():
            raise StoppedError("the service is shutting down")
        if time.monotonic() - self._paused > STRETCH:
            time.sleep(STRETCH)
            self._paused = time.monotonic()

    def stop(self) -> None:
        """End what runs at its next breath; the process does not end before."""
        self._over.set()


def _step_back() -> None:
    set_threads(1)
    if sys.platform == "linux":  # elsewhere a priority is the whole process's
        own = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + NICE)
