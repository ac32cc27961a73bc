"""docker-compose.replicas.yml: two replicas behind nginx, restarted under load, and Prometheus that reads both."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.app.running import photo_of
from tests.containers.compose import Compose, started, until

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900)]
REPLICAS = ("twinshot-1", "twinshot-2")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: Path) -> Iterator[Compose]:
    with started(tmp_path_factory.mktemp("compose"), "docker-compose.replicas.yml", tiny_bundle) as compose:
        yield compose


def test_both_replicas_answer_through_nginx(shop: Compose) -> None:
    for number in range(6):
        assert shop.search(photo_of(3, number))["results"][0]["product_id"] == "P03"
    log = shop("logs", "--no-log-prefix", "nginx")
    for address in ("172.31.77.11:8000", "172.31.77.12:8000"):
        assert address in log


def test_no_search_fails_in_a_rolling_restart(shop: Compose) -> None:
    began = [shop.state(replica)["StartedAt"] for replica in REPLICAS]
    ended = threading.Event()
    answers: list[str] = []

    def ask() -> None:
        while not ended.is_set():
            answers.append(shop.search(photo_of(3, len(answers)))["results"][0]["product_id"])

    with ThreadPoolExecutor() as pool:
        asking = pool.submit(ask)
        try:
            for replica in REPLICAS:
                shop("up", "--no-deps", "--force-recreate", "--wait", replica)
        finally:
            ended.set()
        asking.result()
    assert len(answers) > 20
    assert set(answers) == {"P03"}
    assert not set(began) & {shop.state(replica)["StartedAt"] for replica in REPLICAS}


def test_prometheus_reads_both_replicas_with_their_key(shop: Compose) -> None:
    shop("--profile", "monitoring", "up", "--detach", "--wait", "prometheus")

    def targets() -> dict[str, str]:
        told = shop.prometheus.get("/api/v1/targets").json()["data"]["activeTargets"]
        return {target["scrapeUrl"]: target["health"] for target in told}

    until(lambda: targets() == {f"http://{replica}:8000/metrics": "up" for replica in REPLICAS})
    groups = shop.prometheus.get("/api/v1/rules").json()["data"]["groups"]
    assert {rule["health"] for group in groups for rule in group["rules"]} <= {"ok", "unknown"}
