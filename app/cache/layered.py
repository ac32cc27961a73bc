"""A small cache in the process in front of the shared one: what is asked again and again is not fetched again."""

from collections.abc import Mapping

from app.cache.base import Cache, Held
from app.cache.memory import MemoryCache

FRESH = 60
"""Seconds that the process keeps what it got: an entry outlives its time in the shared cache by no more than this."""


class LayeredCache:
    """See Cache. Entries never change under their key, so the layers cannot disagree about a value."""

    def __init__(self, back: Cache, max_bytes: int, ttl: float) -> None:
        """Keep at most `max_bytes` in the process, each entry for `ttl` seconds or FRESH if that is less."""
        self._front = MemoryCache(max_bytes, min(ttl, FRESH))
        self._back = back

    @property
    def kind(self) -> str:
        """What the shared cache is."""
        return self._back.kind

    @property
    def held(self) -> Held:
        """See Cache; what the shared cache holds it says itself."""
        return self._front.held

    async def get(self, *keys: str) -> list[bytes | None]:
        """See Cache."""
        found = dict(zip(keys, await self._front.get(*keys), strict=True))
        missing = [key for key, value in found.items() if value is None]
        if missing:
            values = zip(missing, await self._back.get(*missing), strict=True)
            fetched = {key: value for key, value in values if value is not None}
            await self._front.put(fetched)
            found |= fetched
        return [found[key] for key in keys]

    async def put(self, entries: Mapping[str, bytes]) -> None:
        """See Cache."""
        await self._front.put(entries)
        await self._back.put(entries)

    async def alive(self) -> bool:
        """Whether the shared cache answers."""
        return await self._back.alive()

    async def close(self) -> None:
        """See Cache."""
        await self._front.close()
        await self._back.close()
