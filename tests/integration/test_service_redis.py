"""A real Redis: shared by two services, killed, and frozen in the middle of the work."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest

from tests.app.running import Process, photo_of, processes
from tests.redis_server import RedisServer
from tests.waiting import until

Start = Callable[..., Process]


@pytest.fixture
def redis(free_port: int, tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(free_port, tmp_path)
    yield server
    server.end()


@pytest.fixture
def start(tiny_bundle: Path, tmp_path: Path) -> Iterator[Start]:
    with processes(tiny_bundle, tmp_path) as start:
        yield start


def seconds(service: Process, photo: bytes) -> float:
    began = time.perf_counter()
    answer = service.ask(photo)
    assert answer.json()["results"][0]["product_id"] == "P03"
    return time.perf_counter() - began


def usually(service: Process) -> float:
    """What a search takes on this machine with a Redis that is well."""
    return median(seconds(service, photo_of(3, number)) for number in range(20, 27))


def health(service: Process) -> str:
    answer = service.http.get("/readyz")
    assert answer.status_code == 200
    return str(answer.json()["status"])


def test_one_service_finds_what_another_one_cached(start: Start, redis: RedisServer) -> None:
    services = [start(TWINSHOT_REDIS_URL=redis.url) for _ in range(2)]
    first, second = (service.until_ready().ask(photo_of(3)).json() for service in services)
    assert (first.pop("cached"), second.pop("cached")) == (False, True)
    for answer in (first, second):
        del answer["took_ms"], answer["request_id"]
    assert first == second


def test_a_killed_redis_costs_nothing_and_is_found_again(start: Start, redis: RedisServer) -> None:
    service = start(TWINSHOT_REDIS_URL=redis.url).until_ready()
    assert health(service) == "ok"
    usual = usually(service)
    redis.end()
    assert median(seconds(service, photo_of(3, number)) for number in range(8)) < usual + 0.1
    assert health(service) == "degraded"
    redis.begin()
    until(lambda: health(service) == "ok")
    assert [service.ask(photo_of(3)).json()["cached"] for _ in range(2)][1]


def test_a_frozen_redis_is_waited_for_three_times_at_most(start: Start, redis: RedisServer) -> None:
    service = start(TWINSHOT_REDIS_URL=redis.url).until_ready()
    usual = usually(service)
    redis.send(signal.SIGSTOP)
    try:
        first = [seconds(service, photo_of(3, number)) for number in range(3)]
        later = [seconds(service, photo_of(3, number)) for number in range(3, 9)]
        assert sum(first) < 3 * usual + 1.5  # three time-outs of 0.1 s
        assert median(later) < usual + 0.1
        assert health(service) == "degraded"
    finally:
        redis.send(signal.SIGCONT)
    until(lambda: health(service) == "ok")


def test_what_redis_says_as_it_refuses_is_in_the_log_and_no_password(start: Start, redis: RedisServer) -> None:
    redis.set("requirepass", "right-password")
    services = [start(TWINSHOT_REDIS_URL=redis.url.replace("//", f"//{who}")) for who in ("", ":wrong-password@")]
    for service, said in zip(services, ("already authenticated", "invalid username-password"), strict=True):
        for number in range(3):
            service.until_ready().ask(photo_of(3, number))
        assert health(service) == "degraded"
        log = service.log.read_text()
        assert "AuthenticationError: " in log
        assert said in log
        assert "wrong-password" not in log
