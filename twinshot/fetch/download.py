"""One picture from the web: polite, bounded, and only from where it is allowed. The only file that speaks HTTP here.

robots.txt is not asked for: it tells crawlers which links to follow, and here a person names the feed and its hosts.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from types import TracebackType
from typing import Self

import httpx

from engine.errors import InputError, TooLargeError
from twinshot.fetch.addresses import HostList, resolve
from twinshot.fetch.pace import Pace
from twinshot.retry_after import retry_after

_TIMEOUT = httpx.Timeout(20.0, connect=10.0, pool=60.0)
_LONGEST = 120.0
"""Seconds for one whole picture: a server that sends a byte now and then runs into no other limit."""
_REDIRECTS = 5
_ATTEMPTS = 4
_WORTH_ANOTHER = frozenset({408, 425, 429, 500, 502, 503, 504})
_ASKED_TO_SLOW_DOWN = frozenset({429, 503})


class FetchError(InputError):
    """A picture could not be had."""


class _AgainError(Exception):
    """This attempt failed, another one may not."""


class Downloader:
    """Gets pictures. Safe to use from several threads at once; close it to end waits and connections."""

    def __init__(self, hosts: HostList, *, allow_private: bool, delay: float, max_bytes: int) -> None:
        """`delay` is the time in seconds from one request to a host to the next."""
        self._max_bytes = max_bytes
        self._pace = Pace(delay)
        self._hosts = hosts
        self._client = httpx.Client(
            transport=_PinnedTransport(hosts, allow_private),
            timeout=_TIMEOUT,
            trust_env=False,  # a proxy would resolve names by itself, past our check
            headers={
                "User-Agent": f"Twinshot/{version('twinshot')} (product photos)",
                "Accept": "image/*",
                "Accept-Encoding": "identity",
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._client.close()

    def stop(self) -> None:
        """End all waits, now and later: each `get` that would wait raises TwinshotError."""
        self._pace.stop()

    def get(self, url: str) -> bytes:
        """The bytes behind `url`.

        Raises RefusedError (a place that may not be asked), TooLargeError, and FetchError after the last attempt.
        """
        for attempt in range(_ATTEMPTS):
            try:
                return self._once(url)
            except _AgainError as error:
                if attempt == _ATTEMPTS - 1:
                    raise FetchError(f"{url}: {error} ({_ATTEMPTS} attempts); run again later") from error
                self._pace.sleep(2.0**attempt)
        raise AssertionError

    def _once(self, url: str) -> bytes:
        for _ in range(_REDIRECTS + 1):
            host, _port = self._hosts.check(url)
            if not self._pace.wait(host):
                raise FetchError(f"{url}: {host} asked to be left alone for a while; run again later")
            deadline = time.monotonic() + _LONGEST  # from here on it is the host that takes its time
            with self._answer(url) as answer:
                if not answer.has_redirect_location:
                    self._check_status(answer, host, url)
                    return self._body(answer, url, deadline)
                url = str(answer.url.join(answer.headers["Location"]))
        raise FetchError(f"{url}: more than {_REDIRECTS} redirects")

    @contextmanager
    def _answer(self, url: str) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("GET", url) as answer:
                yield answer
        except httpx.TransportError as error:
            raise _AgainError(str(error) or type(error).__name__) from error
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            raise FetchError(f"{url}: {error}") from error

    def _check_status(self, answer: httpx.Response, host: str, url: str) -> None:
        status = answer.status_code
        if status == 200:
            return
        if status in _ASKED_TO_SLOW_DOWN:
            self._pace.hold(host, retry_after(answer.headers.get("Retry-After")) or 0.0)
        if status in _WORTH_ANOTHER:
            raise _AgainError(f"status {status}")
        raise FetchError(f"{url}: status {status}")

    def _body(self, answer: httpx.Response, url: str, deadline: float) -> bytes:
        encoding = answer.headers.get("Content-Encoding", "identity")
        if encoding != "identity":
            raise FetchError(f"{url}: the server sends {encoding} though it was asked not to")
        limit = f"the limit is {self._max_bytes:,}"
        announced = answer.headers.get("Content-Length", "0")
        if announced.isdecimal() and int(announced) > self._max_bytes:
            raise TooLargeError(f"the photo has {int(announced):,} bytes, {limit}")
        data = bytearray()
        for part in answer.iter_raw():
            data += part
            if len(data) > self._max_bytes:
                raise TooLargeError(f"the photo has more than {len(data) - len(part):,} bytes, {limit}")
            if time.monotonic() > deadline:
                raise _AgainError(f"not done after {_LONGEST:.0f} s")
        return bytes(data)


class _PinnedTransport(httpx.BaseTransport):
    """Connects to the very address that was checked, so that a name cannot lead elsewhere the second time it is asked.

    Host header and TLS name stay the URL's. Each host has its own connections: two names on one address may not share
    one, since its certificate was checked for the first name only.
    """

    def __init__(self, hosts: HostList, allow_private: bool) -> None:
        self._hosts = hosts
        self._allow_private = allow_private
        self._by_host: dict[tuple[str, int], httpx.HTTPTransport] = {}
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host, port = self._hosts.check(str(request.url))
        try:
            addresses = resolve(host, port, self._allow_private)
        except OSError as error:
            raise httpx.ConnectError(f"host {host} is not known ({error})") from error
        with self._lock:
            transport = self._by_host.setdefault((host, port), httpx.HTTPTransport(trust_env=False))
        for address in addresses[:-1]:
            try:
                return transport.handle_request(_pinned(request, host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return transport.handle_request(_pinned(request, host, addresses[-1]))

    def close(self) -> None:
        for transport in self._by_host.values():
            transport.close()


def _pinned(request: httpx.Request, host: str, address: str) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
