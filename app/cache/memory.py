"""The cache inside this process: least recently used entries go first, bounded in bytes."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from app.cache.base import Held

_OVERHEAD = 250
"""Bytes that Python spends on an entry beside its key and value, measured."""


class MemoryCache:
    """An LRU with a time to live. Used from the event loop's thread only."""

    kind = "memory"

    def __init__(self, max_bytes: int, ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep at most `max_bytes`, each entry for `ttl` seconds of `clock`."""
        self._max_bytes = max_bytes
        self._ttl = ttl
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self.bytes = 0

    @property
    def held(self) -> Held:
        """See Cache; what has expired counts until it is asked for or makes room."""
        return Held(len(self._entries), self.bytes)

    async def get(self, *keys: str) -> list[bytes | None]:
        """See Cache."""
        return [self._get(key) for key in keys]

    async def put(self, entries: Mapping[str, bytes]) -> None:
        """See Cache; a value larger than the whole cache is not kept."""
        for key, value in entries.items():
            self._put(key, value)

    async def alive(self) -> bool:
        """See Cache."""
        return True

    async def close(self) -> None:
        """See Cache."""
        self._entries.clear()
        self.bytes = 0

    def _get(self, key: str) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        expires, value = entry
        if expires <= self._clock():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return value

    def _put(self, key: str, value: bytes) -> None:
        if key in self._entries:
            self._drop(key)
        if _size(key, value) > self._max_bytes:
            return
        self._entries[key] = (self._clock() + self._ttl, value)
        self.bytes += _size(key, value)
        while self.bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        _, value = self._entries.pop(key)
        self.bytes -= _size(key, value)


def _size(key: str, value: bytes) -> int:
    return len(key) + len(value) + _OVERHEAD
