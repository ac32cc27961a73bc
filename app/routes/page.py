"""GET /: a page to try the service with."""

import os
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.datastructures import Headers
from starlette.staticfiles import NotModifiedResponse, PathLike, StaticFiles
from starlette.types import Scope

from app.routes.whole_file import WholeFile

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
async def page(request: Request) -> Response:
    """The page, or that it has not changed."""
    response = await Files(directory=STATIC).get_response("index.html", request.scope)
    response.headers["Content-Security-Policy"] = _POLICY  # of a 304 too, which a browser takes the headers from
    return response


class Files(StaticFiles):
    """The scripts, styles and pictures of the page."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file, or that it has not changed."""
        response = WholeFile(Path(full_path), _FRESH, stat_result)
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response
