"""Equal questions under way are worked on once."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.caller import Caller, CallerGoneError
from app.gate import QueueFullError

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Flight(Generic[T]):
    """Work under way and those who wait for it; as long as one of them is there it goes on."""

    callers: list[Caller]
    task: "asyncio.Task[T] | None" = field(default=None)

    @property
    def begun(self) -> bool:
        """Whether the work may no longer be refused: another photo of the same request was worked on."""
        return any(caller.begun for caller in self.callers)

    async def check_wanted(self) -> None:
        """Mark the callers as begun. Raises CallerGoneError if all of them have hung up."""
        for caller in self.callers:
            if not await caller.gone():
                for own in self.callers:
                    own.begun = True
                return
        raise CallerGoneError("every caller hung up before the work began")


class Flights(Generic[T]):
    """What is under way, by the key of its answer. Used on the event loop alone."""

    def __init__(self) -> None:
        self._under_way: dict[str, Flight[T]] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    async def join(self, key: str, caller: Caller, work: Callable[[Flight[T]], Awaitable[T]]) -> T:
        """The result of `work`, begun for this caller or for an earlier one with the same key.

        What `work` raises reaches everybody who waits for it; but CallerGoneError means earlier callers, and so does
        QueueFullError for who may no longer be refused: who is still there begins anew.
        """
        while True:
            try:
                return await self._joined(key, caller, work)
            except CallerGoneError:
                if await caller.gone():
                    raise
            except QueueFullError:
                if not caller.begun:
                    raise

    async def _joined(self, key: str, caller: Caller, work: Callable[[Flight[T]], Awaitable[T]]) -> T:
        flight = self._under_way.get(key)
        if flight is None:
            flight = self._under_way[key] = Flight([])
            flight.task = asyncio.ensure_future(self._fly(key, flight, work))
        assert flight.task is not None
        flight.callers.append(caller)
        try:
            # shielded: this caller's end is not the end of the others'
            return await asyncio.shield(flight.task)
        except asyncio.CancelledError:
            flight.callers.remove(caller)
            raise

    async def _fly(self, key: str, flight: Flight[T], work: Callable[[Flight[T]], Awaitable[T]]) -> T:
        try:
            return await work(flight)
        finally:
            del self._under_way[key]

    async def close(self) -> None:
        """End what is under way."""
        tasks = [flight.task for flight in self._under_way.values() if flight.task is not None]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, Exception):
                await task
