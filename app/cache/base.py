"""What a cache can do."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Held(NamedTuple):
    """What a cache keeps in this process: entries, and their bytes with what Python spends on them."""

    entries: int
    bytes: int


class Cache(Protocol):
    """Bytes under keys for a limited time. No method raises because the cache is down or slow."""

    @property
    def kind(self) -> str:
        """`memory` or `redis`."""
        ...

    @property
    def held(self) -> Held:
        """What is kept in this process."""
        ...

    async def get(self, *keys: str) -> list[bytes | None]:
        """The value of each key, or None: not there, expired, or the cache does not answer."""
        ...

    async def put(self, entries: Mapping[str, bytes]) -> None:
        """Keep the values if the cache answers."""
        ...

    async def alive(self) -> bool:
        """Whether the cache answers."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
