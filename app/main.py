"""The entry: `twinshot serve` and `python -m app.main`. One process, one port."""

import asyncio
import logging
import signal
import sys
import time
from contextlib import AbstractContextManager, closing, nullcontext
from types import FrameType

import uvicorn

from app import log as logs
from app.create_app import create_app
from app.generations.gently import StoppedError
from app.hang_up import Terminal
from app.live import Live, Loaded
from app.loading import load
from app.parser import Protocol
from app.port import bind
from app.settings import Settings, read_settings, unknown_variables
from app.traces import Traces, start_traces
from engine.bundle.store import current
from engine.changes.state import State, open_state
from engine.errors import TwinshotError
from engine.wording import counted

log = logging.getLogger("twinshot")

FINISH = 20
"""Seconds from SIGTERM within which answers under way must be done."""


class Server(uvicorn.Server):
    """uvicorn, which loads the generation behind an open port and, told to stop, first says so and then closes it."""

    def __init__(self, settings: Settings, state: State | None, traces: Traces | None = None) -> None:
        self._settings, self._state = settings, state
        self._live = Live()
        self._close_at = 0.0
        self._terminal = Terminal()
        self._loading: asyncio.Task[Loaded] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.failure: BaseException | None = None
        super().__init__(
            uvicorn.Config(
                create_app(settings, self._live, state, traces),
                loop="uvloop",
                http=Protocol,
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=FINISH - int(settings.drain),
            )
        )

    async def main_loop(self) -> None:
        """Load, then wait for the end. Meanwhile /livez answers and /readyz says 503."""
        self._loop = asyncio.get_running_loop()
        self._loading = asyncio.create_task(asyncio.to_thread(load, self._settings, self._state, self._breathe))
        self._loading.add_done_callback(self._loaded)
        own = self._settings  # said here, for only from here on are requests answered
        log.info("listening on %s port %s, not ready yet: loading %s", own.host, own.port, own.bundles)
        try:
            await super().main_loop()
        finally:
            self._loop = None

    def _loaded(self, loading: asyncio.Task[Loaded]) -> None:
        self._loading = None  # its result would be held for as long as the process lives
        if loading.cancelled() or isinstance(loading.exception(), StoppedError):
            return
        self.failure = loading.exception()
        if self.failure is not None:
            self._live.draining = self.should_exit = True
            return
        loaded = loading.result()
        self._live.switch(loaded)
        log.info("serving generation %s, %s", loaded.generation.id, counted(len(loaded.generation.table), "photo"))
        if sys.stderr.isatty():
            log.info("open %s in a browser; Ctrl-C stops the service", _address(self._settings))

    def _breathe(self) -> None:
        """Raises StoppedError once the process was told to stop, which does not end before the loading does."""
        if self._live.draining:
            raise StoppedError("the service is shutting down")

    async def on_tick(self, counter: int) -> bool:
        """Whether to close the port now: when told to, but not before proxies could see /readyz change."""
        return await super().on_tick(counter) and time.monotonic() >= self._close_at

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: drain, then stop with exit code 0. A second signal, or Ctrl-C: stop without waiting to be seen."""
        wait = self._settings.drain if sig == signal.SIGTERM and not self._live.draining else 0.0
        self._live.draining = True
        self._close_at = time.monotonic() + wait
        self.should_exit = True

    def handle_hang_up(self, sig: int, frame: FrameType | None) -> None:
        """SIGHUP: look for a new generation at once; if the terminal was closed, stop as at Ctrl-C."""
        if self._terminal.closed:
            self.handle_exit(sig, frame)
        elif self._loop is not None:  # else nothing is loaded yet, and CURRENT is read anyway
            self._loop.call_soon_threadsafe(self.lifespan.state["service"].reloader.look_soon)


def main() -> None:
    """Serve until told to stop. Exit codes: 0 stopped, 1 failed, 2 a setting or the bundle is bad."""
    try:
        settings = read_settings()
        logs.configure(settings.log_format)
        for name in unknown_variables():
            log.warning("%s is no setting of the service (docs/settings.md); it is ignored", name)
        current(settings.bundles)  # a folder without bundles is refused before the port opens
        state = None if settings.state is None else open_state(settings.state)
        with _traces(settings) as traces, bind(settings) as port:
            server = Server(settings, state, traces)
            before = signal.signal(signal.SIGHUP, server.handle_hang_up)
            try:
                server.run(sockets=[port])
            finally:
                signal.signal(signal.SIGHUP, before)
        if server.failure is not None:
            raise server.failure
        log.info("stopped")
    except TwinshotError as error:
        print(f"twinshot: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def _traces(settings: Settings) -> AbstractContextManager[Traces | None]:
    """Traces where they were asked for; what is left of them is sent at the end."""
    return closing(start_traces()) if settings.traces == "on" else nullcontext()


def _address(settings: Settings) -> str:
    """Where a browser on this machine finds the service."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/"


if __name__ == "__main__":
    main()
