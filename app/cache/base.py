"""What a cache can do."""

from typing import Protocol


class Cache(Protocol):
    """Bytes under keys for a limited time. No method raises because the cache is down or slow."""

    @property
    def kind(self) -> str:
        """`memory` or `redis`."""
        ...

    async def get(self, key: str) -> bytes | None:
        """The value, or None: not there, expired, or the cache does not answer."""
        ...

    async def put(self, key: str, value: bytes) -> None:
        """Keep the value if the cache answers."""
        ...

    async def alive(self) -> bool:
        """Whether the cache answers."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
