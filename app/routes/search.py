"""POST /search and POST /search/batch."""

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response

from app.asked import SearchParams
from app.cache.entries import KEPT, Answer
from app.deps import PhotoSearch
from app.form import FIELD, Upload
from app.parameters import described
from app.problems import ProblemError, problem_of
from app.routes.results import page_of, query_of
from app.schemas import MAX_BATCH, BatchAnswer, BatchItem, SearchAnswer
from app.search import Query as PhotoQuery
from app.telemetry import Timing
from engine.errors import PhotoError
from engine.live.view import LiveScope

router = APIRouter(tags=["search"])

_BINARY = {"type": "string", "format": "binary"}


def _described(photo: dict[str, Any], also: dict[str, Any]) -> dict[str, Any]:
    form = {"type": "object", "required": [FIELD], "properties": {FIELD: photo}}
    body = {"required": True, "content": {"multipart/form-data": {"schema": form}, **also}}
    return {"requestBody": body, "parameters": described(SearchParams)}


@router.post(
    "/search",
    summary="Find the product on a photo",
    response_model=SearchAnswer,
    openapi_extra=_described(_BINARY, {"image/*": {"schema": _BINARY}}),
)
async def search(asked: PhotoSearch) -> Response:
    """The products most like the photo, best first."""
    scope = _scope(asked)
    with asked.body:
        (upload,) = await _uploads(asked, 1)
        answer, cached = await _find(asked, upload, scope, asked.timing)
    manifest = asked.loaded.generation.manifest
    found = SearchAnswer(
        results=page_of(answer.matches, asked.params, asked.loaded, asked.params.min_score),
        query=query_of(answer),
        generation=manifest.generation,
        revision=asked.loaded.revision,
        cached=cached,
        took_ms=asked.timing.took_ms,
        request_id=asked.request_id,
    )
    # written here: FastAPI would check once more what was just made
    headers = {"Server-Timing": asked.timing.header}
    return Response(found.model_dump_json(), media_type="application/json", headers=headers)


@router.post(
    "/search/batch",
    summary=f"Find the products on up to {MAX_BATCH} photos",
    openapi_extra=_described({"type": "array", "items": _BINARY, "maxItems": MAX_BATCH}, {}),
)
async def search_batch(asked: PhotoSearch) -> BatchAnswer:
    """One ranked list for each of several photos; a bad photo gets an error and spoils no other."""
    scope = _scope(asked)
    with asked.body:
        uploads = await _uploads(asked, MAX_BATCH)
        answers: list[BatchItem] = []
        # once one had its turn the others are not refused, however long the queue: nothing is worked on in vain
        while len(answers) < len(uploads) and not asked.caller.begun:
            answers.append(await _item(asked, uploads[len(answers)], scope))
        answers += await _items(asked, uploads[len(answers) :], scope)
    manifest = asked.loaded.generation.manifest
    return BatchAnswer(
        answers=answers,
        generation=manifest.generation,
        revision=asked.loaded.revision,
        took_ms=asked.timing.took_ms,
        request_id=asked.request_id,
    )


def _scope(asked: PhotoSearch) -> LiveScope:
    if asked.params.min_score is not None and asked.loaded.generation.manifest.calibration is None:
        raise ProblemError(
            "no-calibration",
            "min_score: this generation has no calibration, so there are no scores to compare (see /info)",
        )
    return asked.loaded.view.scope(asked.params.category)


async def _uploads(asked: PhotoSearch, most: int) -> list[Upload]:
    return await asked.body.photos(most, asked.loaded.encoder.card.preprocessing.max_bytes)


async def _find(asked: PhotoSearch, upload: Upload, scope: LiveScope, timing: Timing) -> tuple[Answer, bool]:
    params = asked.params
    need = max(params.need, KEPT)
    query = PhotoQuery(upload.data, upload.sha256, need, scope, frozenset(params.exclude), params.region)
    return await asked.service.searcher.search(asked.loaded, query, timing, asked.caller)


async def _items(asked: PhotoSearch, uploads: Sequence[Upload], scope: LiveScope) -> list[BatchItem]:
    """The answers to all of them. Where one fails nobody waits for the others any more: none of them is begun."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_item(asked, own, scope)) for own in uploads]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None  # answered as if it had come alone
    return [task.result() for task in tasks]


async def _item(asked: PhotoSearch, upload: Upload, scope: LiveScope) -> BatchItem:
    try:
        answer, cached = await _find(asked, upload, scope, Timing())
    except PhotoError as error:
        return BatchItem(results=None, query=None, cached=False, error=problem_of(error, asked.request_id))
    results = page_of(answer.matches, asked.params, asked.loaded, asked.params.min_score)
    return BatchItem(results=results, query=query_of(answer), cached=cached, error=None)
