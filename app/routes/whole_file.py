"""A file that is answered whole, whatever part of it is asked for."""

from collections.abc import Mapping
from os import stat_result
from pathlib import Path

from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send


class WholeFile(FileResponse):
    """A file as it is. `Range` is passed over, as RFC 9110 allows: Starlette refuses a bad one in plain text."""

    def __init__(self, path: Path, headers: Mapping[str, str], stat_result: stat_result | None = None) -> None:
        super().__init__(path, headers={**headers, "Accept-Ranges": "none"}, stat_result=stat_result)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        headers = [own for own in scope["headers"] if own[0] != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)
