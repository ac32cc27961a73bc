"""What the service writes to standard error: one JSON object a line, each line of a request with its id."""

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app import log as logs
from tests.app.conftest import Clients
from tests.app.running import ask, photo_of, processes

KEY = "read-key-read-key-0"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged from here on, as the service writes it where no terminal is."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    file = io.StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    logs.configure("json")
    monkeypatch.setattr(logging.getLogger("httpx2"), "disabled", True)  # the client that asks
    try:
        yield file
    finally:
        root.handlers[:] = before
        root.setLevel(level)


def lines(file: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_a_failure_is_one_line_with_the_id_that_the_caller_got_and_the_whole_exception(
    clients: Clients, jpeg: bytes, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken\nin two lines")

    monkeypatch.setattr("app.search.embed", fail)
    with clients() as client:
        answer = ask(client, jpeg)
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:twinshot:problem:internal-error")
    (line,) = lines(written)
    assert line.keys() == {"time", "level", "logger", "message", "request_id", "exception"}
    assert (line["level"], line["logger"]) == ("error", "app.middleware")
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert line["exception"].startswith("Traceback") and line["exception"].endswith("broken\nin two lines")
    assert abs(datetime.fromisoformat(line["time"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert line["time"].endswith("+00:00")


def test_what_no_request_logs_has_no_id(client: TestClient, jpeg: bytes, written: io.StringIO) -> None:
    ask(client, jpeg)
    logging.getLogger("app").info("by itself")
    assert [line.keys() for line in lines(written)] == [{"time", "level", "logger", "message"}]


def test_that_redis_answers_again_is_no_matter_of_the_request_that_found_it_gone(
    clients: Clients, jpeg: bytes, written: io.StringIO, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    async def until_it_answers(self: Any) -> None:
        seen.append(logs.about.get())

    monkeypatch.setattr("app.cache.redis.RedisCache._until_it_answers", until_it_answers)
    with clients(redis_url=f"redis://127.0.0.1:{free_port}/0") as client:
        for number in range(3):
            ask(client, photo_of(number))
    assert [line["request_id"] for line in lines(written) if "does not answer" in line["message"]]
    assert seen == [{}]


def test_the_access_log_has_a_line_for_each_answer_and_nothing_of_what_was_sent(
    clients: Clients, jpeg: bytes, written: io.StringIO
) -> None:
    with clients(access_log="on", read_key=KEY) as client:
        answer = client.post(
            "/search?category=meta:secret",
            files={"image": ("holiday.jpg", jpeg)},
            headers={"Authorization": f"Bearer {KEY}", "X-Request-ID": "mine"},
        )
        client.get("/products/secret-product")
    first, second = lines(written)
    assert first.pop("ms") > 0
    assert {name: first[name] for name in ("logger", "message", "method", "route", "status", "request_id")} == {
        "logger": "app.access",
        "message": f"POST /search {answer.status_code}",
        "method": "POST",
        "route": "/search",
        "status": answer.status_code,
        "request_id": "mine",
    }
    assert (second["status"], second["problem"]) == (401, "unauthorized")
    assert not re.search(f"secret|holiday|{KEY}|testclient", written.getvalue())


def test_without_the_access_log_answers_leave_no_line(client: TestClient, jpeg: bytes, written: io.StringIO) -> None:
    assert ask(client, jpeg).status_code == 200
    assert ask(client, b"no photo").status_code == 400
    assert written.getvalue() == ""


def test_a_process_writes_json_where_no_terminal_is_and_text_where_it_is_told_to(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    with processes(tiny_bundle, tmp_path) as start:
        plain = start().until_ready()
        told = start(TWINSHOT_LOG_FORMAT="text").until_ready()
    for line in plain.log.read_text().splitlines():
        assert json.loads(line).keys() >= {"time", "level", "logger", "message"}
    assert all(re.match(r"\d\d:\d\d:\d\d \S", line) for line in told.log.read_text().splitlines())
