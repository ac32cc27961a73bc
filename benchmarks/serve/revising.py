"""The service as in production, but that its catalogue changes so many times a second: `revising.py WRITES`.

The service cannot be written to yet. What a write will do to the cache is known all the same: it raises the revision
that is part of the key of every answer (app/cache/entries.py). This does nothing but that, with the same generation.
"""

import asyncio
import socket
import sys
from dataclasses import replace

from app import log as logs
from app.live import Loaded
from app.main import Server
from app.settings import Settings, read_settings


class Revising(Server):
    """Takes `writes` revisions a second, from when the generation is there."""

    def __init__(self, settings: Settings, writes: float) -> None:
        self._writes = writes
        super().__init__(settings)

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
    """The same generation, one revision later."""
    manifest = loaded.generation.manifest
    later = manifest.model_copy(update={"includes_revision": manifest.includes_revision + 1})
    return replace(loaded, generation=replace(loaded.generation, manifest=later))


if __name__ == "__main__":
    logs.configure()
    settings = read_settings()
    server = Revising(settings, float(sys.argv[1]))
    server.run(sockets=[socket.create_server((settings.host, settings.port), backlog=1024)])
    if server.failure is not None:
        raise server.failure
