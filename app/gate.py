"""Who may wait for a thread: a burst may queue, an overload may not.

A queue that somebody found full means that photos come faster than they are worked on. Whoever is let in then waits
the whole queue for nothing: it will be as full when the next one comes. So from that moment until nobody waits or is
refused any more only SHORT photos a thread may wait, and those that were queued before are refused, oldest first. A
queue that merely stands (as many callers as always, each with one photo) is never found full and nobody is refused.

A photo is refused before its body is read, if possible, and so those whose bodies are just being read count too: else
as many are let in as come in the milliseconds that a body takes, and most of them are read for nothing.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import Gauge

from engine.errors import TwinshotError

SHORT = 2
"""Photos a thread that may wait during an overload: enough that no thread ever runs dry."""
CALM = 0.1
"""Seconds without a refusal after which an overload may be over: that nobody waits for a moment says nothing."""
ARRIVING = 0.02
"""Seconds within which the body of a photo that was let in is expected. Slow phones take longer and keep nobody out."""


class QueueFullError(TwinshotError):
    """More photos wait than may, or one waited too long."""


@dataclass(slots=True, eq=False)
class _Place:
    """One photo in the queue; `begun`: others of its request were worked on, so it is not refused."""

    turn: asyncio.Future[None]
    begun: bool


class Gate:
    """Hands out as many turns at once as there are threads, first come, first served. Used on the event loop alone."""

    def __init__(self, threads: int, queue: int, patience: float, depth: Gauge) -> None:
        """`queue` photos may wait, each `patience` seconds; `depth` shows how many wait or are worked on."""
        self._threads, self._queue, self._patience = threads, queue, patience
        self._free = threads
        self._line: deque[_Place] = deque()
        self._coming: dict[object, float] = {}
        self._overloaded, self._refused_at = False, -CALM
        self._depth = depth

    @property
    def full(self) -> bool:
        """Whether a photo that is here now would be refused."""
        return not self._free and len(self._line) >= self._room

    def require_room(self) -> None:
        """For those who would come with a photo later. Raises QueueFullError where it would be refused."""
        if self.full:
            self.refuse()

    @contextmanager
    def letting_in(self) -> Iterator[None]:
        """A request whose photo is still to be read, until it is answered. Raises QueueFullError, see `refuse`."""
        now = time.monotonic()
        while self._coming and (first := next(iter(self._coming.items())))[1] < now - ARRIVING:
            del self._coming[first[0]]
        if not self._free and len(self._line) + len(self._coming) >= self._room:
            self.refuse()
        request = object()
        self._coming[request] = now
        try:
            yield
        finally:
            self._coming.pop(request, None)

    async def enter(self, begun: bool = False) -> None:
        """Wait for a turn; `leave` must follow. With `begun` no queue is too long. Raises QueueFullError."""
        if self._coming:
            del self._coming[next(iter(self._coming))]  # which of them does not matter: one has come
        if self._free:
            self._ease()
            self._free -= 1
            self._show()
            return
        if not begun:
            self.require_room()
        place = _Place(asyncio.get_running_loop().create_future(), begun)
        self._line.append(place)
        self._show()
        try:
            async with asyncio.timeout(None if begun else self._patience):
                await self._turn(place)
        except TimeoutError:
            raise QueueFullError(f"no thread was free for {self._patience:g} s; try again shortly") from None

    def leave(self) -> None:
        """Give the turn to the next in the queue."""
        while self._line:
            place = self._line.popleft()
            if not place.turn.done():
                place.turn.set_result(None)
                self._show()
                return
        self._free += 1
        self._ease()
        self._show()

    def refuse(self) -> None:
        """Turn a photo away, and with it those whose waiting made the queue too long. Raises QueueFullError."""
        self._overloaded, self._refused_at = True, time.monotonic()
        waiting = [place for place in self._line if not place.begun]
        for place in waiting[: max(len(waiting) - self._room, 0)]:
            self._line.remove(place)
            if not place.turn.done():
                place.turn.set_exception(_full())
        self._show()
        raise _full()

    async def _turn(self, place: _Place) -> None:
        try:
            await place.turn
        except asyncio.CancelledError:
            if place in self._line:
                self._line.remove(place)
                self._show()
            elif not place.turn.cancelled() and place.turn.exception() is None:
                self.leave()  # the turn came together with the end of its taker
            raise

    def _ease(self) -> None:
        """Nobody waits: the overload is over unless somebody was refused just now."""
        if time.monotonic() >= self._refused_at + CALM:
            self._overloaded = False

    @property
    def _room(self) -> int:
        return min(self._queue, SHORT * self._threads) if self._overloaded else self._queue

    def _show(self) -> None:
        self._depth.set(self._threads - self._free + len(self._line))


def _full() -> QueueFullError:
    return QueueFullError("the queue of photos that wait for a thread is full; try again shortly")
