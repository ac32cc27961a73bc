"""The service as its own process while more is asked than it can do at once."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from tests.app.running import Process, counted, photo_of, processes
from tests.waiting import until

SIDE = 1600
"""A PNG of this size keeps a thread busy for a tenth of a second and more."""
AHEAD = 12
"""Photos that are waiting already when callers come who will not."""


@pytest.fixture
def start(tiny_bundle: Path, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    with processes(tiny_bundle, tmp_path) as start:
        yield start


def post(service: Process, photo: bytes) -> httpx2.Response:
    with httpx2.Client(base_url=service.url, timeout=60) as own:
        return own.post("/search", content=photo, headers={"Content-Type": "image/png"})


def head(photo: bytes) -> bytes:
    return (
        f"POST /search HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: {len(photo)}\r\n\r\n".encode()
    )


def test_identical_photos_under_way_are_worked_on_once(start: Callable[..., Process]) -> None:
    service = start(TWINSHOT_THREADS="1").until_ready()
    photo = photo_of(3, 1, side=SIDE, kind="PNG")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: post(service, photo), range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({str(answer.json()["results"]) for answer in answers}) == 1
    assert counted(service, 'twinshot_stage_seconds_count{stage="decode"}') == 1


def test_for_callers_who_hung_up_nothing_is_begun(start: Callable[..., Process]) -> None:
    service = start(TWINSHOT_THREADS="1").until_ready()
    photos = [("image", photo_of(number, 1, side=SIDE, kind="PNG")) for number in range(AHEAD)]
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(httpx2.post, f"{service.url}/search/batch", files=photos, timeout=60)
        until(lambda: counted(service, "twinshot_queue_depth") >= AHEAD - 2)
        with ExitStack() as callers:
            for number in range(4):
                photo = photo_of(AHEAD + number, 1, kind="PNG")
                caller = callers.enter_context(socket.create_connection(("127.0.0.1", service.port)))
                caller.sendall(head(photo) + photo)
            for _ in range(2):
                caller = callers.enter_context(socket.create_connection(("127.0.0.1", service.port)))
                caller.sendall(b"GET /products/P03/similar HTTP/1.1\r\nHost: x\r\n\r\n")
            for _ in range(5):  # once they are answered the service has read the photos too, which came before
                counted(service, "twinshot_queue_depth")
        assert not busy.done()
        assert busy.result().status_code == 200
    until(lambda: counted(service, "twinshot_queue_depth") == 0)
    gone = 'twinshot_requests_total{method="%s",route="%s",status="499"}'
    assert counted(service, gone % ("POST", "/search")) == 4
    assert counted(service, gone % ("GET", "/products/{product_id:path}/similar")) == 2
    assert counted(service, 'twinshot_stage_seconds_count{stage="decode"}') == AHEAD


def test_an_overload_is_refused_at_once_and_health_goes_on(start: Callable[..., Process]) -> None:
    service = start(TWINSHOT_THREADS="1", TWINSHOT_QUEUE="3").until_ready()
    photos = [photo_of(number, 1, side=SIDE, kind="PNG") for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        sent = [pool.submit(post, service, photo) for photo in photos]
        until(lambda: counted(service, 'twinshot_requests_total{method="POST",route="/search",status="429"}') > 0)
        assert service.http.get("/livez").status_code == 200
        assert service.http.get("/readyz").status_code == 200
        answers = [own.result() for own in sent]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert len(refused) >= 4
    for answer in refused:
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["type"] == "urn:twinshot:problem:busy"
    assert post(service, photos[0]).status_code == 200
