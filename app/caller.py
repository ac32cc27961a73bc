"""Who waits for an answer, and whether still."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from engine.errors import TwinshotError


class CallerGoneError(TwinshotError):
    """Nobody waits for this answer any more."""


@dataclass(slots=True, eq=False)
class Caller:
    """One request. `gone` asks its connection; `begun`: one of its photos was worked on, so the others are too."""

    gone: Callable[[], Awaitable[bool]]
    begun: bool = False

    async def check_wanted(self) -> None:
        """Raises CallerGoneError once it has hung up."""
        if await self.gone():
            raise CallerGoneError("the caller hung up before the work began")
