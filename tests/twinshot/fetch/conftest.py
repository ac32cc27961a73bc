"""A shop on loopback whose pictures are fetched."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import pytest
from PIL import Image


def picture(number: int = 0, kind: str = "JPEG") -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 30), (5 * number % 256, 90, 7 * number % 256)).save(file, kind)
    return file.getvalue()


class Shop(ThreadingHTTPServer):
    """Serves /N.jpg; every other path answers as its name says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Counter)
        self.asked: list[tuple[str, float, dict[str, str]]] = []
        self.busy_left = 1

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @staticmethod
    def picture(number: int = 0) -> bytes:
        """What /number.jpg answers."""
        return picture(number)

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked]


class Counter(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        self.server.asked.append((self.path, time.monotonic(), dict(self.headers)))
        name = self.path.strip("/").split("?")[0]
        answer = getattr(self, f"answer_{name.replace('-', '_')}", None)
        if answer is not None:
            answer()
        elif name.endswith(".jpg"):
            self.send(200, picture(int(name.removesuffix(".jpg"))))
        else:
            self.send(404, b"nothing here")

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for key, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_png(self) -> None:
        self.send(200, picture(kind="PNG"))

    def answer_html(self) -> None:
        self.send(200, b"<html>please log in</html>", Content_Type="image/jpeg")

    def answer_busy(self) -> None:
        if self.server.busy_left:
            self.server.busy_left -= 1
            self.send(429, Retry_After="1")
        else:
            self.send(200, picture())

    def answer_busy_until(self) -> None:
        if self.server.busy_left:
            self.server.busy_left -= 1
            self.send(503, Retry_After=formatdate(time.time() + 2, usegmt=True))
        else:
            self.send(200, picture())

    def answer_broken(self) -> None:
        if self.server.busy_left:
            self.server.busy_left -= 1
            self.send(502, Retry_After="soon")
        else:
            self.send(200, picture())

    def answer_closed(self) -> None:
        self.send(503, Retry_After="86400")

    def answer_moved(self) -> None:
        self.send(302, Location="/1.jpg")

    def answer_loop(self) -> None:
        self.send(302, Location="/loop")

    def answer_elsewhere(self) -> None:
        self.send(302, Location=f"http://localhost:{self.server.server_port}/1.jpg")

    def answer_metadata(self) -> None:
        self.send(302, Location="http://169.254.169.254/latest/")

    def answer_huge(self) -> None:
        self.send(200, Content_Length="30000000")

    def answer_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x" * 1000)

    def answer_gzip(self) -> None:
        self.send(200, picture(), Content_Encoding="gzip")

    def log_message(self, *arguments: Any) -> None:
        pass

    def handle(self) -> None:
        with suppress(ConnectionError):  # the fetcher hangs up on too large a picture
            super().handle()


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
