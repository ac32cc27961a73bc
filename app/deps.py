"""What a route may ask for, as annotations: its signature reads as the list of its needs.

All are coroutines: FastAPI sends a plain function to a thread, which costs more than any of these.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.asked import ChangesParams, ListParams, PageParams, SearchParams
from app.body import Body
from app.caller import Caller
from app.changes.write import Writer
from app.keys import caller_of, require_key, require_write_key
from app.lifespan import Service
from app.live import Loaded
from app.parameters import read
from app.problems import ProblemError
from app.settings import Settings
from app.telemetry import Telemetry, Timing


async def _service(request: Request) -> Service:
    return _of(request)


async def _request_id(request: Request) -> str:
    return str(request.state.request_id)


async def _timing() -> Timing:
    return Timing()


async def _caller(request: Request) -> Caller:
    return Caller(request.is_disconnected)


async def _loaded(request: Request) -> Loaded:
    return _of(request).live.take()


async def _page(request: Request) -> PageParams:
    return read(PageParams, request.query_params)


async def _page_loaded(request: Request) -> Loaded:
    return await _at_revision(request, read(PageParams, request.query_params).min_revision)


async def _list(request: Request) -> ListParams:
    return read(ListParams, request.query_params)


async def _list_loaded(request: Request) -> Loaded:
    return await _at_revision(request, read(ListParams, request.query_params).min_revision)


async def _listed(request: Request) -> ChangesParams:
    return read(ChangesParams, request.query_params)


async def _at_revision(request: Request, revision: int) -> Loaded:
    """The live generation once it has `revision`. Raises ProblemError (409) where that takes too long."""
    service = _of(request)
    loaded = service.live.take()
    if loaded.revision < revision and service.follower is not None:
        await service.follower.wait_for(revision)
        loaded = service.live.take()
    if loaded.revision < revision:
        detail = f"min_revision={revision}: the catalogue has revision {loaded.revision}"
        raise ProblemError("revision-not-reached", detail)
    return loaded


def _of(request: Request) -> Service:
    service: Service = request.state.service
    return service


async def has_read_key(request: Request) -> None:
    """Raises ProblemError (401) unless the caller sends the read key, or the write key, where there is one."""
    settings = _of(request).settings
    if settings.read_key is not None:
        require_key(request, settings.read_key, settings.write_key)


async def may_read(request: Request) -> None:
    """The same, and 429 where the caller sends more than he may."""
    await has_read_key(request)
    service = _of(request)
    if service.read_rate is not None:
        service.read_rate.take(caller_of(request, service.settings))


async def may_write(request: Request) -> None:
    """Raises ProblemError: 401 without the write key, 403 with the read key and where no change is taken, 429 for too
    many."""
    service = _of(request)
    if not service.takes_changes:
        missing = "TWINSHOT_WRITE_KEY" if service.settings.write_key is None else "TWINSHOT_STATE"
        raise ProblemError("changes-off", f"{missing} is not set, so this service takes no changes (docs/settings.md)")
    require_write_key(request, service.settings)
    if service.write_rate is not None:
        service.write_rate.take(caller_of(request, service.settings))


async def may_reload(request: Request) -> None:
    """Raises ProblemError: 401 unless the caller sends the write key, 403 with the read key or where there is none."""
    settings = _of(request).settings
    if settings.write_key is None:
        detail = "TWINSHOT_WRITE_KEY is not set, so nobody may ask for this; the signal SIGHUP does the same"
        raise ProblemError("changes-off", detail)
    require_write_key(request, settings)


Parts = Annotated[Service, Depends(_service)]
RequestId = Annotated[str, Depends(_request_id)]
Clock = Annotated[Timing, Depends(_timing)]
Asking = Annotated[Caller, Depends(_caller)]
Snapshot = Annotated[Loaded, Depends(_loaded)]
"""The generation that this request sees from beginning to end."""
PageSnapshot = Annotated[Loaded, Depends(_page_loaded)]
"""The same, once it has the page's `min_revision`."""
Page = Annotated[PageParams, Depends(_page)]
"""Its route shows `app.parameters.described(PageParams)`."""
List = Annotated[ListParams, Depends(_list)]
"""Its route shows `app.parameters.described(ListParams)`."""
ListSnapshot = Annotated[Loaded, Depends(_list_loaded)]
"""As PageSnapshot, of a list."""


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
    params = read(SearchParams, request.query_params)
    return _PhotoSearch(
        service=service,
        loaded=await _at_revision(request, params.min_revision),
        body=Body(service.intake, request.headers, aiter(request.stream())),
        params=params,
        timing=Timing(),
        request_id=str(request.state.request_id),
        caller=Caller(request.is_disconnected),
    )


@dataclass(frozen=True, slots=True)
class _ChangeRequest:
    settings: Settings
    telemetry: Telemetry
    writer: Writer
    loaded: Loaded
    body: Body
    method: str
    path: str
    if_match: str | None
    idempotency_key: str | None


async def _change_request(request: Request) -> _ChangeRequest:
    await may_write(request)  # here and not as a dependency of the routes, as for searches
    service = _of(request)
    assert service.writer is not None  # else it is no service that may write
    return _ChangeRequest(
        settings=service.settings,
        telemetry=service.telemetry,
        writer=service.writer,
        loaded=service.live.take(),
        body=Body(service.intake, request.headers, aiter(request.stream())),
        method=request.method,
        path=request.url.path,
        if_match=request.headers.get("if-match"),
        idempotency_key=request.headers.get("idempotency-key") or None,
    )


ListedChanges = Annotated[ChangesParams, Depends(_listed)]
"""Its route shows `app.parameters.described(ChangesParams)`."""
ChangeRequest = Annotated[_ChangeRequest, Depends(_change_request)]
"""A change as it was sent, by somebody who may."""
PhotoSearch = Annotated[_PhotoSearch, Depends(_photo_search)]
"""A search by photos: what was sent, and what it is answered from. Its route shows `described(SearchParams)`."""
