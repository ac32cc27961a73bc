"""Giving up a body that comes too slowly."""

import asyncio
from types import TracebackType
from typing import Self


class Pace:
    """A context that ends with TimeoutError as soon as fewer bytes were `received` than should have been.

    One timer looks now and then whether there is still time: a timeout for each piece of a body costs more than
    reading the piece.
    """

    def __init__(self, grace: float, rate: float) -> None:
        """`grace` seconds are free, after them `rate` bytes a second must have come on average."""
        self._grace, self._rate = grace, rate
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._timeout = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None
        self.received = 0

    @property
    def seconds(self) -> float:
        """Since the body began."""
        return self._loop.time() - self._started

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._look()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._timeout.__aexit__(kind, error, trace)

    def _look(self) -> None:
        due = self._started + self._grace + self.received / self._rate
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._look)
        else:
            self._timeout.reschedule(self._loop.time())
