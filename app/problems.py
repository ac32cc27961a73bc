"""Every error answer: RFC 9457 `application/problem+json`, from every route and from none."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from app.caller import CallerGoneError
from app.changes.errors import (
    ChangedMeanwhileError,
    KeyUsedError,
    NoSuchPhotoError,
    NoSuchProductError,
    TakenError,
    TooManyPhotosError,
)
from app.gate import QueueFullError
from app.live import DrainingError, NotReadyError
from app.wording import plain
from engine.errors import BusyError, ScopeError, TooLargeError, TwinshotError, UnreadableError, UnsupportedError

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:twinshot:problem:"


NEVER_SENT = 499
"""For the metrics alone: the status by which proxies count a caller who hung up."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of error: the status, and a title that never changes."""

    status: int
    title: str
    headers: Mapping[str, str] = field(default_factory=dict)


KINDS: dict[str, Kind] = {
    "unreadable-photo": Kind(400, "The photo cannot be read"),
    "malformed-request": Kind(400, "The request is malformed", {"Connection": "close"}),
    "malformed-body": Kind(400, "The request body is malformed"),
    "unauthorized": Kind(401, "A valid key is needed", {"WWW-Authenticate": "Bearer"}),
    "read-only-key": Kind(
        403, "This key may read and not change", {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
    ),
    "changes-off": Kind(403, "This service takes no changes"),
    "unknown-product": Kind(404, "There is no such product"),
    "unknown-image": Kind(404, "There is no such image"),
    "unknown-route": Kind(404, "There is nothing at this address"),
    "method-not-allowed": Kind(405, "The address does not take this method"),
    "slow-body": Kind(408, "The request body came too slowly", {"Connection": "close"}),
    "image-taken": Kind(409, "Another product has a photo of this id"),
    "revision-not-reached": Kind(409, "The catalogue does not have this revision yet", {"Retry-After": "1"}),
    "generation-refused": Kind(409, "The generation that CURRENT names cannot be served"),
    "product-changed": Kind(412, "The product is not as the caller took it to be"),
    "too-large": Kind(413, "The photo or body is too large"),
    "unsupported-photo": Kind(415, "The photo is of a type that is not taken"),
    "unsupported-content-type": Kind(415, "The body is of a type that is not taken"),
    "invalid-request": Kind(422, "A parameter or field is missing or invalid"),
    "unknown-category": Kind(422, "The category is unknown or ambiguous"),
    "key-used": Kind(422, "The idempotency key came with another request"),
    "no-calibration": Kind(422, "This generation has no calibrated scores"),
    "rate-limited": Kind(429, "Too many requests of one caller"),
    "busy": Kind(429, "Too much work at this moment", {"Retry-After": "1"}),
    "caller-gone": Kind(NEVER_SENT, "The caller hung up before the work began"),
    "internal-error": Kind(500, "The service failed"),
    "not-ready": Kind(503, "No generation is loaded", {"Retry-After": "5"}),
    "shutting-down": Kind(503, "The service is shutting down", {"Retry-After": "1", "Connection": "close"}),
}
"""Every kind of error by the last word of its `type` (docs/api.md)."""


class Problem(BaseModel):
    """An error as RFC 9457 writes it."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="Identifies the kind of error: urn:twinshot:problem:…")
    title: str = Field(description="The kind of error in words; the same for every error of a kind.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What went wrong here, and the remedy.")
    request_id: str = Field(description="As in the header X-Request-ID.")
    candidates: list[str] | None = Field(
        default=None, description="What an ambiguous category may have meant.", exclude_if=lambda value: value is None
    )


class ProblemError(TwinshotError):
    """An error that a route answers with; `kind` is a key of KINDS."""

    def __init__(self, kind: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.headers = dict(headers or {})


def problem_of(error: TwinshotError, request_id: str) -> Problem:
    """The answer that an error of ours becomes."""
    kind = _kind(error)
    return Problem(
        type=TYPE_PREFIX + kind,
        title=KINDS[kind].title,
        status=KINDS[kind].status,
        detail=str(error),
        request_id=request_id,
        candidates=list(error.candidates) or None if isinstance(error, ScopeError) else None,
    )


def respond(kind: str, detail: str, request_id: str) -> Response:
    """An error response made outside of any route."""
    return _response(ProblemError(kind, detail), request_id)


def install(app: FastAPI) -> None:
    """Make `app` answer every error in this shape."""
    app.add_exception_handler(TwinshotError, _on_twinshot_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)


def documented() -> dict[int | str, dict[str, Any]]:
    """The error responses as OpenAPI shows them on every route."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    titles: dict[int | str, list[str]] = {}
    for kind in KINDS.values():
        titles.setdefault(kind.status, []).append(kind.title)
    del titles[NEVER_SENT]
    return {status: {"description": "; ".join(own), "content": {MEDIA_TYPE: schema}} for status, own in titles.items()}


_KIND_OF: tuple[tuple[type[TwinshotError], str], ...] = (
    (UnreadableError, "unreadable-photo"),
    (TooLargeError, "too-large"),
    (UnsupportedError, "unsupported-photo"),
    (ScopeError, "unknown-category"),
    (QueueFullError, "busy"),
    (CallerGoneError, "caller-gone"),
    (NotReadyError, "not-ready"),
    (DrainingError, "shutting-down"),
    (NoSuchProductError, "unknown-product"),
    (NoSuchPhotoError, "unknown-image"),
    (ChangedMeanwhileError, "product-changed"),
    (TakenError, "image-taken"),
    (TooManyPhotosError, "invalid-request"),
    (KeyUsedError, "key-used"),
)


def _kind(error: TwinshotError) -> str:
    if isinstance(error, ProblemError):
        return error.kind
    return next((kind for own, kind in _KIND_OF if isinstance(error, own)), "internal-error")


class _ProblemResponse(Response):
    """An error, which says in the request's state of which kind it is: for the metrics."""

    def __init__(self, kind: str, problem: Problem, headers: Mapping[str, str]) -> None:
        super().__init__(problem.model_dump_json(), problem.status, headers, MEDIA_TYPE)
        self._kind = kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["problem"] = self._kind
        await super().__call__(scope, receive, send)


def _response(error: TwinshotError, request_id: str) -> Response:
    kind = _kind(error)
    headers = dict(KINDS[kind].headers)
    if isinstance(error, ProblemError):
        headers |= error.headers
    return _ProblemResponse(kind, problem_of(error, request_id), headers)


async def _on_twinshot_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, TwinshotError)
    if isinstance(error, BusyError):
        log.warning("%s", error)  # not said to callers: it has the path of the log of changes
        error = ProblemError("busy", "another process is changing the catalogue; try again shortly")
    if _kind(error) == "internal-error":
        raise error  # the outermost layer logs it and answers 500
    return _response(error, _id(request))


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _response(ProblemError("invalid-request", plain(error.errors()[0])), _id(request))


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        return _response(ProblemError("unknown-route", f"nothing at {path}; /docs lists the routes"), _id(request))
    if error.status_code == 405:
        allowed = _allowed(request)
        detail = f"{path} takes {allowed}, not {request.method}"
        return _response(ProblemError("method-not-allowed", detail, {"Allow": allowed}), _id(request))
    raise error


def _allowed(request: Request) -> str:
    """What any route takes at this address; the one that has said no knows its own methods alone."""
    path = request.scope["path"]
    there = [own for own in iter_route_contexts(request.app.routes) if own.path_regex.match(path)]
    methods = {method for own in there for method in own.methods or {"GET"}}  # a folder of files has none of its own
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


def _id(request: Request) -> str:
    return str(request.state.request_id)
