"""A full queue refuses photos before anything else is done for them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from app.live import Live, Loaded
from tests.app.conftest import Clients
from tests.app.running import ask


@contextmanager
def full(clients: Clients, live: Live) -> Iterator[TestClient]:
    """A service whose only thread is taken, and where nobody may wait."""
    with clients(live, threads=1, queue=0) as client:
        gate = client.app_state["service"].compute.gate
        assert client.portal is not None
        client.portal.call(gate.enter)
        yield client


@pytest.mark.parametrize("path", ["/search", "/search/batch"])
def test_photos_are_refused_whatever_else_is_wrong_with_them(
    clients: Clients, loaded: Loaded, jpeg: bytes, path: str
) -> None:
    with full(clients, Live(loaded)) as client:
        for answer in (ask(client, jpeg, path), client.post(path, content=b"", params={"limit": "none"})):
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
            assert answer.json()["type"] == "urn:twinshot:problem:busy"
            assert answer.json()["request_id"] == answer.headers["X-Request-ID"]
        metrics = client.get("/metrics").text
        assert f'twinshot_requests_total{{method="POST",route="{path}",status="429"}} 2.0' in metrics
        assert 'twinshot_errors_total{kind="busy"} 2.0' in metrics


def test_what_is_no_photo_to_search_by_is_answered(clients: Clients, loaded: Loaded) -> None:
    with full(clients, Live(loaded)) as client:
        assert client.get("/info").status_code == 200
        assert client.get("/search").status_code == 405
        assert client.post("/nothing").status_code == 404


def test_who_is_shutting_down_says_that_instead(clients: Clients, loaded: Loaded, jpeg: bytes) -> None:
    live = Live(loaded)
    with full(clients, live) as client:
        live.draining = True
        assert ask(client, jpeg).status_code == 503
