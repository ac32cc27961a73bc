"""Requests that change the catalogue, as bytes; and the service with a state to change."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.result import WORK
from benchmarks.serve.load import Line
from benchmarks.serve.photos import EDGE, Photo, fresh
from benchmarks.serve.servers import SERVER, Server, twinshot

KEY = "benchmark-write-key"
_NEW = count()


@contextmanager
def state() -> Iterator[Path]:
    """A new state folder on the disk that results are written to: what is forced to the disk must meet one."""
    (WORK / "live").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=WORK / "live") as folder:
        yield Path(folder)


@contextmanager
def changing(
    bundles: Path, folder: Path, redis: str | None = None, cores: Sequence[int] = SERVER, **variables: str
) -> Iterator[Server]:
    """The service with the state in `folder`, taking changes."""
    variables |= {"TWINSHOT_STATE": str(folder), "TWINSHOT_WRITE_KEY": KEY}
    with twinshot(bundles, cores, redis, port=None, module=("app.main",), **variables) as server:
        yield server


def sent(server: Server, request: bytes) -> None:
    """Send a change, and return when it is acknowledged."""

    async def send() -> int:
        line = Line(server.port)
        try:
            return await line.ask(request)
        finally:
            await line.close()

    status = asyncio.run(send())
    if status != 200:
        raise RuntimeError(f"a change was answered {status}")


def removal(product_id: str) -> bytes:
    """DELETE of a product."""
    return _request("DELETE", product_id, b"")


def metadata(product_id: str) -> bytes:
    """Another title for a product, whose photos stay."""
    body = json.dumps({"title": f"Changed {next(_NEW)}"}).encode()
    return _request("PATCH", product_id, body, "application/merge-patch+json")


def new_product(photo: Photo) -> tuple[str, bytes, bytes]:
    """A product that was not there, with one photo: its id, the PUT, the photo."""
    product_id, data = f"new-{next(_NEW)}", fresh(photo)
    head = (
        f'Content-Disposition: form-data; name="image"; filename="{product_id}"\r\nContent-Type: {photo.kind}\r\n\r\n'
    )
    body = b"--" + EDGE + b"\r\n" + head.encode() + data + b"\r\n--" + EDGE + b"--\r\n"
    return product_id, _request("PUT", product_id, body, f"multipart/form-data; boundary={EDGE.decode()}"), data


def _request(method: str, product_id: str, body: bytes, kind: str | None = None) -> bytes:
    lines = [f"{method} /products/{product_id} HTTP/1.1", "Host: bench", f"Authorization: Bearer {KEY}"]
    lines += [f"Content-Type: {kind}"] if kind else []
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body
