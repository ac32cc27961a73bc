"""HEAD is answered as GET is, without the body (RFC 9110, section 9.3.2)."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """Plain ASGI, around the routes. Starlette's own take HEAD; FastAPI's do not, as OpenAPI would list each twice."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request. No coroutine of its own: it costs all others nothing."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            return self._without_body(scope, receive, send)
        return self._app(scope, receive, send)

    async def _without_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_no_body(message: Message) -> None:
            scope["method"] = "HEAD"  # servers look here whether the bytes of Content-Length will come
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        scope["method"] = "GET"
        try:
            await self._app(scope, receive, send_no_body)
        finally:
            scope["method"] = "HEAD"
