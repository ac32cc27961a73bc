"""docker/nginx.conf by the real nginx: what it refuses itself, and which requests it sends a second time."""

import asyncio
import json
import re
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from app.changes import batch
from app.middleware import _SANE_ID
from app.problems import KINDS
from app.settings import Settings
from benchmarks.serve.nginx import CONFIGURATION, binary, configuration, nginx
from tests.app.running import free_port

TEXT = CONFIGURATION.read_text(encoding="utf-8")
BOTH_GONE = [9, 9]
"""Ports of the loopback address that refuse every connection."""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[str]:
    """The address of an nginx whose replicas are gone."""
    with nginx(free_port(), BOTH_GONE, tmp_path) as proxy:
        yield f"http://127.0.0.1:{proxy.port}"


def test_nginx_accepts_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "nginx.conf"
    file.write_text(configuration(free_port(), BOTH_GONE, str(tmp_path / "nginx")))
    done = subprocess.run([binary(), "-t", "-e", "stderr", "-c", file], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "warn" in line]) == (0, [])


def test_bodies_have_the_limit_of_the_service(tmp_path: Path) -> None:
    limit = re.search(r"client_max_body_size (\d+);", TEXT)
    assert limit
    assert int(limit[1]) == Settings(bundles=tmp_path).max_body_bytes
    batches = re.search(r"location = /products/batch {\s+client_max_body_size (\d+);", TEXT)
    assert batches
    assert int(batches[1]) == batch.BYTES


def test_ids_are_taken_by_the_rule_of_the_service() -> None:
    rule = re.search(r'"~\^(\S+)\$" \$http_x_request_id', TEXT)
    assert rule
    assert rule[1] == _SANE_ID.pattern.decode().replace(r"\-", "-")


def test_what_nginx_answers_itself_has_the_shape_of_the_service_s_errors(alone: str) -> None:
    id_ = {"X-Request-ID": "mine-1"}
    large = httpx2.post(f"{alone}/search", content=b"\0" * 40_000_001, headers=id_)
    gone = httpx2.post(f"{alone}/search", content=b"\0" * 2_000_000, headers=id_)
    metrics = httpx2.get(f"{alone}/metrics", headers=id_)
    for answer, kind in ((large, "too-large"), (gone, None), (metrics, "unknown-route")):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Request-ID"] == "mine-1"
        problem = answer.json()
        assert problem.keys() == {"type", "title", "status", "detail", "request_id"}
        assert (problem["status"], problem["request_id"]) == (answer.status_code, "mine-1")
        if kind:
            assert problem["type"] == f"urn:twinshot:problem:{kind}"
            assert (problem["title"], problem["status"]) == (KINDS[kind].title, KINDS[kind].status)
    assert gone.status_code == 502
    assert len(httpx2.get(f"{alone}/metrics", headers={"X-Request-ID": "mine {}"}).json()["request_id"]) == 32


def asked_of(way: str, method: str, path: str, body: bytes, folder: Path) -> tuple[int, list[str]]:
    """The status of a request while both replicas do `way`, and the ids of the requests that reached any of them."""
    seen: list[str] = []

    async def replica(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = re.search(r"content-length: (\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        seen.extend(re.findall(r"x-request-id: (\S+)", head))
        if way == "refuses":
            writer.write(b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async def story() -> int:
        servers = [await asyncio.start_server(replica, "127.0.0.1", 0) for _ in range(2)]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        with nginx(free_port(), ports, folder) as proxy:
            status = await asyncio.to_thread(_status, proxy.port, f"{method} {path}", body)
        for server in servers:
            server.close()
        return status

    # in a thread of its own: a browser of other tests may have left its event loop running in this one
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(story())).result(), seen


def _status(port: int, asked: str, body: bytes) -> int:
    """Head and body at once: a body that nginx has together with the head is one that it could send again."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        caller.sendall(f"{asked} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return int(caller.recv(100)[9:12])


@pytest.mark.parametrize("way", ["hangs up", "refuses"])
@pytest.mark.parametrize(
    ("method", "path", "body", "again"),
    [
        ("POST", "/search", b"photo", True),
        ("POST", "/search?limit=3", b"photo" * 500_000, True),
        ("POST", "/search/batch", b"photos", True),
        ("GET", "/products/P1", b"", True),
        ("POST", "/products/batch", b"changes", False),
        ("PUT", "/products/P1", b"product", False),
        ("PUT", "/products/P1", b"product" * 500_000, False),
        ("DELETE", "/products/P1", b"", False),
        ("POST", "/admin/reload", b"", False),
    ],
)
def test_what_reads_is_asked_of_another_replica_and_what_writes_never(
    way: str, method: str, path: str, body: bytes, again: bool, tmp_path: Path
) -> None:
    status, seen = asked_of(way, method, path, body, tmp_path)
    assert status == (503 if way == "refuses" else 502)
    assert len(seen) == (4 if again else 1)
    assert len(set(seen)) == 1  # one id, whoever is asked


def test_the_log_has_no_address_of_a_caller(tmp_path: Path) -> None:
    with nginx(free_port(), BOTH_GONE, tmp_path) as proxy:
        httpx2.get(f"http://127.0.0.1:{proxy.port}/info?key=secret", headers={"X-Forwarded-For": "203.0.113.9"})
        (line,) = proxy.answers(1)
        assert line["statuses"] == "502, 502, 502, 502"
        assert "203.0.113.9" not in json.dumps(line)
        assert not {"127.0.0.1", "secret"} & set(re.split(r"[^\w.]", json.dumps({**line, "replicas": ""})))
