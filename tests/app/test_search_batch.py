"""POST /search/batch: an answer for each photo, or one for the request."""

import httpx2
import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from app import search
from tests.app.conftest import Clients
from tests.app.running import ask, photo_of
from tests.app.test_error_table import check
from tests.waiting import until

SENT = 8


def test_a_batch_answers_each_photo_as_search_does(client: TestClient, jpeg: bytes) -> None:
    photos = [jpeg, b"no image", photo_of(5)]
    response = client.post("/search/batch?limit=3", files=[("image", ("p", photo)) for photo in photos])
    first, second, third = response.json()["answers"]
    assert first["results"] == ask(client, jpeg, limit=3).json()["results"]
    assert third["results"] == ask(client, photos[2], limit=3).json()["results"]
    assert first["error"] is None
    assert second["results"] is None
    assert second["error"]["status"] == 400
    assert second["error"]["type"] == "urn:twinshot:problem:unreadable-photo"


def test_a_batch_takes_sixteen_photos_and_no_more(client: TestClient) -> None:
    files = [("image", ("p", photo_of(number))) for number in range(17)]
    assert len(client.post("/search/batch", files=files[:16]).json()["answers"]) == 16
    refused = client.post("/search/batch", files=files)
    assert refused.status_code == 422
    assert "at most 16" in refused.json()["detail"]


def send(client: TestClient) -> httpx2.Response:
    return client.post("/search/batch", files=[("image", ("p", photo_of(number))) for number in range(SENT)])


def until_nothing_is_under_way(client: TestClient) -> None:
    flights = client.app_state["service"].searcher.flights
    until(lambda: len(flights) == 0)


def test_where_a_photo_fails_for_a_fault_of_ours_those_after_it_are_not_begun(
    clients: Clients, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    embed, begun = search.embed, []

    def failing(*given: object) -> object:
        begun.append(given)
        if len(begun) == 2:
            raise RuntimeError("the second fails")
        return embed(*given)

    monkeypatch.setattr(search, "embed", failing)
    with clients(threads=1) as client:
        check(send(client), "internal-error")
        until_nothing_is_under_way(client)
    assert len(begun) <= 3  # the third may have had its turn before the failure was known
    assert "RuntimeError: the second fails" in caplog.text
    assert "ExceptionGroup" not in caplog.text


def test_a_caller_who_hangs_up_while_several_wait_is_gone_and_no_failure(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed, begun = search.embed, []

    def counted(*given: object) -> object:
        begun.append(given)
        return embed(*given)

    async def gone(_: Request) -> bool:
        return len(begun) > 0

    monkeypatch.setattr(search, "embed", counted)
    monkeypatch.setattr(Request, "is_disconnected", gone)
    with clients(threads=2) as client:
        check(send(client), "caller-gone")
        until_nothing_is_under_way(client)
    assert len(begun) == 1
