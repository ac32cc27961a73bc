"""What lives as long as the service: made when it starts, let go of when it stops."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypedDict

from fastapi import FastAPI

from app.body import Intake
from app.cache.base import Cache
from app.cache.entries import Answer
from app.cache.layered import LayeredCache
from app.cache.memory import MemoryCache
from app.cache.redis import RedisCache
from app.compute import Compute
from app.flights import Flights
from app.gate import Gate
from app.live import Live
from app.search import Searcher
from app.settings import Settings
from app.telemetry import Telemetry


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


class State(TypedDict):
    """What Starlette copies into every request."""

    service: Service


def lifespan_of(
    settings: Settings, live: Live, telemetry: Telemetry
) -> Callable[[FastAPI], AbstractAsyncContextManager[State]]:
    """The lifespan of an application over these parts."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        cache = _cache(settings)
        gate = Gate(settings.threads, settings.queue, settings.queue_wait, telemetry.queue_depth)
        compute = Compute(settings.threads, gate)
        flights: Flights[Answer] = Flights()
        service = Service(
            settings=settings,
            live=live,
            telemetry=telemetry,
            cache=cache,
            compute=compute,
            searcher=Searcher(compute, cache, telemetry, flights),
            intake=Intake(settings, telemetry.buffered_bytes),
        )
        try:
            yield {"service": service}
        finally:
            await flights.close()
            compute.close()
            await cache.close()

    return lifespan


def _cache(settings: Settings) -> Cache:
    if settings.redis_url is not None:
        redis = RedisCache(settings.redis_url.get_secret_value(), settings.cache_ttl)
        return LayeredCache(redis, settings.cache_bytes, settings.cache_ttl)
    return MemoryCache(settings.cache_bytes, settings.cache_ttl)
