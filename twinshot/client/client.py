"""The clients: all of a service's routes from Python."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from tenacity import AsyncRetrying, Retrying

from engine.errors import InputError
from twinshot.client import reads, writes
from twinshot.client.calls import Call, answer_of, request_of, unreached
from twinshot.client.method import Method
from twinshot.client.models import ListedProduct
from twinshot.client.retries import retrying

T = TypeVar("T")

_PAGE = 200
"""Products that `all_products` asks for at once: as many as a page may have."""


class _Methods:
    """What both clients can do. Each is documented where its request is made: `reads` and `writes`."""

    search = Method(reads.search)
    search_batch = Method(reads.search_batch)
    product = Method(reads.product)
    similar = Method(reads.similar)
    products = Method(reads.products)
    changes = Method(reads.changes)
    image = Method(reads.image)
    info = Method(reads.info)
    ready = Method(reads.ready)
    put_product = Method(writes.put_product)
    edit_product = Method(writes.edit_product)
    add_images = Method(writes.add_images)
    remove_product = Method(writes.remove_product)
    remove_image = Method(writes.remove_image)
    batch = Method(writes.batch)
    reload = Method(writes.reload)

    def __init__(self, server: str, timeout: float, attempts: int, patience: float) -> None:
        self.server = server
        self._timeout = timeout
        self._attempts = attempts
        self._patience = patience

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.server}>"


class Client(_Methods):
    """Speaks with one service. Safe to use from several threads; close it, or use it as a context.

    server: its address, such as `https://search.shop.example`.
    key: the read key where the service wants one; the write key for changes. Nothing is read from the environment.
    timeout: seconds to wait for a connection and for an answer; each photo that is sent adds one.
    attempts, patience: a request that came at a bad time (429, 502, 503, a connection that failed or broke) is sent
        again, up to `attempts` times in all and within `patience` seconds, when the service says or after a short
        random while. A change is done once, however often it is sent. `attempts=1`: never.
    transport: another one of httpx, for a proxy, certificates of one's own, or a test.

    Every method raises UnreachableError where no answer comes, ProblemError where the answer is an error, InputError
    for what cannot be sent, and OSError (FileNotFoundError) for a photo's file that cannot be read.

    >>> with Client("http://127.0.0.1:8000") as shop:
    ...     print(shop.search("photo.jpg").results[0].product_id)
    """

    def __init__(
        self,
        server: str,
        *,
        key: str | None = None,
        timeout: float = 30.0,
        attempts: int = 4,
        patience: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(server, timeout, attempts, patience)
        self._http = httpx.Client(base_url=_base(server), headers=_headers(key), transport=transport)

    def send(self, call: Call[T]) -> T:
        """Send a request and read its answer; every method does this."""
        form = call.form() if call.form else []
        request = request_of(self._http.build_request, call, form, self._timeout)
        if call.once:
            return self._once(call, request)
        answer: T = retrying(Retrying, self._attempts, self._patience)(self._once, call, request)
        return answer

    def _once(self, call: Call[T], request: httpx.Request) -> T:
        try:
            response = self._http.send(request)
        except httpx.HTTPError as error:
            raise unreached(request, error) from error
        return answer_of(call, response)

    def all_products(self, *, category: str | Sequence[str] = ()) -> Iterator[ListedProduct]:
        """Every product in the order of the ids, asked for page by page."""
        after: str | None = None
        while True:
            page = self.products(category=category, after=after, limit=_PAGE)
            yield from page.products
            if (after := page.next) is None:
                return

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(_Methods):
    """The same as Client, to be awaited; for asyncio. Photos are read, and PIL images encoded, in a thread.

    >>> async with AsyncClient("http://127.0.0.1:8000") as shop:
    ...     answer = await shop.search("photo.jpg")
    """

    def __init__(
        self,
        server: str,
        *,
        key: str | None = None,
        timeout: float = 30.0,
        attempts: int = 4,
        patience: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(server, timeout, attempts, patience)
        self._http = httpx.AsyncClient(base_url=_base(server), headers=_headers(key), transport=transport)

    async def send(self, call: Call[T]) -> T:
        """Send a request and read its answer; every method does this."""
        form = await asyncio.to_thread(call.form) if call.form else []
        request = request_of(self._http.build_request, call, form, self._timeout)
        if call.once:
            return await self._once(call, request)
        answer: T = await retrying(AsyncRetrying, self._attempts, self._patience)(self._once, call, request)
        return answer

    async def _once(self, call: Call[T], request: httpx.Request) -> T:
        try:
            response = await self._http.send(request)
        except httpx.HTTPError as error:
            raise unreached(request, error) from error
        return answer_of(call, response)

    async def all_products(self, *, category: str | Sequence[str] = ()) -> AsyncIterator[ListedProduct]:
        """Every product in the order of the ids, asked for page by page."""
        after: str | None = None
        while True:
            page = await self.products(category=category, after=after, limit=_PAGE)
            for own in page.products:
                yield own
            if (after := page.next) is None:
                return

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _base(server: str) -> httpx.URL:
    try:
        url = httpx.URL(server)
    except httpx.InvalidURL as error:
        raise InputError(f"server {server!r}: {error}; give an address such as http://127.0.0.1:8000") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise InputError(f"server {server!r}: give an address such as http://127.0.0.1:8000")
    if url.userinfo:
        raise InputError(f"server: the address of {url.host} has a user or password in it; give the key as `key`")
    return url


def _headers(key: str | None) -> dict[str, Any]:
    own = {"User-Agent": f"twinshot-client/{version('twinshot')}"}
    if key is None:
        return own
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        # httpx would show the key in its own error
        raise InputError("the key is empty or has blanks, line breaks or other characters that a header cannot carry")
    return own | {"Authorization": f"Bearer {key}"}
