"""Where photos are worked on: a pool of threads as wide as the cores, behind a gate."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.gate import Gate
from app.telemetry import Timing
from engine.index.flat import set_threads

T = TypeVar("T")


async def _always() -> None:
    """Work that is always wanted."""


class Compute:
    """Runs work off the event loop, one photo a thread."""

    def __init__(self, threads: int, gate: Gate) -> None:
        """`gate` must hand out `threads` turns."""
        # One OpenMP thread inside each call, as many calls as threads: more only fight (onnxruntime #9800). The
        # number is a property of the calling thread, so every thread sets its own.
        self._pool = ThreadPoolExecutor(threads, "compute", initializer=set_threads, initargs=(1,))
        self.gate = gate
        self.threads = threads

    async def run(
        self,
        timing: Timing,
        work: Callable[[], T],
        begun: bool = False,
        check_wanted: Callable[[], Awaitable[None]] = _always,
    ) -> T:
        """Run `work` on a thread; the time it waited for one counts as the stage `queue`.

        `begun` as in Gate.enter. Raises QueueFullError, and whatever `check_wanted` raises once it is this work's turn.
        """
        asked = time.perf_counter()
        await self.gate.enter(begun)
        try:
            await check_wanted()
            timing.add("queue", time.perf_counter() - asked)
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self.gate.leave()

    def close(self) -> None:
        """Drop what waits, and let what runs finish."""
        self._pool.shutdown(wait=False, cancel_futures=True)
