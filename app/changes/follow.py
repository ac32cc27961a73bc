"""The log of changes becomes the view that requests get: at once after an own change, soon after another process's."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from app.live import Live, Loaded
from engine.bundle.generation import Generation
from engine.bundle.owner import require_served_with
from engine.changes.log import AT_ONCE
from engine.changes.state import State
from engine.encoder import PhotoEncoder
from engine.live.catch_up import CaughtUp, catch_up, go_on
from engine.live.view import View

log = logging.getLogger(__name__)
EVERY = 0.2
"""Seconds between two looks at the log."""
PATIENCE = 2.0
"""Seconds that a reader waits for a revision that he asks for."""


class Follower:
    """Keeps the live view up with the log of one state."""

    def __init__(self, live: Live, state: State) -> None:
        self._live, self._state = live, state
        self.following = True
        """Whether the last look at the log found all of it, and could apply it."""
        self._lock = asyncio.Lock()
        # a caller who is cancelled lets go of the lock above while his thread still works
        self._applying = threading.Lock()

    async def up_to(self, revision: int) -> None:
        """Return once the live view has `revision`, of which the log is known to have it."""
        async with self._lock:
            if self._live.loaded is not None and self._live.loaded.revision < revision:
                await asyncio.to_thread(self.advance)

    async def switch(self, loaded: Loaded) -> Loaded:
        """Make `loaded` the live one with the last changes, no earlier and no later than one of its own.

        So no answer has a lower revision than one before, and a change is in the old view or in the new one.
        """
        async with self._lock:
            return await asyncio.to_thread(self._take_over, loaded)

    async def wait_for(self, revision: int) -> None:
        """Return when the live view has `revision`, or after PATIENCE seconds without it."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while self._revision < revision and asyncio.get_running_loop().time() < end:
            await self._look()
            if self._revision < revision:
                await asyncio.sleep(EVERY / 4)

    async def run(self) -> None:
        """Look at the log again and again, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self._look()

    @property
    def _revision(self) -> int:
        loaded = self._live.loaded
        return -1 if loaded is None else loaded.revision

    async def _look(self) -> None:
        try:
            await self.up_to(await asyncio.to_thread(lambda: self._state.log.revision))
        except Exception:  # whatever it was, the next look may find it mended
            if self.following:  # said once: there are five looks a second
                log.exception("the changes of %s cannot be followed", self._state.folder)
            self.following = False
        else:
            if not self.following:
                log.warning("the changes of %s are followed again", self._state.folder)
            self.following = True

    def advance(self) -> None:
        """Bring the live view to the end of the log, on the calling thread."""
        with self._applying:
            loaded = self._live.loaded
            if loaded is not None:
                self._live.switch(advanced(loaded, self._state))

    def _take_over(self, loaded: Loaded) -> Loaded:
        with self._applying:
            loaded = advanced(loaded, self._state)
            self._live.switch(loaded)
            return loaded


def with_changes(
    generation: Generation, encoder: PhotoEncoder, state: State, breathe: Callable[[], None] = go_on
) -> Loaded:
    """A generation with every change since it was made; `breathe` as in `catch_up`.

    Raises StateError where its folder belongs to another state, BundleError where the state has lost changes of it.
    """
    require_served_with(generation.folder.parent, generation.manifest, state)
    loaded = Loaded.of(generation, encoder, state.log.state_id)
    folded = frozenset(_folded(generation, state)) if generation.thumbs is None else frozenset()
    return advanced(replace(loaded, thumbs=state.thumbs, folded=folded), state, breathe)


def _folded(generation: Generation, state: State) -> Iterator[str]:
    """The photos of changes that a generation without thumbnails includes, as far as the state has their thumbnails."""
    revision, last = 0, generation.manifest.includes_revision
    while changes := [own for own in state.log.since(revision, AT_ONCE) if own.revision <= last]:
        photos = (photo for own in changes if own.product is not None for photo in own.product.photos)
        yield from (photo.image_id for photo in photos if state.thumbs.has(photo.sha256))
        revision = changes[-1].revision


def advanced(loaded: Loaded, state: State, breathe: Callable[[], None] = go_on) -> Loaded:
    """`loaded` with every change of the log. One thread at a time may do this to one `loaded`."""
    done = catch_up(loaded.overlay, state, loaded.encoder, breathe)
    report(done)
    return replace(loaded, view=View(loaded.overlay)) if done.changes else loaded


def report(done: CaughtUp) -> None:
    """Say in the log which photos could not be brought in."""
    for image_id, reason in done.left_out:
        log.warning("photo %s is left out: %s", image_id, reason)
