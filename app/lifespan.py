"""What lives as long as the service: made when it starts, let go of when it stops."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypedDict

from fastapi import FastAPI

from app.body import Intake
from app.cache.base import Cache
from app.cache.entries import Answer
from app.cache.layered import LayeredCache
from app.cache.memory import MemoryCache
from app.cache.redis import RedisCache
from app.changes.follow import Follower
from app.changes.write import Writer
from app.compute import Compute
from app.flights import Flights
from app.gate import Gate
from app.generations.reload import Reloader
from app.live import Live
from app.rates import Rate
from app.search import Searcher
from app.settings import Settings
from app.telemetry import Telemetry
from engine.changes.state import State


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that the routes need, in one place; deps.py hands out the parts."""

    settings: Settings
    live: Live
    telemetry: Telemetry
    cache: Cache
    compute: Compute
    searcher: Searcher
    intake: Intake
    writer: Writer | None
    """None where there is no state, and so nothing that could change."""
    follower: Follower | None
    read_rate: Rate | None
    write_rate: Rate | None
    reloader: Reloader

    @property
    def takes_changes(self) -> bool:
        """Whether whoever has the write key may change products."""
        return self.settings.write_key is not None and self.writer is not None


class RequestState(TypedDict):
    """What Starlette copies into every request."""

    service: Service


def lifespan_of(
    settings: Settings, live: Live, telemetry: Telemetry, state: State | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[RequestState]]:
    """The lifespan of an application over these parts."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[RequestState]:
        cache = _cache(settings)
        gate = Gate(settings.threads, settings.queue, settings.queue_wait, telemetry.queue_depth)
        compute = Compute(settings.threads, gate)
        flights: Flights[Answer] = Flights()
        follower = None if state is None else Follower(live, state)
        writer = None if state is None or follower is None else Writer(state, live, follower, compute)
        service = Service(
            settings=settings,
            live=live,
            telemetry=telemetry,
            cache=cache,
            compute=compute,
            searcher=Searcher(compute, cache, telemetry, flights),
            intake=Intake(settings, telemetry.buffered_bytes),
            writer=writer,
            follower=follower,
            read_rate=None if settings.read_rate is None else Rate(settings.read_rate),
            write_rate=None if settings.write_rate is None else Rate(settings.write_rate),
            reloader=Reloader(settings, live, state, follower, telemetry),
        )
        watching = [asyncio.create_task(own.run()) for own in (service.reloader, follower) if own is not None]
        try:
            yield {"service": service}
        finally:
            service.reloader.close()
            for own in watching:
                own.cancel()
                with suppress(asyncio.CancelledError):
                    await own
            await flights.close()
            compute.close()
            await cache.close()

    return lifespan


def _cache(settings: Settings) -> Cache:
    if settings.redis_url is not None:
        redis = RedisCache(settings.redis_url.get_secret_value(), settings.cache_ttl)
        return LayeredCache(redis, settings.cache_bytes, settings.cache_ttl)
    return MemoryCache(settings.cache_bytes, settings.cache_ttl)
