"""GET /docs: Swagger UI from an installed package; nothing is fetched from outside."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from app.routes.page import STATIC, policy
from app.routes.whole_file import WholeFile

router = APIRouter(include_in_schema=False)

_PACKAGE = Path(str(files("fastapi_offline"))) / "static"
_ASSETS = {
    "swagger-ui.css": _PACKAGE / "swagger-ui.css",
    "swagger-ui-bundle.js": _PACKAGE / "swagger-ui-bundle.js",
    "docs.css": STATIC / "docs.css",
    "docs.js": STATIC / "docs.js",
}
# Swagger UI has its icons in data: addresses; it sets styles by script, property by property, which no policy forbids
_POLICY = policy("data:")
_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Twinshot: the API</title>
<link rel="icon" href="static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<link rel="stylesheet" href="docs/assets/docs.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/assets/docs.js"></script>
</body>
</html>
"""


@router.get("/docs")
async def docs() -> HTMLResponse:
    """The description of every route, to read and to try."""
    return HTMLResponse(_HTML, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/assets/{name}")
async def docs_asset(name: str) -> WholeFile:
    """A file of Swagger UI."""
    if name not in _ASSETS:
        raise HTTPException(404)
    return WholeFile(_ASSETS[name], {"Cache-Control": "public, max-age=3600"})
