"""Where photos are worked on: a pool of threads as wide as the cores, behind a queue with an end."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from prometheus_client import Gauge

from app.telemetry import Timing
from engine.errors import TwinshotError
from engine.index.flat import set_threads

T = TypeVar("T")


class QueueFullError(TwinshotError):
    """More photos wait than the queue may hold."""


class Compute:
    """Runs work off the event loop. A permit is taken before any work: without one the answer is "full" at once."""

    def __init__(self, threads: int, queue: int, depth: Gauge) -> None:
        """`threads` photos at once, `queue` more waiting; `depth` shows how many permits are out."""
        # One OpenMP thread inside each call, as many calls as threads: more only fight (onnxruntime #9800). The
        # number is a property of the calling thread, so every thread sets its own.
        self._pool = ThreadPoolExecutor(threads, "compute", initializer=set_threads, initargs=(1,))
        self._permits = threads + queue
        self._depth = depth
        self._taken = 0

    @contextmanager
    def admitted(self, count: int = 1) -> Iterator[None]:
        """Hold `count` permits. Raises QueueFullError. Only on the event loop's thread."""
        if self._taken + count > self._permits:
            raise QueueFullError(f"{self._taken} photos are being worked on and the queue is full; try again shortly")
        self._taken += count
        self._depth.set(self._taken)
        try:
            yield
        finally:
            self._taken -= count
            self._depth.set(self._taken)

    async def run(self, timing: Timing, work: Callable[[], T]) -> T:
        """Run `work` on a thread; the time it waited for one counts as the stage `queue`. Needs a permit."""
        asked = time.perf_counter()

        def timed() -> T:
            timing.add("queue", time.perf_counter() - asked)
            return work()

        return await asyncio.get_running_loop().run_in_executor(self._pool, timed)

    def close(self) -> None:
        """Drop what waits, and let what runs finish."""
        self._pool.shutdown(wait=False, cancel_futures=True)
