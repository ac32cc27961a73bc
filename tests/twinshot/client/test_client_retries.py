"""When a request is sent again, after how long, and when it is not."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.twinshot.client.scripted import Script, scripted
from twinshot import AsyncClient, Client, ProblemError, UnreachableError

CHANGE = {"product_id": "P1", "revision": 1, "etag": None, "images": [], "replayed": False}
LIST = {"changes": [], "revision": 3, "complete": True}


def fine(answer: dict[str, Any] = LIST) -> httpx.Response:
    return httpx.Response(200, json=answer)


def busy(status: int = 429, after: str | None = "1") -> httpx.Response:
    headers = {} if after is None else {"Retry-After": after}
    problem = {"type": "urn:twinshot:problem:busy", "title": "Too much work", "status": status, "detail": "full"}
    return httpx.Response(
        status, json=problem | {"request_id": "r1"}, headers=headers | {"Content-Type": "application/problem+json"}
    )


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits of a Client, none of which is waited."""
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=waits.append))
    return waits


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_service_that_is_busy_is_asked_again_when_it_says(status: int, slept: list[float]) -> None:
    script = Script(busy(status, "7"), fine())
    with scripted(script) as client:
        assert client.changes().revision == 3
    assert len(script.requests) == 2
    assert 7 <= slept[0] <= 8.75


def test_retry_after_may_be_a_date(slept: list[float]) -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    with scripted(Script(busy(503, when), fine())) as client:
        client.changes()
    assert 15 < slept[0] <= 25


@pytest.mark.parametrize("header", [None, "", "soon", "-1"])
def test_without_a_time_the_waits_are_random_and_grow(header: str | None, slept: list[float]) -> None:
    with scripted(Script(*[busy(after=header) for _ in range(4)], fine()), attempts=5) as client:
        client.changes()
    assert len(slept) == 4
    assert all(0 <= own <= most for own, most in zip(slept, [0.5, 1, 2, 4], strict=True))
    assert len(set(slept)) == 4


def test_after_the_last_attempt_the_error_is_the_services(slept: list[float]) -> None:
    script = Script(*[busy(after="2") for _ in range(3)])
    with scripted(script, attempts=3) as client, pytest.raises(ProblemError) as caught:
        client.changes()
    assert (caught.value.status, caught.value.kind, caught.value.retry_after) == (429, "busy", 2.0)
    assert (len(script.requests), len(slept)) == (3, 2)


def test_a_wait_beyond_the_callers_patience_is_not_begun(slept: list[float]) -> None:
    script = Script(busy(after="31"))
    with scripted(script, patience=30) as client, pytest.raises(ProblemError):
        client.changes()
    assert (len(script.requests), slept) == (1, [])


def test_one_attempt_means_one(slept: list[float]) -> None:
    script = Script(busy())
    with scripted(script, attempts=1) as client, pytest.raises(ProblemError):
        client.changes()
    assert (len(script.requests), slept) == (1, [])


CALLS: list[tuple[str, Callable[[Client], object], dict[str, Any]]] = [
    ("a read", lambda client: client.changes(), LIST),
    ("a put", lambda client: client.put_product("P1", {"a": b"photo"}, title="x"), CHANGE),
    ("photos that are added", lambda client: client.add_images("P1", b"photo"), CHANGE),
    ("a removal", lambda client: client.remove_product("P1"), CHANGE),
]


@pytest.mark.parametrize(("call", "answer"), [own[1:] for own in CALLS], ids=[own[0] for own in CALLS])
@pytest.mark.parametrize(
    "broken", [httpx.ConnectError("refused"), httpx.ReadError("reset"), httpx.RemoteProtocolError("hung up")]
)
def test_after_a_broken_connection_the_very_same_request_is_sent(
    call: Callable[[Client], object], answer: dict[str, Any], broken: Exception, slept: list[float]
) -> None:
    script = Script(broken, fine(answer))
    with scripted(script) as client:
        call(client)
    first, again = script.requests
    assert first.read() == again.read()
    assert first.headers == again.headers
    assert len(slept) == 1
    if first.method != "GET":
        assert len(first.headers["Idempotency-Key"]) == 32


def test_each_change_has_a_key_of_its_own_unless_the_caller_names_one() -> None:
    script = Script(fine(CHANGE), fine(CHANGE), fine(CHANGE))
    with scripted(script) as client:
        client.remove_product("P1")
        client.remove_product("P1")
        client.remove_product("P1", idempotency_key="mine")
    keys = [own.headers["Idempotency-Key"] for own in script.requests]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


@pytest.mark.parametrize("status", [400, 404, 409, 412, 422, 500, 504])
def test_an_error_that_would_come_again_is_raised_at_once(status: int, slept: list[float]) -> None:
    script = Script(busy(status))
    with scripted(script) as client, pytest.raises(ProblemError) as caught:
        client.changes()
    assert caught.value.status == status
    assert (len(script.requests), slept) == (1, [])


def test_a_service_that_took_too_long_is_not_given_more_to_do(slept: list[float]) -> None:
    script = Script(httpx.ReadTimeout("too long"))
    with scripted(script, timeout=5) as client, pytest.raises(UnreachableError, match="no answer within 6 s"):
        client.search(b"photo")
    assert (len(script.requests), slept) == (1, [])


def test_whether_it_is_ready_is_asked_once(slept: list[float]) -> None:
    script = Script(httpx.Response(503, json={"status": "unavailable"}), fine({"status": "degraded"}))
    with scripted(script) as client:
        assert client.ready() is False
        assert client.ready() is True
        script.answers = [httpx.ConnectError("refused")]
        with pytest.raises(UnreachableError):
            client.ready()
    assert (len(script.requests), slept) == (3, [])


def test_the_asynchronous_client_asks_again_too() -> None:
    async def ask(script: Script, **options: Any) -> int:
        async with AsyncClient("http://shop.test", transport=script, **options) as client:
            return (await client.changes()).revision

    script = Script(busy(after="0"), busy(503, "0"), fine())
    assert asyncio.run(ask(script)) == 3
    assert len(script.requests) == 3
    with pytest.raises(ProblemError):
        asyncio.run(ask(Script(busy(after="0"), busy(after="0")), attempts=2))
    with pytest.raises(ProblemError):
        asyncio.run(ask(Script(busy(after="60"))))
