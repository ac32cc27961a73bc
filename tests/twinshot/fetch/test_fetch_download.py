"""One picture: where it may come from, how long and how often it is asked for."""

import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import TooLargeError
from tests.twinshot.fetch.downloading import downloader
from twinshot.fetch import download
from twinshot.fetch.addresses import RefusedError
from twinshot.fetch.download import FetchError

if TYPE_CHECKING:
    from tests.twinshot.fetch.conftest import Shop


def test_a_request_says_who_asks_and_takes_pictures_uncompressed(shop: "Shop") -> None:
    with downloader(shop.host) as web:
        assert web.get(shop.url("/1.jpg")) == shop.picture(1)
    headers = shop.asked[0][2]
    assert headers["User-Agent"].startswith("Twinshot/")
    assert (headers["Accept-Encoding"], headers["Host"]) == ("identity", shop.host)


def test_retry_after_is_honoured(shop: "Shop") -> None:
    with downloader(shop.host) as web:
        assert web.get(shop.url("/busy")) == shop.picture()
    first, second = (when for _, when, _ in shop.asked)
    assert second - first >= 1.0


def test_the_rest_that_a_host_asks_for_is_not_taken_from_the_time_of_a_picture(
    shop: "Shop", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_LONGEST", 0.5)
    with downloader(shop.host) as web:
        web._pace.hold("127.0.0.1", 0.8)
        assert web.get(shop.url("/1.jpg")) == shop.picture(1)
    assert shop.paths() == ["/1.jpg"]


def test_a_host_that_wants_a_long_rest_is_given_up_at_once(shop: "Shop") -> None:
    with downloader(shop.host) as web:
        for path in ("/closed", "/1.jpg"):
            with pytest.raises(FetchError, match="asked to be left alone for a while"):
                web.get(shop.url(path))
    assert shop.paths() == ["/closed"]


def test_a_redirect_on_an_allowed_host_is_followed(shop: "Shop") -> None:
    with downloader(shop.host) as web:
        assert web.get(shop.url("/moved")) == shop.picture(1)


def test_redirects_end(shop: "Shop") -> None:
    with downloader(shop.host) as web, pytest.raises(FetchError, match="more than 5 redirects"):
        web.get(shop.url("/loop"))
    assert len(shop.asked) == 6


def test_a_redirect_to_another_host_is_refused(shop: "Shop") -> None:
    with downloader(shop.host) as web, pytest.raises(RefusedError, match=r"host localhost:.* is not allowed"):
        web.get(shop.url("/elsewhere"))
    assert shop.paths() == ["/elsewhere"]


def test_a_redirect_to_a_link_local_address_is_refused_even_where_private_ones_are_not(shop: "Shop") -> None:
    with downloader(shop.host, "169.254.169.254") as web, pytest.raises(RefusedError, match="not public"):
        web.get(shop.url("/metadata"))


def test_loopback_is_refused_unless_private_addresses_are_allowed(shop: "Shop") -> None:
    with (
        downloader(shop.host, allow_private=False) as web,
        pytest.raises(RefusedError, match=r"127.0.0.1, which is not public .*--allow-private"),
    ):
        web.get(shop.url("/1.jpg"))
    assert shop.asked == []


def test_the_checked_address_is_the_one_connected_to(shop: "Shop", monkeypatch: pytest.MonkeyPatch) -> None:
    """A name whose second look-up leads elsewhere (DNS rebinding) is looked up once a request."""
    real, asked = socket.getaddrinfo, []

    def rebinding(host: Any, *arguments: Any, **options: Any) -> Any:
        if host not in ("shop.test", b"shop.test"):
            return real(host, *arguments, **options)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.99", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with downloader(f"shop.test:{shop.server_port}") as web:
        assert web.get(f"http://shop.test:{shop.server_port}/1.jpg") == shop.picture(1)
    assert asked == ["shop.test"]
    assert shop.asked[0][2]["Host"] == f"shop.test:{shop.server_port}"


def test_a_name_with_any_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def two(host: Any, *arguments: Any, **options: Any) -> Any:
        return real("93.184.216.34", *arguments, **options) + real("10.0.0.7", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with (
        downloader("shop.test", allow_private=False) as web,
        pytest.raises(RefusedError, match=r"has the address 10.0.0.7"),
    ):
        web.get("http://shop.test/1.jpg")


def test_a_tls_handshake_names_the_host_and_not_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda connection, name, own: named.append(name)
    monkeypatch.setattr("twinshot.fetch.download._ATTEMPTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def shake() -> None:
            connection, _ = server.accept()
            try:
                context.wrap_socket(connection, server_side=True)
            except (ssl.SSLError, OSError):
                connection.close()  # it has no certificate: the name is all that is looked for

        thread = threading.Thread(target=shake)
        thread.start()
        with downloader(f"localhost:{port}") as web, pytest.raises(FetchError):
            web.get(f"https://localhost:{port}/1.jpg")
        thread.join()
    assert named[0] == "localhost"


def test_a_picture_without_announced_size_is_cut_off_at_the_limit(shop: "Shop") -> None:
    with downloader(shop.host) as web, pytest.raises(TooLargeError, match="the limit is 50,000"):
        web.get(shop.url("/endless"))


def test_a_picture_in_an_encoding_that_was_not_asked_for_is_refused(shop: "Shop") -> None:
    with downloader(shop.host) as web, pytest.raises(FetchError, match="sends gzip"):
        web.get(shop.url("/gzip"))


def test_a_host_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinshot.fetch.download._ATTEMPTS", 2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with downloader(f"127.0.0.1:{port}") as web, pytest.raises(FetchError, match=r"\(2 attempts\); run again later"):
        web.get(f"http://127.0.0.1:{port}/1.jpg")


def test_retry_after_may_be_a_date(shop: "Shop") -> None:
    with downloader(shop.host) as web:
        assert web.get(shop.url("/busy-until")) == shop.picture()
    first, second = (when for _, when, _ in shop.asked)
    assert second - first >= 0.9  # the date has whole seconds


def test_a_passing_failure_is_tried_again_after_a_while(shop: "Shop") -> None:
    with downloader(shop.host) as web:
        assert web.get(shop.url("/broken")) == shop.picture()
    first, second = (when for _, when, _ in shop.asked)
    assert second - first >= 1.0


def test_the_next_address_of_a_name_is_tried(shop: "Shop", monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def two(host: Any, *arguments: Any, **options: Any) -> Any:
        if host != "shop.test":
            return real(host, *arguments, **options)
        return real("127.0.0.99", *arguments, **options) + real("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with downloader(f"shop.test:{shop.server_port}") as web:
        assert web.get(f"http://shop.test:{shop.server_port}/1.jpg") == shop.picture(1)


def test_a_name_that_is_not_known_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", none)
    monkeypatch.setattr("twinshot.fetch.download._ATTEMPTS", 1)
    with downloader("shop.test") as web, pytest.raises(FetchError, match=r"host shop\.test is not known"):
        web.get("http://shop.test/1.jpg")
