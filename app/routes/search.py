"""POST /search and POST /search/batch."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.body import FIELD, Upload
from app.deps import Clock, Parts, Photos, RequestId, Snapshot
from app.lifespan import Service
from app.live import Loaded
from app.problems import ProblemError, problem_of
from app.routes.results import page_of, query_of
from app.schemas import MAX_BATCH, BatchAnswer, BatchItem, SearchAnswer, SearchParams
from app.search import Query as PhotoQuery
from app.search import scope_for
from app.telemetry import Timing
from engine.errors import PhotoError
from engine.index.protocol import Scope

router = APIRouter(tags=["search"])
Params = Annotated[SearchParams, Query()]

_BINARY = {"type": "string", "format": "binary"}


def _body(photo: dict[str, Any], also: dict[str, Any]) -> dict[str, Any]:
    form = {"type": "object", "required": [FIELD], "properties": {FIELD: photo}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}, **also}}}


@router.post(
    "/search",
    summary="Find the product on a photo",
    openapi_extra=_body(_BINARY, {"image/*": {"schema": _BINARY}}),
)
async def search(
    service: Parts,
    loaded: Snapshot,
    body: Photos,
    params: Params,
    timing: Clock,
    request_id: RequestId,
    response: Response,
) -> SearchAnswer:
    """The products most like the photo, best first."""
    scope = _scope(loaded, params)
    (upload,) = await body.photos(1, _photo_bytes(loaded))
    answer, cached = await service.searcher.search(loaded, _query(upload, params, scope), timing)
    response.headers["Server-Timing"] = timing.header
    manifest = loaded.generation.manifest
    return SearchAnswer(
        results=page_of(answer.matches, params, loaded),
        query=query_of(answer),
        generation=manifest.generation,
        revision=manifest.includes_revision,
        cached=cached,
        took_ms=timing.took_ms,
        request_id=request_id,
    )


@router.post(
    "/search/batch",
    summary=f"Find the products on up to {MAX_BATCH} photos",
    openapi_extra=_body({"type": "array", "items": _BINARY, "maxItems": MAX_BATCH}, {}),
)
async def search_batch(
    service: Parts,
    loaded: Snapshot,
    body: Photos,
    params: Params,
    timing: Clock,
    request_id: RequestId,
) -> BatchAnswer:
    """One ranked list for each of several photos; a bad photo gets an error and spoils no other."""
    scope = _scope(loaded, params)
    uploads = await body.photos(MAX_BATCH, _photo_bytes(loaded))
    items = [_item(service, loaded, upload, params, scope, request_id) for upload in uploads]
    manifest = loaded.generation.manifest
    return BatchAnswer(
        answers=list(await asyncio.gather(*items)),
        generation=manifest.generation,
        revision=manifest.includes_revision,
        took_ms=timing.took_ms,
        request_id=request_id,
    )


async def _item(
    service: Service, loaded: Loaded, upload: Upload, params: SearchParams, scope: Scope, request_id: str
) -> BatchItem:
    try:
        answer, cached = await service.searcher.search(loaded, _query(upload, params, scope), Timing())
    except PhotoError as error:
        return BatchItem(results=None, query=None, cached=False, error=problem_of(error, request_id))
    results = page_of(answer.matches, params, loaded)
    return BatchItem(results=results, query=query_of(answer), cached=cached, error=None)


def _query(upload: Upload, params: SearchParams, scope: Scope) -> PhotoQuery:
    return PhotoQuery(upload.data, upload.sha256, params.need, scope, frozenset(params.exclude), params.region)


def _scope(loaded: Loaded, params: SearchParams) -> Scope:
    if params.min_score is not None:
        raise ProblemError(
            "no-calibration",
            "min_score: this generation has no calibration, so there are no scores to compare (see /info)",
        )
    return scope_for(loaded.generation, params.category)


def _photo_bytes(loaded: Loaded) -> int:
    return loaded.encoder.card.preprocessing.max_bytes
