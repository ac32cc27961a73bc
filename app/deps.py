"""What a route may ask for, as annotations: its signature reads as the list of its needs.

All are coroutines: FastAPI sends a plain function to a thread, which costs more than any of these.
"""

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.body import Body
from app.caller import Caller
from app.lifespan import Service
from app.live import Loaded
from app.parameters import read
from app.problems import ProblemError
from app.schemas import PageParams, SearchParams
from app.telemetry import Timing


async def _service(request: Request) -> Service:
    return _of(request)


async def _request_id(request: Request) -> str:
    return str(request.state.request_id)


async def _timing() -> Timing:
    return Timing()


async def _loaded(request: Request) -> Loaded:
    return _of(request).live.take()


async def _page(request: Request) -> PageParams:
    return read(PageParams, request.query_params)


def _of(request: Request) -> Service:
    service: Service = request.state.service
    return service


async def may_read(request: Request) -> None:
    """Raises ProblemError (401) unless the caller sends the read key, or the write key, where there is one."""
    settings = _of(request).settings
    if settings.read_key is None:
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    keys = [key.get_secret_value() for key in (settings.read_key, settings.write_key) if key is not None]
    matches = [hmac.compare_digest(given.strip().encode(), key.encode()) for key in keys]
    if scheme.lower() != "bearer" or not any(matches):
        problem = "the key is wrong" if given else "no key was sent"
        raise ProblemError("unauthorized", f"{problem}; send the header 'Authorization: Bearer KEY'")


Parts = Annotated[Service, Depends(_service)]
RequestId = Annotated[str, Depends(_request_id)]
Clock = Annotated[Timing, Depends(_timing)]
Snapshot = Annotated[Loaded, Depends(_loaded)]
"""The generation that this request sees from beginning to end."""
Page = Annotated[PageParams, Depends(_page)]
"""Its route shows `app.parameters.described(PageParams)`."""


@dataclass(frozen=True, slots=True)
class _PhotoSearch:
    service: Service
    loaded: Loaded
    body: Body
    params: SearchParams
    timing: Timing
    request_id: str
    caller: Caller


async def _photo_search(request: Request) -> _PhotoSearch:
    await may_read(request)  # here and not as a dependency of the routes: each costs as much as reading the cache
    service = _of(request)
    return _PhotoSearch(
        service=service,
        loaded=service.live.take(),
        body=Body(service.intake, request.headers, aiter(request.stream())),
        params=read(SearchParams, request.query_params),
        timing=Timing(),
        request_id=str(request.state.request_id),
        caller=Caller(request.is_disconnected),
    )


PhotoSearch = Annotated[_PhotoSearch, Depends(_photo_search)]
"""A search by photos: what was sent, and what it is answered from. Its route shows `described(SearchParams)`."""
