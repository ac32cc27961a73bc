"""docker/monitoring by the real Prometheus, over a running service that wants a key."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.app.running import READ_KEY, Process, free_port, processes
from tests.children import child
from tests.monitoring import ALERTS, FOLDER, RULES, expressions


@contextmanager
def prometheus(folder: Path, service: Process) -> Iterator[httpx2.Client]:
    """Prometheus with our configuration, but for places and a look every second in place of every 15."""
    text = (FOLDER / "prometheus.yml").read_text(encoding="utf-8").replace("interval: 15s", "interval: 1s")
    text = text.replace("/etc/prometheus/alerts.yml", str(ALERTS)).replace("/etc/prometheus", str(folder))
    (folder / "prometheus.yml").write_text(text.replace("/tmp/read-key", str(folder / "read-key")), encoding="utf-8")
    (folder / "targets.yml").write_text(f'- targets: ["127.0.0.1:{service.port}"]', encoding="utf-8")
    (folder / "read-key").write_text(READ_KEY, encoding="utf-8")
    program = shutil.which("prometheus")
    assert program, "prometheus is not installed; `make system` installs it"
    address = f"127.0.0.1:{free_port()}"
    options = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    with (
        (folder / "prometheus.log").open("wb") as log,
        child([program, *options, f"--web.listen-address={address}"], stderr=log),
        httpx2.Client(base_url=f"http://{address}/api/v1", timeout=30) as client,
    ):
        yield client


def asked(client: httpx2.Client, path: str, **params: str) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def until_looked_at(client: httpx2.Client, folder: Path) -> None:
    """Wait until every rule has been evaluated and the service read."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            rules = asked(client, "/rules")["groups"][0]["rules"]
            found = asked(client, "/query", query="twinshot_ready")["result"]
        except (httpx2.TransportError, AssertionError, IndexError):  # it starts, and first says 503
            found, rules = [], []
        if found and all(own["health"] != "unknown" for own in rules):
            return
        time.sleep(0.1)
    raise AssertionError((folder / "prometheus.log").read_text())


def test_it_reads_the_service_and_evaluates_every_expression(tiny_bundle: Path, tmp_path: Path) -> None:
    with (
        processes(tiny_bundle, tmp_path) as start,
        prometheus(tmp_path, start(TWINSHOT_READ_KEY=READ_KEY).until_ready()) as client,
    ):
        until_looked_at(client, tmp_path)
        (target,) = asked(client, "/targets")["activeTargets"]
        assert (target["health"], target["lastError"], target["labels"]["job"]) == ("up", "", "twinshot")
        (group,) = asked(client, "/rules")["groups"]
        assert [(own["name"], own["health"]) for own in group["rules"]] == [(own["alert"], "ok") for own in RULES]
        for where, expression in expressions():
            assert asked(client, "/query", query=expression)["resultType"] == "vector", where
