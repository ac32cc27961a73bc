"""Looks at CURRENT, and lets the generation that it names take over: loaded beside the old, checked, then switched."""

import asyncio
import logging
import re
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from app.changes.follow import Follower, advanced, with_changes
from app.generations.checks import check_changes, check_rows
from app.generations.gently import Gently, StoppedError
from app.generations.memory import give_back
from app.live import Live, Loaded
from app.loading import Opened, open_named, warm
from app.settings import Settings
from app.telemetry import Telemetry
from engine.bundle.generation import Generation
from engine.bundle.store import current, named_live
from engine.changes.state import State
from engine.errors import TwinshotError
from engine.wording import counted

log = logging.getLogger(__name__)
EVERY = 1.0
"""Seconds between two looks at CURRENT."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What CURRENT names and is not served, and why not. `generation`: None where it names nothing."""

    generation: str | None
    reason: str


class Reloader:
    """Keeps what is served up with CURRENT. On the event loop; what takes long is done in threads."""

    def __init__(
        self, settings: Settings, live: Live, state: State | None, follower: Follower | None, telemetry: Telemetry
    ) -> None:
        self._settings, self._live, self._state, self._follower = settings, live, state, follower
        self._telemetry = telemetry
        self._gently = Gently()
        self._looking = asyncio.Lock()
        self._asked = asyncio.Event()
        self._untidy = False
        self._leaving: list[weakref.ref[Generation]] = []
        self.loading: str | None = None
        """The generation that is being loaded beside the one that is served."""
        self.refused: Refused | None = None

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._asked.wait()
            again = self._asked.is_set()
            self._asked.clear()
            await self.look(again)
            await self._tidy()

    def look_soon(self) -> None:
        """Look now rather than at the next second, and try again what was refused."""
        self._asked.set()

    async def look(self, again: bool = False) -> None:
        """Switch to what CURRENT names, or refuse it, if it is not what is served; return when that is done.

        What was refused is refused until CURRENT names another, but with `again`.
        """
        async with self._looking:
            served = self._live.loaded
            if served is None or self._live.draining:
                return
            name: str | None = None
            try:
                name = await asyncio.to_thread(named_live, self._settings.bundles)
                if name == served.generation.id:
                    self._settle(None)
                elif again or self.refused is None or self.refused.generation != name:
                    await self._follow(name, served)
            except StoppedError:
                return
            except Exception as error:
                self._refuse(name, served, error, again)

    @property
    def held(self) -> int:
        """Generations in memory: the one that is served, and those that requests still have."""
        return sum(own() is not None for own in self._leaving) + (self._live.loaded is not None)

    def close(self) -> None:
        """End what is being loaded."""
        self._gently.stop()

    async def _follow(self, name: str | None, served: Loaded) -> None:
        began = time.perf_counter()
        self.loading = name
        try:
            opened = await asyncio.to_thread(self._open)
            ready = await self._gently.run(lambda: self._prepared(opened))
            loaded = await self._take_over(ready)
        finally:
            self.loading = None
        seconds = time.perf_counter() - began
        self._leaving.append(weakref.ref(served.generation))
        self._settle(None)
        self._telemetry.switched(seconds)
        log.info(
            "serving generation %s, %s, after %s; loaded in %.1f s",
            loaded.generation.id,
            counted(loaded.view.rows, "photo"),
            served.generation.id,
            seconds,
        )

    def _open(self) -> Opened:
        # at full priority, which the threads of the model keep; it takes milliseconds
        return open_named(self._settings, current(self._settings.bundles))

    def _prepared(self, opened: Opened) -> Loaded:
        """The generation with the changes of the state, checked and warm. May take long: all their photos are encoded
        by a new model."""
        check_rows(opened.generation)
        if self._state is None:
            loaded = Loaded.of(opened.generation, opened.encoder)
            warm(loaded)
            return loaded
        loaded = with_changes(opened.generation, opened.narrow, self._state, self._gently.breathe)
        check_changes(loaded, opened.narrow, self._state)
        warm(replace(loaded, encoder=opened.encoder))
        # what came meanwhile, so that little is left for the moment when changes wait
        loaded = advanced(loaded, self._state, self._gently.breathe)
        return replace(loaded, encoder=opened.encoder)

    async def _take_over(self, ready: Loaded) -> Loaded:
        if self._follower is not None:
            return await self._follower.switch(ready)
        self._live.switch(ready)
        return ready

    def _refuse(self, name: str | None, served: Loaded, error: Exception, again: bool) -> None:
        self._untidy = True
        expected = isinstance(error, TwinshotError)
        said = str(error) if expected else f"{type(error).__name__}: {error}"
        refused = Refused(name, without_folders(said.splitlines()[0], self._folders))
        if refused == self.refused and not again:
            return  # CURRENT cannot be read, still
        log.error("generation %s is refused, %s goes on: %s", name, served.generation.id, said, exc_info=not expected)
        self._settle(refused)
        self._telemetry.refusals.inc()

    @property
    def _folders(self) -> dict[str, Path]:
        own = {"TWINSHOT_BUNDLES": self._settings.bundles}
        return own if self._state is None else own | {"TWINSHOT_STATE": self._state.folder}

    def _settle(self, refused: Refused | None) -> None:
        self.refused = refused
        self._telemetry.refused.set(int(refused is not None))

    async def _tidy(self) -> None:
        """Give memory back once the last request has let go of an old generation, or one was refused."""
        still = [own for own in self._leaving if own() is not None]
        if self._untidy or len(still) < len(self._leaving):
            self._untidy, self._leaving = False, still
            await asyncio.to_thread(give_back)


def without_folders(said: str, folders: Mapping[str, Path]) -> str:
    """`said` with the name of each folder in place of its path: /readyz asks for no key, and where on the disk the
    folders lie is nobody's business."""
    names = {str(folder): name for name, folder in folders.items()}
    longest_first = sorted(names, key=len, reverse=True)  # one may lie in the other
    # whole paths alone: what follows is another folder, or the end of the path
    paths = re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\w)")
    return paths.sub(lambda found: names[found[1]], said)
