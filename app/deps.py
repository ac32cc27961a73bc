"""What a route may ask for, as annotations: its signature reads as the list of its needs."""

import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from app.body import Body
from app.lifespan import Service
from app.live import Loaded
from app.problems import ProblemError
from app.schemas import SearchParams
from app.telemetry import Timing


def _service(request: Request) -> Service:
    service: Service = request.state.service
    return service


def _request_id(request: Request) -> str:
    return str(request.state.request_id)


def _timing() -> Timing:
    return Timing()


def _loaded(request: Request) -> Loaded:
    return _service(request).live.take()


async def _body(request: Request) -> AsyncIterator[Body]:
    body = Body(_service(request).intake, request.headers, aiter(request.stream()))
    try:
        yield body
    finally:
        body.release()


async def may_read(request: Request) -> None:
    """Raises ProblemError (401) unless the caller sends the read key, or the write key, where there is one."""
    settings = _service(request).settings
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
Photos = Annotated[Body, Depends(_body)]


@dataclass(frozen=True, slots=True)
class _PhotoSearch:
    service: Parts
    loaded: Snapshot
    body: Photos
    params: Annotated[SearchParams, Query()]
    timing: Clock
    request_id: RequestId


PhotoSearch = Annotated[_PhotoSearch, Depends()]
"""A search by photos: what was sent, and what it is answered from."""
