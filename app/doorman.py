"""Photos that could not be worked on are refused before a route is looked for: a refusal must cost almost nothing.

In an overload every refusal takes processor time from a photo that is answered. Through the router, the dependencies
and the handlers of errors it costs nearly twice as much (docs/serving.md).
"""

from collections.abc import Mapping

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.gate import QueueFullError
from app.problems import respond


class Doorman:
    """Plain ASGI, inside of what gives answers their headers and counts them."""

    def __init__(self, app: ASGIApp, routes: Mapping[str, BaseRoute]) -> None:
        """`routes`: those that take photos to search by, by their paths, which the metrics name."""
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in self._routes:
            await self._app(scope, receive, send)
            return
        service = scope["state"]["service"]
        if service.live.draining:  # says so itself: a proxy then asks elsewhere
            await self._app(scope, receive, send)
            return
        try:
            with service.compute.gate.letting_in():
                await self._app(scope, receive, send)
        except QueueFullError as error:
            scope["route"] = self._routes[scope["path"]]
            await respond("busy", str(error), scope["state"]["request_id"])(scope, receive, send)
