"""A refusal must reach a caller who is still sending: what is on its way is read before the connection ends.

A connection that is closed with bytes unread is reset, and who is still sending sees a failure in place of the answer:
a proxy makes 502 of a 413, and asks the next replica for the same. nginx calls the remedy lingering close.
"""

import asyncio
import time
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

IDLE = 1.0
"""Seconds without a byte after which nothing more is expected: the caller has read the answer."""
LONGEST = 10.0
"""Seconds after which the connection ends whatever comes."""


class Linger:
    """Plain ASGI, around all else; does something only after `Connection: close` to a body that is not all here."""

    def __init__(self, app: ASGIApp, most: int, also: Mapping[str, int]) -> None:
        """`most` bytes are read and thrown away; at the paths of `also` as many as stand there."""
        self._app = app
        self._most, self._also = most, also

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        complete = closing = held = False

        async def receive_and_note() -> Message:
            nonlocal complete
            message = await receive()
            complete = not message.get("more_body", False)
            return message

        async def send_but_the_end(message: Message) -> None:
            nonlocal closing, held
            if message["type"] == "http.response.start":
                closing = (b"connection", b"close") in message["headers"]
            elif closing and not complete and not message.get("more_body", False):
                # the whole answer goes out now; its end, at which the server closes, comes when the body was read
                message, held = {**message, "more_body": True}, True
            await send(message)

        await self._app(scope, receive_and_note, send_but_the_end)
        if held:
            await _discard(receive, self._also.get(scope["path"], self._most))
            await send({"type": "http.response.body", "body": b""})


async def _discard(receive: Receive, most: int) -> None:
    end = time.monotonic() + LONGEST
    while most > 0 and (left := end - time.monotonic()) > 0:
        try:
            async with asyncio.timeout(min(IDLE, left)):
                message = await receive()
        except TimeoutError:
            return
        if not message.get("more_body", False):
            return
        most -= len(message.get("body", b""))
