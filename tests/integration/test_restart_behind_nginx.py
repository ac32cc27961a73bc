"""Two services behind a real nginx with docker/nginx.conf: restarted, killed, and asked for what they refuse."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from benchmarks.serve.nginx import Proxy, nginx
from tests.app.running import Process, counted, free_port, photo_of, processes
from tests.waiting import until

Start = Callable[..., Process]
CALLERS = 3
LIKE_PRODUCTION = {"TWINSHOT_DRAIN": "0.5", "TWINSHOT_THREADS": "1", "TWINSHOT_QUEUE_WAIT": "20"}
"""But for the time between SIGTERM and closing the port, and for the patience, since a machine may be busy."""


@pytest.fixture
def start(tiny_bundle: Path, tmp_path: Path) -> Iterator[Start]:
    with processes(tiny_bundle, tmp_path) as start:
        yield start


@pytest.fixture
def pair(start: Start) -> list[Process]:
    services = [start(**LIKE_PRODUCTION) for _ in range(2)]
    return [service.until_ready() for service in services]


@pytest.fixture
def proxy(pair: list[Process], tmp_path: Path) -> Iterator[Proxy]:
    with nginx(free_port(), [service.port for service in pair], tmp_path) as proxy:
        yield proxy


@contextmanager
def light_load(proxy: Proxy) -> Iterator[list[int]]:
    """Some callers, each asking again and again with another photo; the statuses, 0 where there was no answer."""
    over = threading.Event()
    statuses: list[int] = []

    def caller(number: int) -> None:
        photo, asked = photo_of(number), 0
        with httpx2.Client(base_url=f"http://127.0.0.1:{proxy.port}", timeout=60) as http:
            while not over.wait(0.01):
                asked += 1
                new = photo + f"{number} {asked}".encode()  # the same picture, another photo to the cache
                try:
                    statuses.append(http.post("/search", files={"image": new}).status_code)
                except httpx2.TransportError:
                    statuses.append(0)

    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(caller, number) for number in range(CALLERS)]
        try:
            yield statuses
        finally:
            over.set()
    for own in callers:
        own.result()


def more(statuses: list[int], number: int = 5) -> None:
    """Wait until so many further answers are there."""
    enough = len(statuses) + number
    until(lambda: len(statuses) >= enough)


def test_no_request_fails_while_one_service_after_the_other_is_restarted(
    start: Start, pair: list[Process], proxy: Proxy
) -> None:
    with light_load(proxy) as statuses:
        more(statuses)
        for service in pair:
            assert service.stop() == 0
            more(statuses)
            start(**LIKE_PRODUCTION, TWINSHOT_PORT=str(service.port)).until_ready()
            # no pause: the next one stops at once
        more(statuses)
    assert Counter(statuses).keys() == {200}
    asked = Counter(str(answer["statuses"]) for answer in proxy.answers(len(statuses)))
    assert asked["503, 200"] + asked["502, 200"] > 0  # the restarts were noticed, by nginx alone


def test_a_search_under_way_in_a_service_that_is_killed_is_answered_by_the_other(
    pair: list[Process], proxy: Proxy
) -> None:
    url = f"http://127.0.0.1:{proxy.port}/search"
    photos = [photo_of(number, 1, side=3000, kind="PNG") for number in range(2)]
    # one request each: least_conn gives the second to the service that has none
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(httpx2.post, url, files={"image": photo}, timeout=60) for photo in photos]
        until(lambda: counted(pair[0], "twinshot_queue_depth") >= 1)
        pair[0].popen.kill()
        statuses = [answer.result().status_code for answer in answers]
    assert statuses == [200, 200]
    assert Counter(str(answer["statuses"]) for answer in proxy.answers(2)) == {"200": 1, "502, 200": 1}


def test_a_refusal_comes_through_as_it_is_though_the_body_is_still_being_sent(start: Start, tmp_path: Path) -> None:
    port = start().until_ready().port
    with (
        nginx(free_port(), [port, port], tmp_path) as proxy,
        httpx2.Client(base_url=f"http://127.0.0.1:{proxy.port}", timeout=60) as http,
    ):
        for _ in range(5):
            answer = http.post("/search", content=b"\0" * 39_000_000, headers={"Content-Type": "image/jpeg"})
            assert (answer.status_code, answer.json()["title"]) == (413, "The photo or body is too large")
        assert [own["statuses"] for own in proxy.answers(5)] == ["413"] * 5
