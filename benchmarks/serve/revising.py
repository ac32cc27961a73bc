"""The service as in production, but that its catalogue changes so many times a second: `revising.py WRITES`.

What a write does to the cache is that it raises the revision, which is part of the key of every answer
(app/cache/entries.py). This does nothing but that: it deletes a product that is not there.
"""

import asyncio
import socket
import sys
from dataclasses import replace

from app import log as logs
from app.live import Loaded
from app.main import Server
from app.settings import Settings, read_settings
from engine.changes.record import Change
from engine.live.view import View


class Revising(Server):
    """Takes `writes` revisions a second, from when the generation is there."""

    def __init__(self, settings: Settings, writes: float) -> None:
        self._writes = writes
        super().__init__(settings, None)

    async def main_loop(self) -> None:
        """See app.main.Server."""
        revising = asyncio.create_task(self._revise())
        try:
            await super().main_loop()
        finally:
            revising.cancel()

    async def _revise(self) -> None:
        while True:
            await asyncio.sleep(1 / self._writes)
            if self._live.loaded is not None:
                self._live.switch(revised(self._live.loaded))


def revised(loaded: Loaded) -> Loaded:
    """The same catalogue, one revision later."""
    loaded.overlay.apply(Change(revision=loaded.revision + 1, at="", product_id="nobody", product=None), {})
    return replace(loaded, view=View(loaded.overlay))


if __name__ == "__main__":
    logs.configure()
    settings = read_settings()
    server = Revising(settings, float(sys.argv[1]))
    server.run(sockets=[socket.create_server((settings.host, settings.port), backlog=1024)])
    if server.failure is not None:
        raise server.failure
