"""How often a caller may ask: one bucket a key, or an address where there is none."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.problems import ProblemError
from app.rates import BURST, Rate, neighbourhood
from tests.app.conftest import WRITE, Clients, Shops
from tests.app.running import ask, photo_of
from tests.app.test_changes import put
from tests.app.test_error_table import check

READ = "read-key-read-key-0"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of every limit: it passes only where a test lets it."""
    now = [1000.0]
    monkeypatch.setattr("throttled.utils.time.monotonic", lambda: now[0])
    return now


def wait_of(client: TestClient, path: str = "/info", **headers: str) -> int:
    response = client.get(path, headers=headers)
    check(response, "rate-limited")
    return int(response.headers["Retry-After"])


def test_seconds_worth_of_requests_may_come_at_once_and_then_so_many_a_second(
    clients: Clients, clock: list[float]
) -> None:
    with clients(read_rate=2) as client:
        for _ in range(2 * BURST):
            assert client.get("/info").status_code == 200
        for _ in range(3):  # what is refused does not count
            assert wait_of(client) == 1
        for _ in range(6):
            clock[0] += 0.5
            assert client.get("/info").status_code == 200
            check(client.get("/info"), "rate-limited")


@hypothesis_settings(deadline=None)
@given(per_second=st.integers(1, 50), pauses=st.lists(st.floats(0, 3), max_size=60))
def test_the_time_to_wait_is_true_and_no_more_than_the_burst_is_let_through(
    per_second: int, pauses: list[float]
) -> None:
    now = [1000.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("throttled.utils.time.monotonic", lambda: now[0])
        rate, taken = Rate(per_second), 0
        for pause in [0.0] * (per_second * BURST) + pauses:
            now[0] += pause
            try:
                rate.take("a")
                taken += 1
            except ProblemError as error:
                now[0] += int(error.headers["Retry-After"])
                rate.take("a")
                taken += 1
            assert taken <= per_second * (BURST + now[0] - 1000.0) + 1e-6


def test_each_key_has_a_limit_of_its_own(clients: Clients, clock: list[float]) -> None:
    with clients(read_rate=1, read_key=READ, write_key=WRITE) as client:
        for key in (READ, WRITE):
            client.headers["Authorization"] = f"Bearer {key}"
            for _ in range(BURST):
                assert client.get("/info").status_code == 200
            assert wait_of(client) == 1
        check(client.get("/info", headers={"Authorization": "Bearer wrong"}), "unauthorized")


def test_callers_without_a_key_are_told_apart_by_address_and_no_made_up_key_helps(
    clients: Clients, clock: list[float]
) -> None:
    with clients(read_rate=1, write_key=WRITE) as client:
        for number in range(BURST):
            assert client.get("/info", headers={"Authorization": f"Bearer {number}"}).status_code == 200
        assert wait_of(client, Authorization="Bearer another") == 1
        assert client.get("/info", headers={"Authorization": f"Bearer {WRITE}"}).status_code == 200
        client._transport.client = ("10.0.0.2", 1)  # type: ignore[attr-defined]
        assert client.get("/info").status_code == 200


def test_every_read_counts_and_no_health_metrics_or_page(clients: Clients, clock: list[float], jpeg: bytes) -> None:
    with clients(read_rate=1) as client:
        ask(client, jpeg)
        for path in ("/products", "/products/P03/similar", "/images/P03-0", "/changes"):
            assert client.get(path).status_code == 200
        for path in ("/info", "/products/P03"):
            assert wait_of(client, path) == 1
        check(ask(client, jpeg), "rate-limited")
        check(client.post("/search/batch", files={"image": jpeg}), "rate-limited")
        for path in ("/livez", "/readyz", "/healthz", "/metrics", "/docs", "/openapi.json", "/", "/static/js/main.js"):
            for _ in range(2):
                assert client.get(path).status_code == 200


def test_changes_have_a_limit_of_their_own(shops: Shops, clock: list[float]) -> None:
    with shops(write_rate=1) as shop:
        for number in range(BURST):
            assert put(shop, f"N{number}").status_code == 200
        for response in (
            put(shop, "A", ("x", photo_of(40))),
            shop.delete("/products/N0"),
            shop.post("/products/batch", files={"operations": b'{"op": "delete", "product_id": "N0"}'}),
        ):
            check(response, "rate-limited")
        assert shop.get("/products/N0").status_code == 200
        assert ask(shop, photo_of(3)).status_code == 200


@pytest.mark.parametrize(
    ("host", "counted_as"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("testclient", "testclient"),
    ],
)
def test_addresses_of_one_network_of_ipv6_are_one_caller(host: str, counted_as: str) -> None:
    assert neighbourhood(host) == counted_as


def test_callers_who_have_been_quiet_the_longest_are_forgotten_first(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.rates.CALLERS", 2)
    rate = Rate(1)
    for caller in ("quiet", "loud"):
        for _ in range(BURST):
            rate.take(caller)
    with pytest.raises(ProblemError):
        rate.take("loud")
    rate.take("third")
    with pytest.raises(ProblemError):
        rate.take("loud")
    rate.take("quiet")
