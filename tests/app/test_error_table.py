"""Every row of the table of errors, and the one shape that all of them have."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from app.live import Live, Loaded
from app.problems import KINDS, TYPE_PREFIX
from tests.app.conftest import Clients
from tests.app.running import ask, encoded
from tests.tiny_catalogue import draw

Ask = Callable[[TestClient, bytes], httpx2.Response]
READ, WRITE = "read-key-read-key-0", "write-key-write-key"


def check(response: httpx2.Response, kind: str) -> str:
    """Check the shape of an error; returns its detail."""
    assert response.status_code == KINDS[kind].status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) - {"candidates"} == {"type", "title", "status", "detail", "request_id"}
    assert problem["type"] == TYPE_PREFIX + kind
    assert problem["title"] == KINDS[kind].title
    assert problem["status"] == response.status_code
    assert problem["request_id"] == response.headers["X-Request-ID"]
    assert "\n" not in problem["detail"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    for name, value in KINDS[kind].headers.items():
        assert response.headers[name] == value
    return str(problem["detail"])


def form(client: TestClient, body: bytes, boundary: str = "b") -> httpx2.Response:
    return client.post("/search", content=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})


WHOLE = b'--b\r\nContent-Disposition: form-data; name="image"; filename="p"\r\n\r\n'

CASES: list[tuple[str, str, Ask]] = [
    ("0 bytes in a form", "unreadable-photo", lambda c, _: ask(c, b"")),
    ("0 bytes raw", "unreadable-photo", lambda c, _: c.post("/search", headers={"Content-Type": "image/png"})),
    ("not an image", "unreadable-photo", lambda c, _: ask(c, b"%PDF-1.7 hello")),
    ("truncated", "unreadable-photo", lambda c, jpeg: ask(c, jpeg[: len(jpeg) // 2])),
    ("truncated form", "malformed-body", lambda c, jpeg: form(c, WHOLE + jpeg)),
    ("form without boundary lines", "malformed-body", lambda c, _: form(c, b"nonsense")),
    ("form without a boundary", "malformed-body", lambda c, _: form(c, b"--\r\n", "")),
    ("boundary too long", "malformed-body", lambda c, _: form(c, b"", "x" * 500)),
    ("unknown product", "unknown-product", lambda c, _: c.get("/products/P99")),
    ("similar to an unknown product", "unknown-product", lambda c, _: c.get("/products/P99/similar")),
    ("unknown image", "unknown-image", lambda c, _: c.get("/images/P99-0")),
    ("image out of the folder", "unknown-image", lambda c, _: c.get("/images/..%2F..%2Fmanifest.json")),
    ("unknown route", "unknown-route", lambda c, _: c.get("/nothing/here")),
    ("an address with a slash too many", "unknown-route", lambda c, _: c.get("/info/")),
    ("unknown static file", "unknown-route", lambda c, _: c.get("/static/nothing.js")),
    ("unknown docs file", "unknown-route", lambda c, _: c.get("/docs/assets/nothing.js")),
    ("wrong method", "method-not-allowed", lambda c, _: c.delete("/search")),
    ("another type of image", "unsupported-photo", lambda c, _: ask(c, encoded(draw(1, 1), "PPM"))),
    ("another type of body", "unsupported-content-type", lambda c, _: c.post("/search", json={"image": "x"})),
    ("no type of body", "unsupported-content-type", lambda c, _: c.post("/search")),
    ("no field", "invalid-request", lambda c, _: form(c, b"--b--\r\n")),
    ("another field", "invalid-request", lambda c, jpeg: c.post("/search", files={"photo": jpeg})),
    (
        "a parameter as a field",
        "invalid-request",
        lambda c, jpeg: c.post("/search", files={"image": jpeg}, data={"limit": "1"}),
    ),
    ("two photos", "invalid-request", lambda c, jpeg: c.post("/search", files=[("image", jpeg), ("image", jpeg)])),
    ("limit=0", "invalid-request", lambda c, jpeg: ask(c, jpeg, limit=0)),
    ("limit=many", "invalid-request", lambda c, jpeg: ask(c, jpeg, limit="many")),
    ("offset=-1", "invalid-request", lambda c, jpeg: ask(c, jpeg, offset=-1)),
    ("too deep a page", "invalid-request", lambda c, jpeg: ask(c, jpeg, offset=195, limit=10)),
    ("a misspelt parameter", "invalid-request", lambda c, jpeg: ask(c, jpeg, limt=3)),
    ("a box of three", "invalid-request", lambda c, jpeg: ask(c, jpeg, box="0,0,1")),
    ("a box of words", "invalid-request", lambda c, jpeg: ask(c, jpeg, box="a,b,c,d")),
    ("a box turned round", "invalid-request", lambda c, jpeg: ask(c, jpeg, box="0.5,0,0.2,1")),
    ("a box of nothing", "invalid-request", lambda c, jpeg: ask(c, jpeg, box="nan,0,1,1")),
    ("unknown category", "unknown-category", lambda c, jpeg: ask(c, jpeg, category="leaf:shoes")),
    ("unknown category of similar", "unknown-category", lambda c, _: c.get("/products/P03/similar?category=shoes")),
    ("min_score without calibration", "no-calibration", lambda c, jpeg: ask(c, jpeg, min_score=0.5)),
    ("min_score beyond 1", "invalid-request", lambda c, jpeg: ask(c, jpeg, min_score=2)),
]


@pytest.mark.parametrize(("kind", "send"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_bad_input_gets_its_answer_from_the_table(client: TestClient, jpeg: bytes, kind: str, send: Ask) -> None:
    check(send(client, jpeg), kind)


def test_an_ambiguous_category_lists_what_it_may_have_meant(client: TestClient, jpeg: bytes) -> None:
    response = ask(client, jpeg, category="level4")
    check(response, "unknown-category")
    candidates = response.json()["candidates"]
    assert candidates == ["path:meta0/level4", "path:meta0/level4/level4"]
    for candidate in candidates:
        assert ask(client, jpeg, category=candidate).status_code == 200


def test_a_body_beyond_the_limit_is_too_large_declared_or_not(clients: Clients, jpeg: bytes) -> None:
    headers = {"Content-Type": "image/jpeg"}
    with clients(max_body_bytes=1000) as client:
        assert "1,000" in check(client.post("/search", content=b"x" * 1001, headers=headers), "too-large")
        check(client.post("/search", content=iter([b"x" * 600] * 2), headers=headers), "too-large")
        check(client.post("/search/batch", files={"image": jpeg}), "too-large")


def test_a_photo_beyond_the_models_limit_is_too_large(client: TestClient) -> None:
    check(ask(client, b"\xff" * 20_000_001), "too-large")


def test_uploads_beyond_the_memory_set_aside_are_told_to_come_back(clients: Clients) -> None:
    with clients(max_body_bytes=2000, max_buffered_bytes=2000) as client:
        headers = {"Content-Type": "image/jpeg"}
        # what an earlier upload held is given back, so the second of two in a row finds the room of the first
        for _ in range(2):
            check(client.post("/search", content=b"x" * 1500, headers=headers), "unreadable-photo")
        service = client.app_state["service"]
        service.intake.hold(1000)
        check(client.post("/search", content=b"x" * 1500, headers=headers), "busy")
        service.intake.release(1000)
        check(client.post("/search", content=b"x" * 1500, headers=headers), "unreadable-photo")


def test_a_full_queue_says_when_to_come_back(clients: Clients, jpeg: bytes) -> None:
    with clients(threads=1, queue=0) as client:
        gate = client.app_state["service"].compute.gate
        client.portal.call(gate.enter)
        for response in (ask(client, jpeg), client.get("/products/P03/similar")):
            check(response, "busy")
            assert response.headers["Retry-After"] == "1"
        client.portal.call(gate.leave)
        assert ask(client, jpeg).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {READ}"}])
@pytest.mark.parametrize("path", ["/info", "/metrics", "/products/P03", "/images/P03-0", "/products/P03/similar"])
def test_no_key_or_a_wrong_one_is_refused_where_a_key_is_set(
    clients: Clients, headers: dict[str, str], path: str
) -> None:
    with clients(read_key=READ, write_key=WRITE) as client:
        check(client.get(path, headers=headers), "unauthorized")


def test_the_read_key_and_the_write_key_open_what_is_read(clients: Clients, jpeg: bytes) -> None:
    with clients(read_key=READ, write_key=WRITE) as client:
        check(ask(client, jpeg), "unauthorized")
        for key in (READ, WRITE):
            client.headers["Authorization"] = f"Bearer {key}"
            assert ask(client, jpeg).status_code == 200


def test_health_and_the_pages_need_no_key(clients: Clients) -> None:
    with clients(read_key=READ) as client:
        for path in ("/livez", "/readyz", "/healthz", "/docs", "/openapi.json", "/", "/static/js/main.js"):
            assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/info", "/products/P03", "/products/P03/similar", "/images/P03-0"])
def test_without_a_generation_every_read_is_not_ready(clients: Clients, path: str) -> None:
    with clients(live=Live()) as client:
        assert "twinshot index" in check(client.get(path), "not-ready")
        assert client.get("/livez").status_code == 200
        assert client.get("/readyz").status_code == 503
        assert client.get("/metrics").status_code == 200


def test_while_shutting_down_nothing_new_is_begun(clients: Clients, loaded: Loaded, jpeg: bytes) -> None:
    live = Live(loaded)
    live.draining = True
    with clients(live=live) as client:
        check(ask(client, jpeg), "shutting-down")
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200


def test_a_failure_of_ours_is_a_500_that_tells_no_secrets(
    clients: Clients, jpeg: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with clients() as client:
        client.app_state["service"].compute.close()  # a pool that takes no work: nothing can be searched
        detail = check(ask(client, jpeg), "internal-error")
    assert "Traceback" not in detail
    assert "cannot schedule" in caplog.text


def test_a_failed_request_is_counted_with_its_route(clients: Clients, jpeg: bytes) -> None:
    with clients() as client:
        ask(client, b"no image")
        client.get("/made/up/by/a/caller")
        text = client.get("/metrics").text
    assert 'twinshot_requests_total{method="POST",route="/search",status="400"} 1.0' in text
    assert 'twinshot_requests_total{method="GET",route="unmatched",status="404"} 1.0' in text
    assert "made/up" not in text


def test_errors_are_counted_by_their_kind_and_those_within_a_batch_are_none(clients: Clients, jpeg: bytes) -> None:
    with clients() as client:
        ask(client, b"no image")
        client.get("/made/up/by/a/caller")
        client.get("/products?limit=many")
        batch = client.post("/search/batch", files=[("image", b"no image"), ("image", jpeg)])
        assert batch.json()["answers"][0]["error"]["status"] == 400
        text = client.get("/metrics").text
    counted = dict(re.findall(r'^twinshot_errors_total{kind="(.*)"} (\S+)$', text, re.MULTILINE))
    assert counted.keys() == KINDS.keys()  # from the start, so that Prometheus sees the first of each
    assert {kind: own for kind, own in counted.items() if own != "0.0"} == dict.fromkeys(
        ("unreadable-photo", "unknown-route", "invalid-request"), "1.0"
    )


def test_every_kind_of_error_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    for kind, about in KINDS.items():
        assert any(f"`{kind}`" in row and f" {about.status} " in row for row in rows), kind
