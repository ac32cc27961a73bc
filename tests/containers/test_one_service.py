"""docker-compose.yml as a user starts it: the images are built, and all that it has runs."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.app.running import photo_of
from tests.containers.compose import USER, Compose, started, until

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900)]
SERVICES = ("twinshot", "compactor", "redis")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: Path) -> Iterator[Compose]:
    with started(tmp_path_factory.mktemp("compose"), "docker-compose.yml", tiny_bundle) as compose:
        yield compose


def test_all_of_it_is_healthy_and_the_cache_is_redis(shop: Compose) -> None:
    assert shop.health() == {"status": "ok", "checks": {**shop.health()["checks"], "cache": "redis: ok"}}
    assert {service: shop.state(service)["Running"] for service in SERVICES} == dict.fromkeys(SERVICES, True)


def test_a_setting_of_the_file_env_reaches_the_service(shop: Compose) -> None:
    shop.search(photo_of(2))
    until(lambda: '"message": "POST /search 200"' in shop("logs", "--no-log-prefix", "twinshot"))


def test_a_photo_is_found_and_its_answer_lies_in_redis(shop: Compose) -> None:
    first, second = shop.search(photo_of(3)), shop.search(photo_of(3))
    assert (first["cached"], second["cached"]) == (False, True)
    assert first["results"][0]["product_id"] == "P03"
    assert int(shop("exec", "-T", "redis", "redis-cli", "dbsize")) >= 2


def test_the_service_is_nobody_and_writes_its_state_alone(shop: Compose) -> None:
    writes = "for own in / /bundles /opt /state /tmp; do touch $own/x 2>/dev/null && rm $own/x && echo $own; done; true"
    said = shop("exec", "-T", "twinshot", "sh", "-c", f"id -u; grep CapEff /proc/self/status; {writes}").split()
    assert said == [str(USER), "CapEff:", "0" * 16, "/state", "/tmp"]


def test_a_change_outlives_a_crash_of_the_service_which_starts_again(shop: Compose) -> None:
    put = shop.http.put("/products/NEW", files={"image": photo_of(4, 9)}, data={"product": '{"title": "New"}'})
    assert put.status_code == 200
    before = shop.state("twinshot")
    os.kill(before["Pid"], signal.SIGKILL)
    until(lambda: shop.state("twinshot")["StartedAt"] != before["StartedAt"])
    until(lambda: _title(shop) == "New")


def test_the_compactor_folds_the_change_into_a_generation_that_is_served(shop: Compose) -> None:
    before = shop.health()["checks"]["generation"]
    assert "is live: 1 changed product" in shop(
        "exec", "-T", "compactor", "twinshot", "compact", "/bundles", "--state", "/state"
    )
    until(lambda: shop.health()["checks"]["generation"] != before)
    assert _title(shop) == "New"


def test_a_new_index_is_made_where_the_bundles_and_the_state_are(
    shop: Compose, tiny_catalogue: Path, tiny_model: Path
) -> None:
    before = shop.health()["checks"]["generation"]
    mounted = [f"--volume={tiny_catalogue.parent}:/shop:ro", f"--volume={tiny_model}:/model:ro"]
    command = ["index", "/shop/catalogue.csv", "--model=/model", "--out=/bundles", "--state=/state"]
    assert "live" in shop("run", "--rm", "--no-deps", "-T", *mounted, "compactor", *command)
    until(lambda: shop.health()["checks"]["generation"] != before)
    assert _title(shop) == "New"


def test_all_of_it_ends_by_itself_when_it_is_stopped(shop: Compose) -> None:
    shop("stop")
    assert {service: shop.state(service)["ExitCode"] for service in SERVICES} == dict.fromkeys(SERVICES, 0)
    assert '"message": "stopped"' in shop("logs", "--no-log-prefix", "twinshot").splitlines()[-1]
    assert shop("logs", "--no-log-prefix", "compactor").splitlines()[-1].endswith("told to end")


def _title(shop: Compose) -> str | None:
    try:
        answer = shop.http.get("/products/NEW")
    except httpx2.TransportError:  # it starts
        return None
    return str(answer.json()["title"]) if answer.status_code == 200 else None
