"""Around every request: its id, the headers of every answer, metrics, log and trace, and the 500 of last resort."""

import logging
import re
import time
from collections.abc import Iterable
from random import Random

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import log as logs
from app.problems import respond
from app.telemetry import Telemetry, on_stage
from app.traces import Traces

log = logging.getLogger(__name__)
access = logging.getLogger("app.access")
_ids = Random()
"""Ids must differ, not be secret: the system's randomness costs a call of the system for each."""
_SANE_ID = re.compile(rb"[A-Za-z0-9._\-]{1,64}")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
_DEFAULTS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""Set where a route has not chosen its own."""


class Envelope:
    """Plain ASGI, so that a body can still be read as it arrives."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry, traces: Traces | None, access_log: bool) -> None:
        self._app = app
        self._telemetry, self._traces = telemetry, traces
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        self._follow(request_id)
        started, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = completed(message["headers"], request_id)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            log.exception("request %s failed", request_id)
            if status:
                raise
            answer = respond("internal-error", f"unexpected failure; the log has it under {request_id}", request_id)
            await answer(scope, receive, send_with_headers)
        finally:
            self._answered(scope, status, time.perf_counter() - started)

    def _follow(self, request_id: str) -> None:
        """Give all that is logged, and the trace, the request's id. Each request is a task, with its own context."""
        traced = None if self._traces is None else self._traces.follow(request_id)
        if traced is None:
            logs.about.set({"request_id": request_id})
            return
        trace_id, told = traced
        logs.about.set({"request_id": request_id, "trace_id": trace_id})
        on_stage.set(told)

    def _answered(self, scope: Scope, status: int, seconds: float) -> None:
        route, method, problem = _route(scope), _method(scope), scope["state"].get("problem")
        self._telemetry.answered(route, method, status, seconds, problem)
        if self._access_log:
            fields = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 2)}
            if problem is not None:
                fields["problem"] = problem
            access.info("%s %s %s", method, route, status, extra={"fields": fields})


def completed(headers: Iterable[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with those that every answer has."""
    own = list(headers)
    names = {name for name, _ in own}
    return [*own, (b"x-request-id", request_id.encode()), *_HEADERS, *(one for one in _DEFAULTS if one[0] not in names)]


def new_id() -> str:
    """The id of a request that brought none."""
    return f"{_ids.getrandbits(128):032x}"


def _request_id(scope: Scope) -> str:
    """The caller's id if it is harmless in logs and headers, else a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if _SANE_ID.fullmatch(given) else new_id()


def _route(scope: Scope) -> str:
    """The route's template: a label must not grow with what callers make up."""
    path = getattr(scope.get("route"), "path", None)
    return path or scope.get("root_path") or "unmatched"  # root_path: where a mounted folder begins


def _method(scope: Scope) -> str:
    return (
        scope["method"] if scope["method"] in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
    )
