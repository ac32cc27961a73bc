"""GET /metrics, for Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.deps import Parts

router = APIRouter(tags=["service"])


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
async def metrics(service: Parts) -> Response:
    """The metrics, in Prometheus' text format."""
    telemetry = service.telemetry
    if service.live.loaded is not None:
        telemetry.describe(service.live.loaded)
    telemetry.ready.set(int(service.live.ready))
    telemetry.followed.set(int(service.follower is None or service.follower.following))
    telemetry.held.set(service.reloader.held)
    telemetry.caching(service.cache.held, await service.cache.alive())
    return Response(generate_latest(telemetry.registry), media_type=CONTENT_TYPE_LATEST)
