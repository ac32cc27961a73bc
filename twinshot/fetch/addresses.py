"""Which hosts, and which network addresses behind their names, may be asked for pictures."""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from urllib.parse import SplitResult, urlsplit

from engine.errors import InputError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


class RefusedError(InputError):
    """A URL leads to a place that may not be asked."""


class HostList:
    """The hosts a feed may name: `cdn.shop.example`, `*.shop.example`, `cdn.shop.example:8080`."""

    def __init__(self, allowed: Iterable[str]) -> None:
        """Without a port, the scheme's own is meant. Raises InputError for an entry that is no host."""
        self._hosts = [_entry(text) for text in allowed]
        if not self._hosts:
            raise InputError("no host is allowed; name those of the feed's pictures with --allow-host HOST")

    def check(self, url: str) -> tuple[str, int]:
        """The host and port of a URL that may be asked. Raises RefusedError that says why not."""
        try:
            parts = urlsplit(url)
            host, port = _host(parts), parts.port
        except ValueError as error:
            raise RefusedError(f"{url!r} is not a URL ({error})") from error
        if parts.scheme not in _PORTS or not host:
            raise RefusedError(f"{url!r} is not an http or https URL")
        if parts.username is not None or parts.password is not None:
            raise RefusedError(f"the URL for {host} carries a password; take it out")
        own = _PORTS[parts.scheme]
        if not any(_matches(host, name) and (port or own) == (wanted or own) for name, wanted in self._hosts):
            shown = host if port in (None, own) else f"{host}:{port}"
            raise RefusedError(f"host {shown} is not allowed (use --allow-host {shown} if you trust it)")
        return host, port or own


def resolve(host: str, port: int, allow_private: bool) -> list[str]:
    """The addresses of `host`, to be connected to as they are: a second look-up might answer differently.

    Raises RefusedError if any of them is not public (with `allow_private` also loopback and private ones pass, but
    never link-local ones, where clouds keep their credentials), OSError if the name is not known.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    for text in addresses:
        if not all(_may(address, allow_private) for address in _faces(ipaddress.ip_address(text))):
            raise RefusedError(f"host {host} has the address {text}, which is not public{_remedy(text, allow_private)}")
    return addresses


def _entry(text: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = _host(parts), parts.port
    except ValueError:
        host, port = "", None
    plain = host.removeprefix("*.")
    if not plain or "*" in plain or any(mark in text for mark in "/@?# "):
        raise InputError(f"--allow-host {text}: give a host such as cdn.shop.example, *.shop.example or localhost:8080")
    return host, port


def _host(parts: SplitResult) -> str:
    """As DNS has it: lower case, in ASCII, without the final dot."""
    host = (parts.hostname or "").rstrip(".")
    return host if host.isascii() else host.encode("idna").decode()


def _matches(host: str, allowed: str) -> bool:
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed


def _faces(address: Address) -> Sequence[Address]:
    """The address and every IPv4 address that is wrapped in it: a packet may end there."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    wrapped = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        wrapped.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]  # the same host in another notation
    return [address, *(own for own in wrapped if own is not None)]


def _may(address: Address, allow_private: bool) -> bool:
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if allow_private and (address.is_loopback or address.is_private):
        return True
    return address.is_global and not (isinstance(address, ipaddress.IPv6Address) and address.is_site_local)


def _remedy(text: str, allow_private: bool) -> str:
    if allow_private or ipaddress.ip_address(text).is_link_local:
        return ""
    return " (use --allow-private for a shop in your own network)"
