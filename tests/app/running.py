"""Photos to send, and the service as a process of its own."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
from PIL import Image
from starlette.testclient import TestClient

from tests.children import end
from tests.tiny_catalogue import draw

READ_KEY, WRITE_KEY = "read-key-read-key-0", "write-key-write-key"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo_of(product: int, number: int = 7, side: int = 96, kind: str = "JPEG") -> bytes:
    return encoded(draw(product, number).resize((side, side)), kind, quality=92)


def ask(client: TestClient, photo: bytes, path: str = "/search", **params: Any) -> httpx2.Response:
    return client.post(path, files={"image": ("photo", photo)}, params=params)


def free_port(held: bool = True) -> int:
    """A port of the loopback address that nobody listens on.

    held: on Linux it stays bound until these tests end, so that nobody else is given it. A server that sets
    SO_REUSEADDR, as most do, may listen on it all the same; elsewhere it might not.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port = int(probe.getsockname()[1])
    if held and sys.platform == "linux":
        probe.detach()
    else:
        probe.close()
    return port


class Process:
    """The service as its own process."""

    def __init__(self, bundles: Path, log: Path, **variables: str) -> None:
        self.port = int(variables.get("TWINSHOT_PORT") or free_port())
        own = {name: value for name, value in os.environ.items() if not name.startswith("TWINSHOT_")}
        own |= {"TWINSHOT_BUNDLES": str(bundles), "TWINSHOT_PORT": str(self.port), "TWINSHOT_DRAIN": "0"} | variables
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx2.Client(base_url=self.url, timeout=60)
        self.log = log
        with log.open("wb") as file:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "app.main"], env=own, stderr=file, cwd=Path(__file__).parents[2]
            )

    def until_ready(self, seconds: float = 60) -> "Process":
        late = time.monotonic() + seconds
        while time.monotonic() < late and self.popen.poll() is None:
            try:
                if self.http.get("/readyz").status_code == 200:
                    return self
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def ask(self, photo: bytes, **params: Any) -> httpx2.Response:
        return self.http.post("/search", files={"image": photo}, params=params)

    def stop(self) -> int:
        self.http.close()
        return end(self.popen)


def counted(service: Process, metric: str) -> float:
    """The value of a metric, 0 where it has none yet."""
    found = re.search(rf"^{re.escape(metric)} (\S+)$", service.http.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@contextmanager
def processes(bundles: Path, folder: Path) -> Iterator[Callable[..., Process]]:
    """Starts services over `bundles` with given variables; what still runs at the end is stopped."""
    numbers = count()
    with ExitStack() as started:

        def start(bundles: Path = bundles, **variables: str) -> Process:
            process = Process(bundles, folder / f"service{next(numbers)}.log", **variables)
            started.callback(process.stop)
            return process

        yield start


@contextmanager
def shop_over(bundles: Path, folder: Path, **variables: str) -> Iterator[Process]:
    """A service that takes changes from whoever has WRITE_KEY; its state is in `folder`."""
    state = folder / "state"
    state.mkdir()
    with processes(bundles, folder) as start:
        yield start(TWINSHOT_STATE=str(state), TWINSHOT_WRITE_KEY=WRITE_KEY, **variables).until_ready()
