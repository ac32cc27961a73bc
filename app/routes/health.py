"""/livez, /readyz, /healthz: for load balancers and orchestrators; no key needed."""

from typing import Any, Literal

from fastapi import APIRouter, Query, Response

from app.deps import Parts
from app.schemas import Checks, Health, RefusedInfo

router = APIRouter(tags=["health"])

_READINESS: dict[str, Any] = {"responses": {503: {"model": Health}}}


@router.get("/livez", summary="Is the process alive?")
async def livez() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/healthz", operation_id="healthz", summary="Can it answer? The same as /readyz", **_READINESS)
@router.get("/readyz", summary="Can it answer?", **_READINESS)
async def readyz(service: Parts, response: Response, verbose: str | None = Query(None)) -> Health:
    """A generation is loaded and warm, and the process is not stopping.

    200 "degraded" when the cache is down, or when CURRENT names a generation that was refused.
    """
    loaded = service.live.loaded
    cache_up = await service.cache.alive()
    service.telemetry.cache_up.set(int(cache_up))
    ready = service.live.ready
    if not ready:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    refused = service.reloader.refused
    checks = Checks(
        generation=None if loaded is None else loaded.generation.id,
        revision=None if loaded is None else loaded.revision,
        loading=service.reloader.loading,
        refused=None if refused is None else RefusedInfo(generation=refused.generation, reason=refused.reason),
        cache=f"{service.cache.kind}: {'ok' if cache_up else 'does not answer; answers go on without it'}",
        process="shutting down" if service.live.draining else "ok",
    )
    fit: Literal["ok", "degraded"] = "ok" if cache_up and refused is None else "degraded"
    return Health(status=fit if ready else "unavailable", checks=None if verbose is None else checks)
