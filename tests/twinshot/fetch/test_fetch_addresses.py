"""The allow-list and the public addresses."""

import pytest

from engine.errors import InputError
from twinshot.fetch.addresses import HostList, RefusedError, resolve


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("cdn.shop.example", "https://cdn.shop.example/a.jpg"),
        ("CDN.shop.example.", "http://cdn.SHOP.example:80/a.jpg"),
        ("*.shop.example", "https://a.b.shop.example/a.jpg"),
        ("localhost:8080", "http://localhost:8080/a.jpg"),
        ("bücher.example", "https://xn--bcher-kva.example/a.jpg"),
        ("[::1]:81", "http://[::1]:81/a.jpg"),
    ],
)
def test_a_host_on_the_list_may_be_asked(allowed: str, url: str) -> None:
    assert HostList([allowed]).check(url)[1] in (80, 443, 8080, 81)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example.evil.test/a.jpg",
        "https://evilshop.example/a.jpg",
        "https://sub.shop.example/a.jpg",
        "https://shop.example:8443/a.jpg",
        "https://shop.example@evil.test/a.jpg",
        "https://user:secret@shop.example/a.jpg",
        "ftp://shop.example/a.jpg",
        "file:///etc/passwd",
        "//shop.example/a.jpg",
        "https:///a.jpg",
        "https://[shop.example/a.jpg",
        "https://shop.example:99999/a.jpg",
        "photos/a.jpg",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(RefusedError):
        HostList(["shop.example"]).check(url)


def test_a_star_does_not_stand_for_the_domain_itself() -> None:
    with pytest.raises(RefusedError, match=r"use --allow-host shop\.example"):
        HostList(["*.shop.example"]).check("https://shop.example/a.jpg")


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(RefusedError) as caught:
        HostList(["shop.example"]).check("https://user:secret@shop.example/a.jpg")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["*", "*.*.example", "https://shop.example", "shop.example/x", "a b", "x:port", ""])
def test_an_entry_that_is_no_host_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match="--allow-host"):
        HostList([text])


def test_an_empty_list_is_an_error() -> None:
    with pytest.raises(InputError, match="--allow-host HOST"):
        HostList([])


NEVER = [
    "169.254.169.254",
    "fe80::1",
    "224.0.0.1",
    "ff02::1",
    "0.0.0.0",
    "::",
    "64:ff9b::a9fe:a9fe",
    "::ffff:169.254.1.1",
]
PRIVATE = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "::1", "fd00::1", "::ffff:127.0.0.1"]


@pytest.mark.parametrize("address", [*NEVER, *PRIVATE, "100.64.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "fec0::1"])
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(RefusedError, match="not public"):
        resolve(address, 80, allow_private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_and_loopback_addresses_pass_where_they_are_allowed(address: str) -> None:
    assert resolve(address, 80, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_link_local_multicast_and_unspecified_addresses_never_pass(address: str) -> None:
    with pytest.raises(RefusedError, match=r"not public$"):
        resolve(address, 80, allow_private=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1"])
def test_a_public_address_passes(address: str) -> None:
    assert resolve(address, 443, allow_private=False) == [address]
