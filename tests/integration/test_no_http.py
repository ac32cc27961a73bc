"""What uvicorn's parser refuses before the application sees it."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.running import Process, processes


@pytest.fixture(scope="module")
def service(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with processes(tiny_bundle, tmp_path_factory.mktemp("service")) as start:
        yield start().until_ready()


@pytest.mark.parametrize(
    "sent", [b"hello\r\n\r\n", b"GET /products?after=" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"]
)
def test_what_cannot_be_read_gets_an_error_like_every_other(service: Process, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as caller:
        caller.sendall(sent)
        head, _, body = caller.makefile("rb").read().partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    problem = json.loads(body)
    assert lines[0] == "http/1.1 400 bad request"
    assert {
        "content-type: application/problem+json",
        f"content-length: {len(body)}",
        "connection: close",
        "x-content-type-options: nosniff",
        f"x-request-id: {problem['request_id']}",
    } <= set(lines)
    assert (problem["type"], problem["status"]) == ("urn:twinshot:problem:malformed-request", 400)
    assert service.http.get("/livez").status_code == 200
