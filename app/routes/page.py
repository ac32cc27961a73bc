"""GET /: a page to try the service with."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)

STATIC = Path(__file__).parents[1] / "static"
_FRESH = {"Cache-Control": "no-cache"}
"""A browser asks each time whether its copy still stands, and most often hears 304: no page of two versions."""


def policy(pictures: str) -> str:
    """What a page may load: what is ours, and pictures from addresses that begin with `pictures`."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {pictures}; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


_POLICY = policy("blob:")


@router.get("/")
async def page() -> FileResponse:
    """The page."""
    return FileResponse(STATIC / "index.html", headers={"Content-Security-Policy": _POLICY, **_FRESH})


class Files(StaticFiles):
    """The scripts, styles and pictures of the page."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, or that it has not changed."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(_FRESH)
        return response
