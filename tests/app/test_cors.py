"""Pages of other origins: none may read answers but those that are named."""

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.app.conftest import WRITE, Clients
from tests.app.running import ask
from tests.app.test_error_table import check

SHOP, OTHER = "https://shop.example", "https://other.example"
READ = "read-key-read-key-0"


def allowed(response: httpx2.Response) -> str | None:
    origin: str | None = response.headers.get("Access-Control-Allow-Origin")
    return origin


def preflight(client: TestClient, origin: str, method: str, headers: str) -> httpx2.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return client.options("/products/P03", headers=asked)


def test_by_default_there_is_nothing_of_it(client: TestClient) -> None:
    for response in (client.get("/info", headers={"Origin": SHOP}), preflight(client, SHOP, "GET", "authorization")):
        assert [own for own in response.headers if own.lower().startswith("access-control")] == []
        assert "Vary" not in response.headers
    check(preflight(client, SHOP, "GET", "authorization"), "method-not-allowed")


def test_a_page_of_a_named_origin_may_read_answers_and_others_may_not(clients: Clients, jpeg: bytes) -> None:
    with clients(cors_origins=f"{SHOP},http://localhost:3000") as client:
        client.headers["Origin"] = SHOP
        answer = ask(client, jpeg)
        assert (answer.status_code, allowed(answer), answer.headers["Vary"]) == (200, SHOP, "Origin")
        assert {own.strip() for own in answer.headers["Access-Control-Expose-Headers"].split(",")} == {
            *("ETag", "Retry-After", "Server-Timing", "X-Request-ID")
        }
        assert "Access-Control-Allow-Credentials" not in answer.headers
        for stranger in (OTHER, "null", SHOP + ".other.example", "http://shop.example"):
            assert allowed(client.get("/info", headers={"Origin": stranger})) is None


@pytest.mark.parametrize("header", ["authorization", "if-match", "idempotency-key", "content-type", "x-request-id"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_page_may_send_what_the_api_takes_without_a_key_for_asking(
    clients: Clients, method: str, header: str
) -> None:
    with clients(cors_origins=SHOP, read_key=READ, write_key=WRITE) as client:
        response = preflight(client, SHOP, method, header)
        assert (response.status_code, allowed(response)) == (200, SHOP)
        assert header in response.headers["Access-Control-Allow-Headers"].lower()
        assert method in response.headers["Access-Control-Allow-Methods"]
        assert preflight(client, OTHER, method, header).status_code == 400
        assert allowed(preflight(client, OTHER, method, header)) is None
        assert preflight(client, SHOP, method, "x-other").status_code == 400


def test_all_origins_may_be_let_in(clients: Clients) -> None:
    with clients(cors_origins="*") as client:
        assert allowed(client.get("/info", headers={"Origin": OTHER})) == "*"
        assert allowed(preflight(client, OTHER, "PUT", "authorization")) == "*"


def test_a_page_can_read_errors_too(clients: Clients, jpeg: bytes) -> None:
    with clients(cors_origins=SHOP, read_rate=1, read_key=READ, max_body_bytes=1000) as client:
        client.headers["Origin"] = SHOP
        refused = [(client.get("/info"), "unauthorized"), (client.get("/nothing"), "unknown-route")]
        client.headers["Authorization"] = f"Bearer {READ}"
        refused.append((ask(client, jpeg), "too-large"))
        refused.append(([client.get("/info") for _ in range(9)][-1], "rate-limited"))
        for response, kind in refused:
            check(response, kind)
            assert allowed(response) == SHOP
    with clients(cors_origins=SHOP) as client:
        client.headers["Origin"] = SHOP
        client.app_state["service"].compute.close()
        failed = ask(client, jpeg)
        check(failed, "internal-error")
        assert allowed(failed) == SHOP
