"""Health, metrics, the description of the API and the pages."""

import re
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.live import Live, Loaded
from engine.changes.log import ChangeLog
from tests.app.conftest import Clients
from tests.app.running import ask
from tests.waiting import until

DOCS = Path(__file__).parents[2] / "docs"


def test_a_ready_service_says_so_and_why_when_asked(client: TestClient, loaded: Loaded) -> None:
    assert client.get("/livez").json()["status"] == "ok"
    assert client.get("/readyz").json() == {"status": "ok"}
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz?verbose").json()["checks"]["generation"] == loaded.generation.id


def test_a_dead_redis_degrades_and_no_more(clients: Clients, jpeg: bytes, free_port: int) -> None:
    with clients(redis_url=f"redis://127.0.0.1:{free_port}/0") as client:
        health = client.get("/readyz?verbose")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
        assert "does not answer" in health.json()["checks"]["cache"]
        assert ask(client, jpeg).json()["results"][0]["product_id"] == "P03"
        assert "twinshot_cache_up 0.0" in client.get("/metrics").text


def test_the_metrics_say_whether_it_can_answer_as_readyz_does(clients: Clients, loaded: Loaded) -> None:
    loading, stopping = Live(), Live(loaded)
    stopping.draining = True
    for live, status in ((loading, 503), (stopping, 503), (Live(loaded), 200)):
        with clients(live) as client:
            assert client.get("/readyz").status_code == status
            assert f"twinshot_ready {float(status == 200)}" in client.get("/metrics").text


def test_a_log_of_changes_that_cannot_be_followed_is_shown_and_told_once(
    shop: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def until_followed(followed: int) -> None:
        until(lambda: f"twinshot_changes_followed {float(followed)}" in shop.get("/metrics").text)

    def lost(_: ChangeLog) -> int:
        raise OSError("the disk is gone")

    monkeypatch.setattr("app.changes.follow.EVERY", 0.01)
    until_followed(followed=1)
    with monkeypatch.context() as broken:
        broken.setattr(ChangeLog, "revision", property(lost))
        until_followed(followed=0)
        time.sleep(0.3)  # many looks
    until_followed(followed=1)
    told = [record.message for record in caplog.records if record.name == "app.changes.follow"]
    assert [line.split(" ", 4)[-1] for line in told] == ["cannot be followed", "are followed again"]
    assert "the disk is gone" in caplog.text


def test_the_metrics_count_stages_and_cache_hits(client: TestClient, jpeg: bytes, loaded: Loaded) -> None:
    ask(client, jpeg)
    ask(client, jpeg)
    text = client.get("/metrics").text
    for stage in ("queue", "decode", "encode", "search", "rank"):
        assert f'twinshot_stage_seconds_count{{stage="{stage}"}} 1.0' in text
    assert 'twinshot_cache_lookups_total{layer="answer",result="hit"} 1.0' in text
    assert 'twinshot_cache_lookups_total{layer="embedding",result="miss"} 1.0' in text
    assert f'generation="{loaded.generation.id}"' in text
    assert "twinshot_generation_rows 60.0" in text
    assert "twinshot_buffered_bytes 0.0" in text


def test_the_metrics_say_how_large_an_entry_is_and_what_the_process_keeps(client: TestClient, jpeg: bytes) -> None:
    ask(client, jpeg)
    text = client.get("/metrics").text

    def value(metric: str) -> float:
        found = re.search(rf"^{re.escape(metric)} (\S+)$", text, re.MULTILINE)
        assert found, metric
        return float(found[1])

    put = {layer: value(f'twinshot_cache_entry_bytes_sum{{layer="{layer}"}}') for layer in ("embedding", "answer")}
    assert value('twinshot_cache_entry_bytes_count{layer="embedding"}') == 1
    assert value('twinshot_cache_entry_bytes_count{layer="answer"}') == 1
    assert put["embedding"] > 64 * 4  # the floats alone
    assert value("twinshot_cache_entries") == 2
    assert sum(put.values()) < value("twinshot_cache_bytes") < sum(put.values()) + 1000
    ask(client, jpeg)  # a hit puts nothing
    assert 'twinshot_cache_entry_bytes_count{layer="answer"} 1.0' in client.get("/metrics").text


def test_every_metric_is_documented(client: TestClient) -> None:
    names = set(re.findall(r"^# TYPE (twinshot_\w+)", client.get("/metrics").text, re.MULTILINE))
    documented = set(re.findall(r"`(twinshot_\w+)", (DOCS / "monitoring.md").read_text(encoding="utf-8")))
    assert names == documented


def test_every_route_is_documented_and_has_a_stable_operation_id(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    operations = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            operations[operation["operationId"]] = f"{method.upper()} {path}"
            assert f"`{method.upper()} {path}`" in text
    assert operations == {
        "search": "POST /search",
        "search_batch": "POST /search/batch",
        "product_list": "GET /products",
        "product": "GET /products/{product_id}",
        "put_product": "PUT /products/{product_id}",
        "edit_product": "PATCH /products/{product_id}",
        "remove_product": "DELETE /products/{product_id}",
        "add_images": "POST /products/{product_id}/images",
        "change_batch": "POST /products/batch",
        "remove_image": "DELETE /products/{product_id}/images/{image_id}",
        "changes": "GET /changes",
        "similar": "GET /products/{product_id}/similar",
        "image": "GET /images/{image_id}",
        "samples": "GET /samples",
        "sample": "GET /samples/{name}",
        "info": "GET /info",
        "metrics": "GET /metrics",
        "reload": "POST /admin/reload",
        "livez": "GET /livez",
        "readyz": "GET /readyz",
        "healthz": "GET /healthz",
    }


def test_every_operation_says_in_its_summary_what_it_does(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    operations = [operation for methods in paths.values() for operation in methods.values()]
    summaries = [operation["summary"] for operation in operations]
    assert len(set(summaries)) == len(summaries)
    # what FastAPI makes of a function's name says nothing
    made = [own["summary"] for own in operations if own["summary"].lower().replace(" ", "_") == own["operationId"]]
    assert made == []


def test_the_description_shows_errors_as_they_are(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert "HTTPValidationError" not in str(schema)
    responses = schema["paths"]["/search"]["post"]["responses"]
    assert set(responses) == {"200", *map(str, (400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 429, 500, 503))}
    for status, response in responses.items():
        if status != "200":
            assert response["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert set(schema["components"]["schemas"]["Problem"]["required"]) == {
        *("type", "title", "status", "detail", "request_id")
    }
    assert "multipart/form-data" in schema["paths"]["/search"]["post"]["requestBody"]["content"]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_the_pages_ask_nothing_of_other_hosts(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "//" not in page.text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert client.get("/" + address).status_code == 200, address


@pytest.mark.parametrize("path", ["/", "/static/icon.svg", "/docs/assets/docs.css", "/samples/a.jpg"])
@pytest.mark.parametrize("part", ["bytes=0-3", "bytes=9999999-", "bytes=nonsense"])
def test_a_file_is_answered_whole_whatever_part_is_asked_for(
    clients: Clients, tmp_path: Path, path: str, part: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    with clients(samples=tmp_path) as client:
        whole, asked = client.get(path), client.get(path, headers={"Range": part})
    assert (asked.status_code, asked.content) == (200, whole.content)
    assert asked.headers["Accept-Ranges"] == "none"


@pytest.mark.parametrize("path", ["/", "/static/icon.svg"])
def test_a_browser_whose_copy_still_stands_hears_so(client: TestClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    for name in ("ETag", "Cache-Control", "Content-Security-Policy"):  # a browser goes by those of the 304
        assert again.headers[name] == first.headers[name]
