"""The application: routes, errors and what surrounds them, over given settings and a holder of the generation."""

from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from app import examples, problems
from app.changes import batch
from app.deps import has_read_key, may_read
from app.doorman import Doorman
from app.head import Head
from app.lifespan import lifespan_of
from app.linger import Linger
from app.live import Live
from app.middleware import Envelope
from app.routes import (
    admin,
    change_batch,
    changes,
    docs,
    health,
    images,
    info,
    metrics,
    page,
    products,
    samples,
    search,
)
from app.settings import Settings
from app.telemetry import Telemetry
from app.traces import OFF, Traces
from engine.changes.state import State

CORS: dict[str, Any] = {
    "allow_methods": ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
    "allow_headers": ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-ID"),
    "expose_headers": ("ETag", "Retry-After", "Server-Timing", "X-Request-ID"),
}
"""What pages of the origins that are let in may send and read (docs/api.md)."""


def create_app(settings: Settings, live: Live, state: State | None = None, traces: Traces | None = None) -> FastAPI:
    """An ASGI application that answers from whatever `live` holds, and takes changes where there is a `state`."""
    telemetry = Telemetry()
    app = FastAPI(
        title="Twinshot",
        summary="Send a photo, get back the ranked IDs of the same product.",
        version=version("twinshot"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan_of(settings, live, telemetry, state),
        generate_unique_id_function=_operation_id,
        telemetry=OFF if traces is None else traces.fastapi,
    )
    problems.install(app)
    asked = {route.path: route for route in search.router.routes if isinstance(route, APIRoute)}
    app.add_middleware(Head)
    app.add_middleware(Doorman, routes=asked)
    app.add_middleware(Envelope, telemetry=telemetry, traces=traces, access_log=settings.access_log == "on")
    if settings.cors_origins is not None:
        # around the envelope, so that a page can read errors too, those of last resort among them
        app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, **CORS)
    # outermost: what it waits for is no time of the answer
    app.add_middleware(Linger, most=settings.max_body_bytes, also={change_batch.PATH: batch.largest(settings)})
    app.include_router(search.router, responses=problems.documented())  # PhotoSearch asks for the key
    # changes first: DELETE /products/{id}/images/{id} and the like are matched before what takes any path
    for router in (changes.writes, change_batch.router, admin.router):
        app.include_router(router, responses=problems.documented())
    for router in (changes.reads, products.router, images.router, samples.router, info.router):
        app.include_router(router, dependencies=[Depends(may_read)], responses=problems.documented())
    app.include_router(metrics.router, dependencies=[Depends(has_read_key)], responses=problems.documented())
    app.include_router(health.router, responses=problems.documented())
    for module in (docs, page):
        app.include_router(module.router)
    app.mount("/static", page.Files(directory=page.STATIC), name="static")
    _declare(app)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def _declare(app: FastAPI) -> None:
    """Add to the OpenAPI description what FastAPI does not see: the shape of errors, the key and examples."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {})["Problem"] = problems.Problem.model_json_schema()
            components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            schema["security"] = [{}, {"key": []}]
            examples.show(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
