"""How often a host is asked."""

import threading
import time

from engine.errors import TwinshotError

_PATIENCE = 300.0
"""Seconds; a host that wants to be left alone for longer is given up for this run."""


class Pace:
    """One request to a host every `delay` seconds, and none while it asked for a rest."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._free: dict[str, float] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def wait(self, host: str) -> bool:
        """Wait for this caller's turn; False, at once, if the host wants a longer rest than we wait."""
        while True:
            with self._lock:
                now = time.monotonic()
                due = self._free.get(host, now)
                if due <= now:
                    self._free[host] = now + self._delay
                    return True
            if due - now > _PATIENCE:
                return False
            self.sleep(due - now)

    def hold(self, host: str, seconds: float) -> None:
        """Ask nothing of `host` for so long."""
        with self._lock:
            self._free[host] = max(self._free.get(host, 0.0), time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Sleep, unless stopped. Raises TwinshotError then."""
        if self._stopped.wait(seconds):
            raise TwinshotError("stopped; run the same command again to go on")

    def stop(self) -> None:
        """End all waits, now and later."""
        self._stopped.set()
