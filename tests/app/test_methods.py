"""HEAD is GET without the body, and a method that an address does not take is told those that it does."""

import pytest
from starlette.testclient import TestClient

from tests.app.conftest import Clients
from tests.app.test_error_table import check


@pytest.mark.parametrize(
    "path",
    [
        *("/products", "/products/P03", "/products/P03/similar", "/changes", "/images/P03-0", "/info"),
        *(
            "/livez",
            "/readyz?verbose",
            "/healthz",
            "/metrics",
            "/",
            "/docs",
            "/openapi.json",
            "/static/js/main.js",
            "/samples",
        ),
    ],
)
def test_head_has_the_status_and_headers_of_get_and_no_body(client: TestClient, path: str) -> None:
    own, got = client.head(path), client.get(path)
    assert (own.status_code, own.content, got.status_code) == (200, b"", 200)
    assert len(got.content) > 0
    of_each_answer = {"X-Request-ID", "Server-Timing", "Content-Length"}  # it has the id, and times, in its body
    for name in set(got.headers) - {name.lower() for name in of_each_answer}:
        assert own.headers[name] == got.headers[name], name
    assert set(own.headers) == set(got.headers)


def test_head_of_what_is_not_there_or_not_changed_says_so(client: TestClient) -> None:
    missing = client.head("/products/P99")
    assert (missing.status_code, missing.headers["Content-Type"]) == (404, "application/problem+json")
    etag = client.head("/images/P03-0").headers["ETag"]
    assert client.head("/images/P03-0", headers={"If-None-Match": etag}).status_code == 304


def test_head_is_counted_with_its_route_and_wants_the_key(clients: Clients) -> None:
    with clients(read_key="read-key-read-key-0") as client:
        assert client.head("/products/P03").status_code == 401
        client.headers["Authorization"] = "Bearer read-key-read-key-0"
        assert client.head("/products/P03").status_code == 200
        text = client.get("/metrics").text
    assert 'twinshot_requests_total{method="HEAD",route="/products/{product_id:path}",status="200"} 1.0' in text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/products/P03", "DELETE, GET, HEAD, PATCH, PUT"),
        ("OPTIONS", "/products/P03", "DELETE, GET, HEAD, PATCH, PUT"),
        ("POST", "/products", "GET, HEAD"),
        ("DELETE", "/search", "POST"),
        ("HEAD", "/search", "POST"),
        ("POST", "/static/js/main.js", "GET, HEAD"),
        ("POST", "/openapi.json", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
    ],
)
def test_allow_names_every_method_of_the_address(client: TestClient, method: str, path: str, allowed: str) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)
    if method != "HEAD":
        assert check(response, "method-not-allowed") == f"{path} takes {allowed}, not {method}"
