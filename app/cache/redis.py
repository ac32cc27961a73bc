"""The cache in Redis; the only file that knows it.

A circuit breaker keeps a dead or slow Redis from costing requests anything: after FAILURES failures in a row nobody
asks any more, and a task of its own pings until it answers again.
"""

import asyncio
import contextlib
import contextvars
import logging
import textwrap
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import redis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.cache.base import Held
from engine.errors import UnavailableError

log = logging.getLogger(__name__)
T = TypeVar("T")

TIMEOUT = 0.1
"""Seconds for a connection, and for one command."""
FAILURES = 3
PROBE_EVERY = 1.0
"""Seconds between two pings while the breaker is open."""
_CONNECTIONS = 32


class RedisCache:
    """See Cache."""

    kind = "redis"

    def __init__(self, url: str, ttl: int) -> None:
        """`url` as redis://HOST:PORT/DATABASE; entries live `ttl` seconds. Connects on first use."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=TIMEOUT,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis: Redis = Redis.from_pool(pool)
        self._ttl = ttl
        self._failures = 0
        self._probe: asyncio.Task[None] | None = None

    @property
    def open(self) -> bool:
        """Whether the breaker is open: Redis is not asked."""
        return self._probe is not None

    @property
    def held(self) -> Held:
        """See Cache: nothing, all of it is in Redis."""
        return Held(0, 0)

    async def get(self, *keys: str) -> list[bytes | None]:
        """See Cache. One command, however many keys: each costs about as much as an answer from the cache."""
        values = await self._guarded(lambda: self._redis.mget(keys))
        return [None] * len(keys) if values is None else [own if isinstance(own, bytes) else None for own in values]

    async def put(self, entries: Mapping[str, bytes]) -> None:
        """See Cache."""
        pipeline = self._redis.pipeline(transaction=False)
        for key, value in entries.items():
            pipeline.set(key, value, ex=self._ttl)
        await self._guarded(pipeline.execute)

    async def alive(self) -> bool:
        """See Cache."""
        return bool(await self._guarded(self._redis.ping))

    async def close(self) -> None:
        """See Cache."""
        if self._probe is not None:
            self._probe.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probe
            self._probe = None
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    async def _guarded(self, command: Callable[[], Awaitable[T]]) -> T | None:
        if self.open:
            return None
        try:
            result = await command()
        except (RedisError, OSError) as error:  # redis.TimeoutError is a RedisError, asyncio's an OSError
            self._failed(error)
            return None
        self._failures = 0
        return result

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        if self._failures >= FAILURES and self._probe is None:
            log.warning("Redis does not answer (%s); going on without it", _said(error))
            # in a context of its own: it outlives the request, and what it logs is none of that request's
            probing = self._until_it_answers()
            self._probe = asyncio.create_task(probing, context=contextvars.Context())

    async def _until_it_answers(self) -> None:
        while True:
            await asyncio.sleep(PROBE_EVERY)
            try:
                await self._redis.ping()
            except (RedisError, OSError):
                continue
            log.warning("Redis answers again")
            self._failures, self._probe = 0, None
            return


@dataclass(frozen=True, slots=True)
class Server:
    """What a Redis says of itself. `most` 0: it takes as much memory as it can get."""

    version: str
    policy: str
    most: int
    used: int


def ask_server(url: str, patience: float = 2.0) -> Server:
    """What the Redis at `url` says of itself. Raises UnavailableError, without the address: a password may be in it."""
    try:
        with redis.Redis.from_url(url, socket_timeout=patience, socket_connect_timeout=patience) as server:
            server.ping()
            told = {**server.info("server"), **server.info("memory")}
    except (RedisError, OSError) as error:
        raise UnavailableError(
            f"Redis does not answer ({_said(error)}); start it, or mend TWINSHOT_REDIS_URL"
        ) from error
    return Server(told["redis_version"], told["maxmemory_policy"], told["maxmemory"], told["used_memory"])


def _said(error: Exception) -> str:
    """What it is and what Redis said, in one line: it may refuse with a whole page. No password is in it."""
    return textwrap.shorten(f"{type(error).__name__}: {error}", 160, placeholder=" …")
